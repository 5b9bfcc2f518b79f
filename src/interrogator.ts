/** The whole way of a request: an image, or an embedding of one, becomes a ranking and then a prompt. */
import { type Chain, createChain, type Picture, retrieveCaption, toCaptioner } from './caption/index.ts'
import type { Clock } from './clock.ts'
import { TermlensError } from './errors.ts'
import {
  analyze as analyzeBanks,
  type Composition,
  compose,
  excluder,
  type InterrogateOptions,
} from './prompt/index.ts'
import type { ModelSpec, Ranked, Ranker, TokenCounter, Warning } from './types.ts'

/** What is asked about: the bytes of a picture, or its embedding with the digest of the model that made it. */
export type Source = { image: Uint8Array } | { embedding: number[]; model: string }

/** Everything a request needs, loaded once. Without `see` only embeddings can be answered, without `chain` captions are retrieved. */
export interface Engine {
  spec: ModelSpec
  ranker: Ranker & { readonly version: string; readonly terms: number }
  counter: TokenCounter
  see?: See
  look?: Look
  /** The endpoints that describe pictures, answer questions about them and tag them. */
  chain?: Chain
  /** What is wrong with the settings of those. */
  mistake?: TermlensError
  /** Captions with their similarity to the picture, best first: where a text encoder is loaded. */
  rankCaptions?: (embedding: Float32Array, captions: string[]) => Promise<{ text: string; similarity: number }[]>
}

/** From the bytes of a picture to its embedding. Before it is encoded, `show` is given what endpoints may see of it. */
export type See = (
  image: Uint8Array,
  clock: Clock,
  signal?: AbortSignal,
  show?: (picture: Picture) => void,
) => Promise<Float32Array>

/** From the bytes of a picture to what endpoints may see of it. */
export type Look = (image: Uint8Array, clock: Clock, signal?: AbortSignal) => Promise<Picture>

export interface Context {
  clock: Clock
  signal?: AbortSignal
}

export type TermList = Composition['terms']

export interface Interrogation extends Composition, Required<Pick<InterrogateOptions, 'mode' | 'rules'>> {
  model: { name: string; digest: string }
  index: { version: string; terms: number }
}

/** @throws TermlensError every code of the image, option, model and index families */
export async function interrogate(
  source: Source,
  options: InterrogateOptions & { require_caption?: boolean },
  engine: Engine,
  context: Context,
): Promise<Interrogation> {
  checkBanks(options.banks, engine)
  const warnings: Warning[] = []
  const chain = chainOf(engine)
  const describing = !options.caption && (options.require_caption || chain.can('describe'))
  const describe = (picture: Picture, signal: AbortSignal) => toCaptioner(chain).caption(picture, { signal })
  const { embedding, asked } = await embedAsking(source, engine, context, describing ? describe : undefined)
  const caption = await context.clock.time('caption', async () => {
    if (options.caption) return { text: options.caption, source: 'option' }
    const answer = await asked
    context.signal?.throwIfAborted()
    if (answer && !(answer instanceof TermlensError)) return answer
    const failure = 'embedding' in source ? noImage() : answer
    if (failure && options.require_caption) throw failure
    if (failure) warnings.push(retrieved(failure))
    const excluded = excluder(options.exclude)
    return retrieveCaption(engine.ranker, embedding, { accept: (label) => !excluded(label) })
  })
  const composition = await context.clock.time('compose', () =>
    compose(options, { ranker: engine.ranker, embedding, caption, counter: engine.counter }),
  )
  const { mode, rules } = options
  return { ...composition, mode, rules, warnings: [...warnings, ...composition.warnings], ...identity(engine) }
}

/** The `top_k` best terms of each bank. @throws TermlensError as `interrogate` */
export async function analyze(
  source: Source,
  options: { top_k: number; banks?: readonly string[] | undefined; lang: string },
  engine: Engine,
  context: Context,
): Promise<{ terms: TermList; warnings: Warning[] } & ReturnType<typeof identity>> {
  checkBanks(options.banks, engine)
  const embedding = await embed(source, engine, context)
  const banks = options.banks ?? engine.ranker.banks().map(({ name }) => name)
  const terms = await context.clock.time('rank', () =>
    analyzeBanks(engine.ranker, embedding, banks, options.top_k, options.lang),
  )
  return { terms, warnings: [], ...identity(engine) }
}

