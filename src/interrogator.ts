/** The whole way of a request: an image, or an embedding of one, becomes a ranking and then a prompt. */
import { retrieveCaption } from './caption/index.ts'
import type { Clock } from './clock.ts'
import { TermlensError } from './errors.ts'
import {
  analyze as analyzeBanks,
  type Composition,
  compose,
  excluder,
  type InterrogateOptions,
} from './prompt/index.ts'
import type { Caption, Captioner, ModelSpec, Ranked, Ranker, TokenCounter, Warning } from './types.ts'

/** What is asked about: the bytes of a picture, or its embedding with the digest of the model that made it. */
export type Source = { image: Uint8Array } | { embedding: number[]; model: string }

/** Everything a request needs, loaded once. Without `see` only embeddings can be answered, without `captioner` captions are retrieved. */
export interface Engine {
  spec: ModelSpec
  ranker: Ranker & { readonly version: string; readonly terms: number }
  counter: TokenCounter
  see?: See
  captioner?: Captioner
}

/** From the bytes of a picture to its embedding. */
export type See = (image: Uint8Array, clock: Clock, signal?: AbortSignal) => Promise<Float32Array>

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
  options: InterrogateOptions,
  engine: Engine,
  context: Context,
): Promise<Interrogation> {
  checkBanks(options.banks, engine)
  const warnings: Warning[] = []
  const embedding = await embed(source, engine, context)
  const caption = await context.clock.time('caption', () => findCaption(source, options, embedding, engine, warnings))
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
export async function embed(source: Source, engine: Engine, { clock, signal }: Context): Promise<Float32Array> {
  if ('embedding' in source) return checkEmbedding(source.embedding, source.model, engine.spec)
  if (engine.see) return engine.see(source.image, clock, signal)
  throw new TermlensError('image_unsupported', 'This endpoint has no image encoder.', {
    hint: 'Send {"embedding", "model"}: the page and the widget compute them in the browser.',
  })
}

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

async function findCaption(
  source: Source,
  options: InterrogateOptions,
  embedding: Float32Array,
  { ranker }: Engine,
  warnings: Warning[],
): Promise<Caption> {
  if (options.caption) return { text: options.caption, source: 'option' }
  if ('embedding' in source) {
    warnings.push({ code: 'caption_unavailable', message: 'no_image: the caption was retrieved from the term banks.' })
  }
  const excluded = excluder(options.exclude)
  return retrieveCaption(ranker, embedding, { accept: (label) => !excluded(label) })
}

export type { Ranked }
