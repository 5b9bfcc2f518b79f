/** The setting TERMLENS_CAPTIONERS: a JSON list of endpoints, asked in its order. */
import { z } from 'zod'
import { TermlensError } from '../../errors.ts'

const url = z
  .string()
  .max(2000)
  .refine((text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    return (
      parsed !== undefined && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password && !parsed.hash
    )
  }, 'must be an http(s) address without user, password or fragment: name a secret variable in "key" instead')
  .transform((text) => text.replace(/\/+$/, ''))

const label = z.string().min(1).max(200)
/** Part of a path: a model name such as `@cf/llava-hf/llava-1.5-7b-hf`. */
const model = z
  .string()
  .max(200)
  .regex(/^(?!\.)[\w@.:-]+(\/(?!\.)[\w@.:-]+)*$/, 'must be a model name')

const common = {
  /** How answers and failures call it; the protocol's name by default. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'must be a short name')
    .optional(),
  url,
  key: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,127}$/, 'must be the NAME of a secret variable, such as GPU_KEY, never the secret itself')
    .optional(),
  /** For one try. All tries of all endpoints together have ten seconds more than the longest of these. */
  timeout_ms: z.number().int().min(100).max(600_000).default(15_000),
  /** Pictures in flight at this endpoint, from one isolate. */
  concurrency: z.number().int().min(1).max(64).default(4),
}
const prompt = z.string().min(1).max(4000).optional()

/** Members of a prediction's input; `{image}`, `{prompt}`, `{question}` and `{max_length}` are filled in. */
const template = z.record(label, z.union([z.string(), z.number(), z.boolean()]))

/** The inputs of BLIP's own cog model. */
const blip = {
  describe: template.nullable().default({ image: '{image}', task: 'image_captioning' }),
  answer: template.nullable().default({ image: '{image}', task: 'visual_question_answering', question: '{question}' }),
}

const atLeastOneTask = (settings: { describe?: unknown; answer?: unknown; tag?: unknown }) =>
  Boolean(settings.describe ?? settings.answer ?? settings.tag)
const noTask = 'needs at least one of "describe", "answer" and "tag"'

export const protocols = {
  openai: z.strictObject({
    protocol: z.literal('openai'),
    ...common,
    model: label,
    prompt,
    temperature: z.number().min(0).max(2).optional(),
    /** How the server calls the limit: OpenAI's newer models want the second. */
    length_field: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
  }),
  ollama: z.strictObject({
    protocol: z.literal('ollama'),
    ...common,
    model: label,
    prompt,
    temperature: z.number().min(0).max(2).optional(),
  }),
  'workers-ai': z.strictObject({
    protocol: z.literal('workers-ai'),
    ...common,
    /** `https://api.cloudflare.com/client/v4/accounts/<account>`; without it the binding `AI` is used. */
    url: url.optional(),
    model,
    prompt,
    /** `image`: a prompt beside an array of bytes. `messages`: chat parts. Which one, the model's page says. */
    input: z.enum(['image', 'messages']).default('image'),
  }),
  replicate: z
    .strictObject({
      protocol: z.literal('replicate'),
      ...common,
      url: url.default('https://api.replicate.com/v1'),
      version: z
        .string()
        .regex(/^[\w-]{1,100}$/)
        .optional(),
      model: z
        .string()
        .regex(/^\w[\w.-]*\/\w[\w.-]*$/, 'must be owner/name')
        .optional(),
      prompt,
      ...blip,
    })
    .refine(
      ({ version, model }) => (version === undefined) !== (model === undefined),
      'needs either "model" or "version"',
    )
    .refine(atLeastOneTask, noTask),
  cog: z.strictObject({ protocol: z.literal('cog'), ...common, prompt, ...blip }).refine(atLeastOneTask, noTask),
  'hugging-face': z.strictObject({
    protocol: z.literal('hugging-face'),
    ...common,
    /** A Hugging Face endpoint serves one model, and a model does one task. */
    task: z.enum(['describe', 'answer']),
  }),
  kserve: z
    .strictObject({
      protocol: z.literal('kserve'),
      ...common,
      model,
      version: z
        .string()
        .regex(/^\w[\w.-]*$/)
        .optional(),
      prompt,
      describe: z
        .strictObject({
          image: label.default('image'),
          prompt: label.optional(),
          max_length: label.optional(),
          text: label.default('caption'),
        })
        .optional(),
      answer: z
        .strictObject({
          image: label.default('image'),
          question: label.default('question'),
          text: label.default('answer'),
          confidence: label.optional(),
        })
        .optional(),
      tag: z
        .strictObject({ image: label.default('image'), names: label.default('tags'), scores: label.default('scores') })
        .optional(),
    })
    .refine(atLeastOneTask, noTask),
  sdapi: z
    .strictObject({
      protocol: z.literal('sdapi'),
      ...common,
      prompt,
      describe: z
        .strictObject({ route: z.enum(['interrogate', 'vqa', 'caption']), model: label.optional() })
        .optional(),
      answer: z.strictObject({ model: label.optional() }).optional(),
      tag: z.strictObject({ route: z.enum(['extension', 'sdnext']), model: label }).optional(),
    })
    .refine(atLeastOneTask, noTask),
} as const

const {
  openai,
  ollama,
  'workers-ai': workersAi,
  replicate,
  cog,
  'hugging-face': huggingFace,
  kserve,
  sdapi,
} = protocols
const captioner = z.discriminatedUnion('protocol', [
  openai,
  ollama,
  workersAi,
  replicate,
  cog,
  huggingFace,
  kserve,
  sdapi,
])

export type Protocol = keyof typeof protocols
export type SettingsOf<P extends Protocol> = z.output<(typeof protocols)[P]>
export type CaptionerSettings = z.output<typeof captioner>
export type NamedSettings = CaptionerSettings & { name: string }

/**
 * Reads the setting; empty or missing means no captioner. Names are unique: a second `ollama` becomes `ollama-2`.
 * @throws TermlensError `setup_missing`, saying where, never repeating a value: somebody may have put a secret there
 */
export function parseCaptioners(text: string | undefined): NamedSettings[] {
  if (text === undefined || text.trim() === '') return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('is not JSON')
  }
  const result = z.array(captioner).max(16).safeParse(value)
  if (!result.success) {
    const { path, message, code } = result.error.issues[0]!
    const at = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
    throw invalid(
      `at ${at || 'the top'}: ${code === 'unrecognized_keys' ? 'holds a member that this protocol does not know' : message}`,
    )
  }
  const used = new Set<string>()
  return result.data.map((settings) => {
    const wanted = settings.name ?? settings.protocol
    let name = wanted
    for (let count = 2; used.has(name); count++) name = `${wanted}-${count}`
    used.add(name)
    return { ...settings, name }
  })
}

const invalid = (what: string) =>
  new TermlensError('setup_missing', `TERMLENS_CAPTIONERS ${what}.`, {
    hint: 'docs/captioning.md has settings to copy.',
  })