/** The unit vector of what is asked about. @throws TermlensError of the image family, `model_mismatch`, `embedding_invalid` */
export async function embed(
  source: Source,
  engine: Engine,
  { clock, signal }: Context,
  show?: (picture: Picture) => void,
): Promise<Float32Array> {
  if ('embedding' in source) return checkEmbedding(source.embedding, source.model, engine.spec)
  if (engine.see) return engine.see(source.image, clock, signal, show)
  throw new TermlensError('image_unsupported', 'This endpoint has no image encoder.', {
    hint: 'It takes embeddings only: send {"embedding", "model"}, made with the model that /v1/models names (docs/operations.md).',
  })
}

/**
 * As `embed`, and meanwhile `ask` has the picture: what it asks for is begun before the picture is encoded, and ended where that fails.
 * `asked` never rejects with a `TermlensError`: it is a value. Without an image nothing is asked.
 */
export async function embedAsking<T>(
  source: Source,
  engine: Engine,
  context: Context,
  ask: ((picture: Picture, signal: AbortSignal) => Promise<T>) | undefined,
): Promise<{ embedding: Float32Array; asked: Promise<T | TermlensError> | undefined }> {
  const failed = new AbortController()
  const signal = context.signal ? AbortSignal.any([context.signal, failed.signal]) : failed.signal
  let asked: Promise<T | TermlensError> | undefined
  const show =
    ask &&
    ((picture: Picture) => {
      asked = ask(picture, signal).catch((error: unknown) => {
        if (error instanceof TermlensError) return error
        throw error
      })
      // It is awaited when the picture is encoded; until then a failure is nobody's.
      asked.catch(() => undefined)
    })
  try {
    const embedding = await embed(source, engine, context, show)
    return { embedding, asked }
  } catch (error) {
    failed.abort()
    throw error
  }
}

const noEndpoints = createChain([], { secret: () => undefined })

/** The endpoints, or none. */
export const chainOf = ({ chain = noEndpoints }: Engine): Chain => chain

export const identity = ({ spec, ranker }: Engine) => ({
  model: { name: spec.name, digest: spec.digest },
  index: { version: ranker.version, terms: ranker.terms },
})

function checkEmbedding(values: number[], digest: string, spec: ModelSpec): Float32Array {
  if (digest !== spec.digest) {
    throw new TermlensError(
      'model_mismatch',
      `The embedding is of model ${digest.slice(0, 12)}, this index of ${spec.digest.slice(0, 12)}.`,
    )
  }
  if (values.length !== spec.embedding_size) {
    throw new TermlensError(
      'embedding_invalid',
      `The embedding has ${values.length} numbers, not ${spec.embedding_size}.`,
    )
  }
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  if (!(Math.abs(norm - 1) <= 0.01)) {
    throw new TermlensError('embedding_invalid', `The embedding has length ${norm.toFixed(3)}, not 1.`)
  }
  return Float32Array.from(values, (value) => value / norm)
}

function checkBanks(banks: readonly string[] | undefined, { ranker }: Engine): void {
  const known = new Set(ranker.banks().map(({ name }) => name))
  const unknown = banks?.find((bank) => !known.has(bank))
  if (unknown === undefined) return
  throw new TermlensError('bank_unknown', `There is no bank "${unknown}". There are ${[...known].join(', ')}.`)
}

const noImage = () =>
  new TermlensError('caption_unavailable', 'no_image: there is an embedding, and nothing to describe.', {
    hint: 'Send the image itself.',
  })

const retrieved = ({ message }: TermlensError): Warning => ({
  code: 'caption_unavailable',
  message: `${message} The caption was retrieved from the term banks.`,
})

export type { Ranked }
