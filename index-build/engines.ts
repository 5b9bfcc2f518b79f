/**
 * Gives a bank what its engine needs. The choice follows from the committed numbers below, the bank's size and a measured recall: nothing is
 * timed, so that the same banks give the same index everywhere.
 */
import { TermlensError } from '../src/errors.ts'
import { type Engine, encodeShard, type Graph, type ShardContent } from '../src/term-index/index.ts'
import { cachedGraph } from './graph.ts'
import { openShard } from './index-folder.ts'
import { fallsShort, KS, measureRecall, type Recall } from './recall.ts'
import { packCodes } from './rows.ts'

/**
 * The shares of the true k best rows that must be found, for each engine. The first place is held to less, since the rows of one term
 * (`by X`, `inspired by X`) lie so near to each other that rounding swaps them.
 */
export const THRESHOLDS: Readonly<Record<Engine, Recall>> = {
  exact: { 1: 0.9, 10: 0.98, 32: 0.98 },
  prefilter: { 1: 0.9, 10: 0.98, 32: 0.98 },
  graph: { 1: 0.9, 10: 0.95, 32: 0.95 },
}

/**
 * Rows of more bytes than this are searched by a graph, where it finds enough: comparing them all takes some 5 ms there. Below, a graph saves
 * less time than it costs memory. A prefilter is never chosen: it has to score an eighth of the rows, scattered, to find enough of the
 * best, which takes about as long as reading them all in order.
 */
const GRAPH_FROM = 48 * 2 ** 20
/** How many rows a graph search keeps: the first of these that finds no more than GRAPH_LOSS less than exact search, the last where none does. */
const BREADTHS = [64, 128, 256, 512, 1024] as const
const GRAPH_LOSS = 0.01
/** The build refuses an engine by its recall of the 10 best; `verify` looks at the others as well. */
const GATE = 10
/** Where there is nothing to measure by. */
const UNMEASURED_BREADTH = 256

export interface EngineOptions {
  /** Forced; undefined to choose. */
  engine: Engine | undefined
  /** Of the rows, as the encoder made them: recall is measured against exact search over these. */
  vectors: readonly Float32Array[]
  /** What recall is measured with; none to leave it unmeasured. */
  pictures: readonly Float32Array[]
  /** Folder for graphs built before; null to build all. */
  cacheDir: string | null
  /** Rows that the graph has. */
  onProgress?: (done: number) => void
}

export interface EngineResult {
  shard: Uint8Array<ArrayBuffer>
  engine: Engine
  warnings: string[]
}

/** The engine for a bank whose rows take this many bytes, before recall is measured. */
export const engineFor = (bytes: number): Engine => (bytes > GRAPH_FROM ? 'graph' : 'exact')

/**
 * The shard of a bank with its engine. Float rows and empty banks have `exact` in any case.
 * @param content without codes and graph
 * @throws TermlensError `option_invalid` where the engine is forced and finds too little
 */
export async function encodeWithEngine(content: ShardContent, options: EngineOptions): Promise<EngineResult> {
  const { rowScales, dims, rows } = content
  const name = content.meta.bank
  const engine = options.engine ?? engineFor(rows.length)
  const exact = async (warnings: string[] = []): Promise<EngineResult> => ({
    shard: await encodeShard(content),
    engine: 'exact',
    warnings,
  })
  if (engine === 'exact' || !rowScales || rowScales.length === 0) return exact()

  const measured = options.pictures.length > 0
  const attempt = async (more: Partial<ShardContent>) => {
    const shard = await encodeShard({ ...content, ...more })
    return { shard, recalls: measured ? await recallsOf(shard, engine, options) : [] }
  }
  let result: Awaited<ReturnType<typeof attempt>>
  if (engine === 'prefilter') result = await attempt({ codes: packCodes(rows, rowScales, dims) })
  else {
    const links = await cachedGraph(options.cacheDir, `graph-${name}.bin`, rows, rowScales, dims, options.onProgress)
    const withBreadth = (ef: number) => attempt({ graph: { ...links, ef } satisfies Graph })
    result = await withBreadth(measured ? BREADTHS[0] : UNMEASURED_BREADTH)
    if (measured) result = await leastBreadth(withBreadth, await recallsOf(result.shard, 'exact', options))
  }

  const queries = options.pictures.length
  const short = result.recalls.find((recall) => fallsShort(recall, GATE, THRESHOLDS[engine][GATE], queries))
  if (short) {
    const shares = KS.map((k) => `${(100 * short[k]).toFixed(1)} % of the best ${k}`).join(', ')
    const why = `the engine ${engine} finds ${shares} of the bank ${name}, which is too little`
    if (options.engine === undefined) return exact([`${why}; it is searched exactly`])
    throw new TermlensError('option_invalid', `${why}.`, { hint: 'Build it with the engine exact.' })
  }
  const warnings = measured ? [] : [`what the engine ${engine} finds of the bank ${name} was not measured: no pictures`]
  return { shard: result.shard, engine, warnings }
}

/** The first attempt, of rising breadths, whose recalls are near enough to those of exact search, or else the last. */
export async function leastBreadth<T extends { recalls: readonly Recall[] }>(
  attempt: (ef: number) => Promise<T>,
  exact: readonly Recall[],
): Promise<T> {
  let result = await attempt(BREADTHS[0])
  for (const ef of BREADTHS.slice(1)) {
    if (result.recalls.every((recall, i) => KS.every((k) => recall[k] >= exact[i]![k] - GRAPH_LOSS))) break
    result = await attempt(ef)
  }
  return result
}

/** By similarity, and by score where rows are calibrated. */
async function recallsOf(
  shard: Uint8Array<ArrayBuffer>,
  engine: Engine,
  { vectors, pictures }: EngineOptions,
): Promise<Recall[]> {
  const { index, bank } = await openShard(shard, engine)
  const kinds = index.shard(bank).calibration ? (['similarity', 'score'] as const) : (['similarity'] as const)
  return Promise.all(kinds.map((by) => measureRecall(index, bank, vectors, pictures, by)))
}
