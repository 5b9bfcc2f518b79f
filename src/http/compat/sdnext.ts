/**
 * SD.Next's captioners, as of its 2026 routes: `openclip`, `tagger`, `vqa`, and `caption`, which is one of them by `backend`.
 *
 * Shapes: `POST /sdapi/v1/openclip` `{image, model, clip_model, mode, analyze, …}` → `{caption, medium, artist, movement, trending,
 * flavor}`, the five (single labels) null unless `analyze`. `POST /sdapi/v1/tagger` `{image, threshold, max_tags, …}` →
 * `{tags, scores}`. Questions about a picture need an answerer, which is not part of this: 501, `Captioner not configured`.
 */
import { z } from 'zod'
import type { EmbeddedTag } from '../../tasks.ts'
import { modes } from '../schemas.ts'
import type { CompatDeps } from './deps.ts'
import { Refusal } from './failure.ts'
import { type Reading, readingOf } from './reading.ts'
import { byName, escapeBrackets } from './tags.ts'
import {
  boolean,
  fraction,
  imageField,
  imageNotFound,
  imageOf,
  isOpenClipName,
  modelNotFound,
  number,
  OPEN_CLIP_NAMES,
  type Webui,
  webuiBody,
} from './webui.ts'

const openclipRequest = z.object({
  image: imageField,
  model: z.string().default('ViT-L-14/openai'),
  clip_model: z.string().default('ViT-L-14/openai'),
  mode: z.enum(modes).default('best'),
  analyze: boolean.default(false),
  min_flavors: number.nullish(),
  max_flavors: number.nullish(),
})

const taggerRequest = z.object({
  image: imageField,
  model: z.string().default('wd-eva02-large-tagger-v3'),
  threshold: fraction.default(0.5),
  max_tags: number.refine((value) => value >= 1 && value <= 512, 'Input should be between 1 and 512').default(74),
  sort_alpha: boolean.default(false),
  use_spaces: boolean.default(false),
  escape_brackets: boolean.default(true),
  exclude_tags: z.string().default(''),
  show_scores: boolean.default(false),
})

const vqaRequest = z.object({ image: imageField })

const captionRequest = z.discriminatedUnion('backend', [
  openclipRequest.extend({ backend: z.literal('openclip') }),
  taggerRequest.extend({ backend: z.literal('tagger') }),
  vqaRequest.extend({ backend: z.enum(['vlm', 'analyze']) }),
])

/** Shorter texts are no picture: that program's own test. */
const SHORTEST_IMAGE = 64
/** Flavors of a prompt where the request names none: that program's own setting. */
const MIN_FLAVORS = 2
const MAX_FLAVORS = 16

const LABELS = ['medium', 'artist', 'movement', 'trending', 'flavor'] as const

export function addSdNext(app: Webui, deps: CompatDeps): void {
  const own = async () => (await deps.engine()).spec.name

  app.get('/sdapi/v1/openclip', async (c) => c.json([...OPEN_CLIP_NAMES, await own()].sort()))
  app.post('/sdapi/v1/openclip', async (c) => {
    const asked = await webuiBody(c, openclipRequest)
    return c.json(await openclip(await readingOf(c, deps, imageIn(asked)), asked))
  })

  app.get('/sdapi/v1/tagger/models', async (c) => c.json([{ name: await own(), type: 'waifudiffusion' }]))
  app.post('/sdapi/v1/tagger', async (c) => {
    const asked = await webuiBody(c, taggerRequest)
    return c.json(await tagger(await readingOf(c, deps, imageIn(asked)), asked))
  })

  app.get('/sdapi/v1/vqa/models', (c) => c.json([]))
  for (const route of ['/sdapi/v1/vqa', '/sdapi/v1/analyze']) {
    app.post(route, async (c) => vqa(await webuiBody(c, vqaRequest)))
  }

  app.post('/sdapi/v1/caption', async (c) => {
    const asked = await webuiBody(c, captionRequest)
    if (asked.backend === 'openclip') {
      return c.json({ backend: 'openclip', ...(await openclip(await readingOf(c, deps, imageIn(asked)), asked)) })
    }
    if (asked.backend === 'tagger') {
      return c.json({ backend: 'tagger', ...(await tagger(await readingOf(c, deps, imageIn(asked)), asked)) })
    }
    return vqa(asked)
  })
}

async function openclip(reading: Reading, asked: z.infer<typeof openclipRequest>) {
  const own = reading.engine.spec.name
  for (const name of [asked.model, asked.clip_model]) {
    if (name !== own && !isOpenClipName(name)) throw modelNotFound(name, 'GET /sdapi/v1/openclip lists names.')
  }
  const { prompt } = await reading.prompt(asked.mode, {
    min_flavors: within(asked.min_flavors ?? MIN_FLAVORS, 0),
    max_flavors: within(asked.max_flavors ?? MAX_FLAVORS, 1),
  })
  const rows = asked.analyze ? await Promise.all(LABELS.map((bank) => reading.top(bank, 1))) : []
  return { caption: prompt, ...Object.fromEntries(LABELS.map((bank, n) => [bank, rows[n]?.[0]?.text ?? null])) }
}

const within = (value: number, least: number) => Math.min(128, Math.max(least, Math.round(value)))

/** The name of a tag without what users write differently: case, and spaces for underscores. */
const folded = (name: string) => name.trim().toLowerCase().replaceAll(' ', '_')

async function tagger(reading: Reading, asked: z.infer<typeof taggerRequest>) {
  const excluded = new Set(asked.exclude_tags.split(',').map(folded))
  const kept = (await reading.tags()).filter(
    ({ tag, confidence }) => confidence >= asked.threshold && !excluded.has(folded(tag)),
  )
  if (asked.sort_alpha) kept.sort(byName)
  const shown = kept.slice(0, asked.max_tags).map((tag) => ({ name: written(tag, asked), confidence: tag.confidence }))
  const tags = shown.map(({ name, confidence }) => (asked.show_scores ? `(${name}:${confidence.toFixed(2)})` : name))
  const scores = Object.fromEntries(shown.map(({ name, confidence }) => [name, Number(confidence.toFixed(2))]))
  return { tags: tags.join(', '), scores: asked.show_scores ? scores : null }
}

function written({ tag }: EmbeddedTag, { use_spaces, escape_brackets }: z.infer<typeof taggerRequest>): string {
  const spaced = use_spaces ? tag.replaceAll('_', ' ') : tag
  return escape_brackets ? escapeBrackets(spaced) : spaced
}

function imageIn({ image }: { image: string | null }): Uint8Array {
  if (image?.startsWith('upload:')) throw new Refusal(400, 'Unknown upload reference', 'Uploads are not kept here.')
  if (image === null || image.length < SHORTEST_IMAGE) throw imageNotFound()
  return imageOf(image)
}

/** @throws Refusal always: there is nothing that answers questions */
function vqa(asked: { image: string | null }): never {
  imageIn(asked)
  throw new Refusal(
    501,
    'Captioner not configured',
    'Questions about a picture need a captioner, and none is configured.',
  )
}
