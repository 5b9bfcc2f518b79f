/** What is asked about a picture beside a prompt: captions and answers of endpoints, tags of an endpoint or of the embedded model. */
import { type Outcome, type Picture, type Reason, STYLES, type Style, styles } from './caption/index.ts'
import { TermlensError } from './errors.ts'
import { type Context, chainOf, type Engine, embed, embedAsking, identity, type Source } from './interrogator.ts'
import {
  applyRules,
  type EmbeddedTag,
  embeddedTags,
  type ScoredTag,
  TAG_BANK,
  type TagList,
  type TagRules,
} from './tagger/index.ts'
import type { Caption, Warning } from './types.ts'

export interface CaptionOptions {
  n: number
  prompt?: string | undefined
  style?: Style | undefined
  /** Most tokens. */
  max_length?: number | undefined
}

export interface Captions {
  /** The best, and the name of the endpoint that gave them all. */
  caption: Caption
  /** Best first. The similarity to the picture is null where no text encoder is loaded: the order is the endpoint's then. */
  candidates: { text: string; similarity: number | null }[]
  warnings: Warning[]
}

/**
 * Captions of a picture, by the endpoints.
 * @param onToken gets the caption piece by piece, where the endpoint streams and `n` is 1; with another `source` it begins again
 * @throws TermlensError `caption_unavailable`, `option_invalid`, and those of the image family
 */
export async function caption(
  source: Source,
  { n, prompt, style, max_length }: CaptionOptions,
  engine: Engine,
  context: Context,
  onToken?: (token: string, source: string) => void,
): Promise<Captions> {
  if (prompt !== undefined && style !== undefined) {
    throw new TermlensError('option_invalid', 'prompt: expected either a prompt or a style.')
  }
  if (onToken && n > 1) throw new TermlensError('option_invalid', 'stream: expected n to be 1.')
  const told = style === undefined ? { prompt, max_length } : { ...STYLES[style], ...(max_length && { max_length }) }
  const ask = (image: Picture, signal?: AbortSignal) =>
    unlessGone(signal, chainOf(engine).describe({ image, n, ...told, onToken }, { signal }))

  const { rankCaptions } = engine
  if (!rankCaptions || n === 1) {
    const outcome = await ask(await look(source, engine, context), context.signal)
    return captions(
      outcome,
      outcome.value.map((text) => ({ text, similarity: null })),
    )
  }
  const { embedding, asked } = await embedAsking(imageOf(source), engine, context, ask)
  const outcome = await asked!
  if (outcome instanceof TermlensError) throw outcome
  return captions(outcome, await rankCaptions(embedding, outcome.value))
}

const captions = (outcome: Outcome<string[]>, candidates: Captions['candidates']): Captions => ({
  caption: { text: candidates[0]!.text, source: outcome.source },
  candidates,
  warnings: fallbacks(outcome),
})

export interface Answers {
  /** In the endpoint's order. Null where its protocol has no confidence. */
  answers: { text: string; confidence: number | null }[]
  /** The name of the endpoint. */
  source: string
  warnings: Warning[]
}

/** Answers to a question about a picture. @throws TermlensError `caption_unavailable`, and those of the image family */
export async function ask(
  source: Source,
  { question, n }: { question: string; n: number },
  engine: Engine,
  context: Context,
): Promise<Answers> {
  const image = await look(source, engine, context)
  const { signal } = context
  const outcome = await unlessGone(signal, chainOf(engine).answer({ image, question, n }, { signal }))
  const answers = outcome.value.map(({ text, confidence = null }) => ({ text, confidence }))
  return { answers, source: outcome.source, warnings: fallbacks(outcome) }
}

export interface TagOptions extends TagRules {
  /** `auto`: an endpoint that tags, where there is one and it answers; the embedded model otherwise. */
  tagger: 'auto' | 'embedded' | 'remote'
  lang: string
}

export interface Tagging extends TagList, ReturnType<typeof identity> {
  tagger: { name: string; kind: 'embedded' | 'remote' }
  warnings: Warning[]
}

/** Tags of a picture. @throws TermlensError `caption_unavailable` with tagger `remote`, those of the image and index families */
export async function tags(source: Source, options: TagOptions, engine: Engine, context: Context): Promise<Tagging> {
  const chain = chainOf(engine)
  const able = 'image' in source && engine.look !== undefined && chain.can('tag')
  let reason = ''
  if (options.tagger === 'remote' || (options.tagger === 'auto' && able)) {
    try {
      const image = await look(source, engine, context)
      const { signal } = context
      const outcome = await unlessGone(signal, chain.tag({ image }, { signal }))
      const { rating, tags } = outcome.value
      const general = Object.entries(tags)
        .map(([tag, confidence]): ScoredTag => ({ tag, confidence }))
        .sort((a, b) => b.confidence - a.confidence)
      return {
        ...applyRules({ rating, general, characters: null }, options),
        tagger: { name: outcome.source, kind: 'remote' },
        warnings: fallbacks(outcome),
        ...identity(engine),
      }
    } catch (error) {
      const known = error instanceof TermlensError && error.code === 'caption_unavailable'
      if (!known || options.tagger === 'remote') throw error
      reason = `${error.message} `
    }
  }
  const embedding = await embed(source, engine, context)
  const scored = await context.clock.time('rank', () => embeddedTags(engine.ranker, embedding, options.lang))
  if (scored.length === 0) {
    throw new TermlensError('bank_unknown', `The index has no bank "${TAG_BANK}".`, {
      hint: 'Build it with that bank.',
    })
  }
  const general = scored.map(({ row: _, ...tag }) => tag)
  return {
    ...applyRules({ rating: null, general, characters: null }, options),
    tagger: { name: engine.spec.name, kind: 'embedded' },
    warnings: [
      {
        code: 'tagger_embedded',
        message: `${reason}The tags are an estimate of the embedded model: no ratings, no characters.`,
      },
    ],
    ...identity(engine),
  }
}

/** What endpoints may see of a picture. @throws TermlensError */
function look(source: Source, engine: Engine, { clock, signal }: Context): Promise<Picture> {
  const { image } = imageOf(source)
  if (engine.look) return engine.look(image, clock, signal)
  throw new TermlensError('image_unsupported', 'This endpoint reads no images.', {
    hint: 'Deploy the entry src/worker.ts, which has the decoders.',
  })
}

function imageOf(source: Source): { image: Uint8Array } {
  if ('image' in source) return source
  throw new TermlensError('image_missing', 'An endpoint describes the image itself; the body has an embedding.')
}

/** A caller who left is no failure of the endpoints: the signal's reason is thrown then. */
async function unlessGone<T>(signal: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

/** Endpoints that were asked in vain before one answered. */
function fallbacks({ source, failures }: { source: string; failures: Reason[] }): Warning[] {
  if (failures.length === 0) return []
  const reasons = failures.map(({ name, code, message }) => `${name}: ${code} (${message})`).join('; ')
  return [{ code: 'endpoint_failed', message: `${reasons}. ${source} answered.` }]
}

export { type EmbeddedTag, embeddedTags, styles }
