/** One picture, asked several things and encoded once. */
import type { Context } from 'hono'
import { startClock } from '../../clock.ts'
import { type Engine, embed, type Interrogation, identity, interrogate, type Ranked } from '../../interrogator.ts'
import { type EmbeddedTag, embeddedTags } from '../../tasks.ts'
import { interrogateOptions, type modes } from '../schemas.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'

export type Mode = (typeof modes)[number]

export interface Reading {
  engine: Engine
  /** The prompt, composed as clip-interrogator does. */
  prompt(
    mode: Mode,
    limits?: { max_flavors?: number | undefined; min_flavors?: number | undefined },
  ): Promise<Interrogation>
  /** The `k` best rows of a bank by plain cosine, as the foreign programs rank; none where there is no such bank. */
  top(bank: string, k: number): Promise<Ranked[]>
  /** Every tag that the model was shown to know, most certain first. */
  tags(): Promise<EmbeddedTag[]>
}

/**
 * Nothing is computed before it is asked for. Says in headers which model and index answer, whatever name the client asked for.
 * @throws TermlensError what loading the engine throws; the methods what `interrogate` throws
 */
export async function readingOf(
  c: Context<CompatEnv>,
  deps: CompatDeps,
  image: Uint8Array,
  signal: AbortSignal | null = c.req.raw.signal,
): Promise<Reading> {
  const engine = encodeOnce(await deps.engine())
  const { model, index } = identity(engine)
  c.header('X-Termlens-Model', `${model.name}@${model.digest.slice(0, 12)}`)
  c.header('X-Termlens-Index', index.version)
  const context = { clock: c.get('clock') ?? startClock(), ...(signal && { signal }) }
  const has = (bank: string) => engine.ranker.banks().find(({ name }) => name === bank)
  const embedding = () => embed({ image }, engine, context)
  return {
    engine,
    prompt: (mode, limits = {}) =>
      interrogate({ image }, interrogateOptions.parse({ mode, rules: 'original', ...limits }), engine, context),
    async top(bank, k) {
      return has(bank) ? engine.ranker.rank(bank, await embedding(), k, { by: 'similarity' }) : []
    },
    tags: async () => embeddedTags(engine.ranker, await embedding()),
  }
}

/** The engine with what it sees remembered. */
function encodeOnce(engine: Engine): Engine {
  const { see } = engine
  if (!see) return engine
  const seen = new Map<Uint8Array, Promise<Float32Array>>()
  return {
    ...engine,
    see(image, clock, signal, show) {
      const before = seen.get(image)
      if (before) return before
      const embedding = see(image, clock, signal, show)
      seen.set(image, embedding)
      return embedding
    },
  }
}
