/** What the native routes take and answer: one zod schema for validation, types and OpenAPI. Snake_case on the wire. */
import { z } from '@hono/zod-openapi'
import { styles } from '../tasks.ts'

const BANK = /^[a-z][a-z0-9_-]{0,31}$/
const list = (item: z.ZodType<string>) => z.array(item).max(64)

/** Form fields and query parameters arrive as text; JSON members as they are. */
const integer = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\s*-?\d{1,9}\s*$/.test(value) ? Number(value) : value),
    z.number().int().min(min).max(max),
  )
const fraction = z.preprocess(
  (value) => (typeof value === 'string' && /^\s*(\d+\.?\d*|\.\d+)\s*$/.test(value) ? Number(value) : value),
  z.number().min(0).max(1),
)
/** `on` is what a browser sends for a ticked box. */
const flag = z.union(
  [
    z.boolean(),
    z.enum(['true', 'false', '1', '0', 'on', 'off', '']).transform((text) => ['true', '1', 'on'].includes(text)),
  ],
  { error: 'expected true or false' },
)

export const modes = ['best', 'fast', 'classic', 'negative', 'caption'] as const

export const interrogateOptions = z.object({
  mode: z.enum(modes).default('fast').openapi({ description: 'How the prompt is composed.' }),
  rules: z.enum(['termlens', 'original']).default('termlens').openapi({
    description:
      'termlens: near-duplicates merged, calibrated ranking, a hard token budget. original: as clip-interrogator composes.',
  }),
  chain: z
    .enum(['hybrid', 'full'])
    .default('hybrid')
    .openapi({ description: 'Of best and negative; full needs a text encoder.' }),
  max_flavors: integer(1, 128).optional().openapi({ description: 'Most flavors in the prompt: 32, in classic 3.' }),
  min_flavors: integer(0, 128).default(8),
  banks: list(z.string().regex(BANK, 'expected the name of a bank'))
    .optional()
    .openapi({ description: 'Which banks may speak.' }),
  include: list(z.string().trim().min(1).max(200)).default([]).openapi({ description: 'Terms that must appear.' }),
  exclude: list(z.string().trim().min(1).max(200)).default([]).openapi({
    description: 'Terms that must not appear. "artists" drops every term that names a person.',
  }),
  caption: z.string().trim().max(1000).optional().openapi({ description: 'Used instead of a captioner.' }),
  require_caption: flag.default(false).openapi({
    description: 'An error where no captioner answers, in place of a retrieved caption and a warning.',
  }),
  with_negative: flag.default(false),
  token_budget: integer(1, 1000).default(75).openapi({ description: "Tokens of CLIP's byte-pair encoding." }),
  dialect: z.enum(['plain', 'sd', 'natural']).default('plain'),
  weights: flag.default(false).openapi({ description: 'With dialect sd: writes (term:1.2).' }),
  lang: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'expected a language tag such as zh-CN')
    .default('en'),
})

export const analyzeOptions = z.object({
  top_k: integer(1, 100).default(5),
  banks: interrogateOptions.shape.banks,
  lang: interrogateOptions.shape.lang,
})

export const embedOptions = z.object({})

export const captionOptions = z.object({
  n: integer(1, 8).default(1).openapi({ description: 'Candidates wanted.' }),
  prompt: z.string().trim().min(1).max(4000).optional().openapi({ description: 'What the captioner is told.' }),
  style: z.enum(styles).optional().openapi({ description: 'In place of a prompt of your own.' }),
  max_length: integer(1, 2048).optional().openapi({ description: 'Most tokens of a caption.' }),
  stream: flag.default(false).openapi({ description: 'Server-sent events: token, then done or error. With n=1.' }),
})

export const askOptions = z.object({
  question: z.string().trim().min(1).max(4000),
  n: integer(1, 8).default(1).openapi({ description: 'Answers wanted.' }),
})

const tagNames = list(z.string().trim().min(1).max(200)).default([])

export const tagsOptions = z.object({
  tagger: z.enum(['auto', 'embedded', 'remote']).default('auto').openapi({
    description: 'auto: an endpoint that tags, where one is configured and answers; the embedded model otherwise.',
  }),
  general_threshold: fraction.default(0.35).openapi({ description: 'General tags are kept above it.' }),
  general_mcut: flag.default(false).openapi({ description: 'The largest drop between confidences decides instead.' }),
  character_threshold: fraction.default(0.85),
  character_mcut: flag.default(false),
  additional_tags: tagNames.openapi({ description: 'Tags that are there whatever the tagger says.' }),
  exclude: tagNames.openapi({ description: 'Tags that never are; with spaces or underscores.' }),
  drop_overlap: flag.default(false).openapi({ description: '"hair" goes where "long hair" is.' }),
  sort: z.enum(['confidence', 'name']).default('confidence'),
  underscores: flag.default(false).openapi({ description: 'Keep underscores.' }),
  escape: flag.default(true).openapi({ description: 'In the string: a backslash before parentheses.' }),
  weights: flag.default(false).openapi({ description: 'In the string: (tag:0.98).' }),
  merge_characters: flag.default(false).openapi({ description: 'Characters stand in the string too, first.' }),
  lang: interrogateOptions.shape.lang,
})

export const embeddingInput = z.object({
  embedding: z.array(z.number()),
  model: z.string(),
})

const term = z.object({
  term: z.string(),
  text: z
    .string()
    .optional()
    .openapi({ description: 'How the term stands in the prompt, where that is not the term itself.' }),
  name: z.string().optional(),
  similarity: z.number(),
  score: z.number().optional(),
  flags: z.array(z.string()).optional(),
})
const terms = z.record(z.string(), z.array(term))
const model = z.object({ name: z.string(), digest: z.string() })
const index = z.object({ version: z.string(), terms: z.number() })
const timings = z.record(z.string(), z.number())
const warnings = z.array(z.object({ code: z.string(), message: z.string() }))

export const interrogateAnswer = z
  .object({
    prompt: z.string(),
    prompt_local: z.string().optional(),
    negative_prompt: z.string().optional(),
    mode: z.enum(modes),
    rules: z.enum(['termlens', 'original']),
    tokens: z.number(),
    caption: z.object({ text: z.string(), source: z.string() }),
    similarity: z.number().nullable(),
    similarity_source: z.enum(['text_encoder', 'estimate']).nullable(),
    terms,
    model,
    index,
    timings,
    warnings,
    request_id: z.string(),
  })
  .openapi('Interrogation')

export const analyzeAnswer = z
  .object({ terms, model, index, timings, warnings, request_id: z.string() })
  .openapi('Analysis')

export const embedAnswer = z
  .object({ embedding: z.array(z.number()), model, timings, warnings, request_id: z.string() })
  .openapi('Embedding')

export const captionAnswer = z
  .object({
    caption: z.object({ text: z.string(), source: z.string() }),
    candidates: z.array(z.object({ text: z.string(), similarity: z.number().nullable() })),
    timings,
    warnings,
    request_id: z.string(),
  })
  .openapi('Captions')

export const askAnswer = z
  .object({
    answers: z.array(z.object({ text: z.string(), confidence: z.number().nullable() })),
    source: z.string(),
    timings,
    warnings,
    request_id: z.string(),
  })
  .openapi('Answers')

const tag = z.object({ tag: z.string(), name: z.string().optional(), confidence: z.number() })

export const tagsAnswer = z
  .object({
    tags: z.array(tag).openapi({ description: 'Characters and general tags together.' }),
    string: z.string(),
    rating: z.record(z.string(), z.number()).nullable(),
    characters: z.array(tag).nullable().openapi({ description: 'Null where the tagger does not tell them apart.' }),
    general: z.array(tag),
    tagger: z.object({ name: z.string(), kind: z.enum(['embedded', 'remote']) }),
    model,
    index,
    timings,
    warnings,
    request_id: z.string(),
  })
  .openapi('Tags')

export const banksAnswer = z
  .object({ banks: z.array(z.object({ name: z.string(), terms: z.number(), rows: z.number() })), index })
  .openapi('Banks')

export const modelsAnswer = z
  .object({
    models: z.array(
      z.object({ name: z.string(), digest: z.string(), embedding_size: z.number(), license: z.string() }),
    ),
  })
  .openapi('Models')

export const healthAnswer = z
  .object({
    status: z.enum(['ok', 'degraded']),
    model,
    index,
    loaded: z.boolean(),
    memory: z.record(z.string(), z.number()),
    captioners: z.array(
      z.object({
        name: z.string(),
        protocol: z.string(),
        tasks: z.array(z.string()),
        breaker: z.enum(['closed', 'open', 'half_open']),
      }),
    ),
    mistakes: z
      .array(z.object({ code: z.string(), message: z.string(), hint: z.string() }))
      .openapi({ description: 'What is wrong with the settings; what they concern does not work.' }),
  })
  .openapi('Health')

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    hint: z.string(),
    request_id: z.string(),
  })
  .openapi('Problem')
