/**
 * The engines beside each other, over vectors of real texts and with real pictures as queries:
 * `node --import ./index-build/wasm-hook.ts index-build/bench-engines.ts [--runs N] [--full]`.
 * Rows are the texts that there are vectors of; no more rows than that are measured, which is said. A graph of many rows takes minutes to
 * build: `--full` builds it and leaves it in .cache/, where later runs without `--full` find it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { StaticIndex } from '../src/term-index/index.ts'
import relaxedKernel from '../src/term-index/kernel/kernel-relaxed.wasm'
import { BANK, formatTiming, openBank, type Timing, timeInterleaved } from './bench/one-bank.ts'
import { cacheDir, termRows } from './bench/term-rows.ts'
import { leastBreadth } from './engines.ts'
import { cachedGraph, type GraphLinks } from './graph.ts'
import { measureRecall, type Recall } from './recall.ts'
import { packRows } from './rows.ts'
import { formatTable, percent, thousands } from './table.ts'

const TOP = 32
const SIZES = [10_000, 100_000, 250_000]
/** Rows whose graph is built without being asked for. */
const QUICK = 40_000
/** Scanned only: the time does not depend on what the rows hold. */
const SCANNED = 1_000_000
const SCANNED_QUERIES = 5

export interface EngineRow extends Timing {
  rows: number
  engine: string
  /** Of the index, shard and scratch. */
  memory: number
  /** null where the rows are no texts. */
  recall: Recall | null
}

/** What finds the graph of some rows; null where it is left out. */
type GraphOf = (rows: Uint8Array, scales: Float32Array, dims: number) => Promise<GraphLinks | null>

/** @param vectors of the rows @param queries embeddings of pictures @param runs over all queries, after two to warm up */
export async function benchEngines(
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  runs: number,
  graphOf: GraphOf,
): Promise<EngineRow[]> {
  const dims = vectors[0]!.length
  const packed = packRows(vectors, dims, 'i8')
  const scales = packed.scales!
  const rows = new Int8Array(packed.rows.buffer)
  const indexes = [
    ['exact', await openBank(rows, scales, dims)],
    ['exact, relaxed', await openBank(rows, scales, dims, { kernel: relaxedKernel })],
    ['prefilter', await openBank(rows, scales, dims, { engine: 'prefilter' })],
  ] as [string, StaticIndex][]
  const recallOfIndex = (index: StaticIndex) => measureRecall(index, BANK, vectors, queries, 'similarity')
  const links = await graphOf(packed.rows, scales, dims)
  if (links) {
    const attempt = async (ef: number) => {
      const index = await openBank(rows, scales, dims, { graph: { ...links, ef } })
      return { index, ef, recalls: [await recallOfIndex(index)] }
    }
    const { index, ef } = await leastBreadth(attempt, [await recallOfIndex(indexes[0]![1])])
    indexes.push([`graph, ef ${ef}`, index])
  }
  const timings = await timeSearches(
    indexes.map(([, index]) => index),
    queries,
    runs,
  )
  const results: EngineRow[] = []
  for (const [i, [engine, index]] of indexes.entries()) {
    const recall = await recallOfIndex(index)
    results.push({ rows: vectors.length, engine, memory: index.bytes, recall, ...timings[i]! })
  }
  return results
}

/** Random rows, scanned by both builds of the kernel. */
async function benchScan(
  count: number,
  dims: number,
  queries: readonly Float32Array[],
  runs: number,
): Promise<EngineRow[]> {
  const rows = new Int8Array(count * dims)
  let state = 1
  for (let i = 0; i < rows.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    rows[i] = state >> 24
  }
  const scales = new Float32Array(count).fill(1 / (74 * Math.sqrt(dims)))
  const indexes = [await openBank(rows, scales, dims), await openBank(rows, scales, dims, { kernel: relaxedKernel })]
  const timings = await timeSearches(indexes, queries, runs)
  return ['exact', 'exact, relaxed'].map((engine, i) => ({
    rows: count,
    engine: `${engine}, SCANNED ONLY`,
    memory: indexes[i]!.bytes,
    recall: null,
    ...timings[i]!,
  }))
}

async function timeSearches(
  indexes: readonly StaticIndex[],
  queries: readonly Float32Array[],
  runs: number,
): Promise<Timing[]> {
  const timings = await timeInterleaved(
    indexes.map((index) => async () => {
      for (const query of queries) await index.rank(BANK, query, TOP)
    }),
    runs,
  )
  const n = queries.length
  return timings.map(({ median, min, max }) => ({ median: median / n, min: min / n, max: max / n }))
}

/** What a graph of `count` rows would take, from the two largest that were measured: time grows with the logarithm, memory with the rows. */
export function extrapolate(results: readonly EngineRow[], count: number): EngineRow | null {
  const graphs = results.filter(({ engine }) => engine.startsWith('graph')).toSorted((a, b) => a.rows - b.rows)
  const [small, large] = graphs.slice(-2)
  if (!small || !large) return null
  const steps = Math.log(count / large.rows) / Math.log(large.rows / small.rows)
  const time = large.median + Math.max(0, large.median - small.median) * steps
  const perRow = (large.memory - small.memory) / (large.rows - small.rows)
  return {
    rows: count,
    engine: 'graph, EXTRAPOLATED',
    memory: Math.round(large.memory + perRow * (count - large.rows)),
    recall: null,
    median: time,
    min: time,
    max: time,
  }
}

export function formatEngines(results: readonly EngineRow[]): string {
  return formatTable(
    ['rows', 'engine', 'median ms', 'min–max', 'memory', 'recall@1', 'recall@10', 'recall@32'],
    results.map((row) => [
      row.rows,
      row.engine,
      formatTiming(row)[0],
      row.min < row.max ? formatTiming(row)[1] : null,
      row.memory,
      ...([1, 10, 32] as const).map((k) => row.recall && percent(row.recall[k])),
    ]),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '7' }, full: { type: 'boolean', default: false } },
  })
  const runs = Number(values.runs)
  const rows = await termRows()
  const { available, queries, dims } = rows
  const all = SIZES.some((size) => size > available) ? [available] : []
  const results: EngineRow[] = []
  const notes = rows.missing(SIZES)
  for (const size of [...SIZES.filter((size) => size <= available), ...all]) {
    const file = `bench-graph-${size}.bin`
    const graphOf: GraphOf = async (...of) => {
      if (values.full || size <= QUICK || existsSync(join(cacheDir, file))) return cachedGraph(cacheDir, file, ...of)
      notes.push(
        `SKIPPED: the graph of ${thousands(size)} rows, which takes minutes to build. Run once: node --import ./index-build/wasm-hook.ts index-build/bench-engines.ts --full`,
      )
      return null
    }
    results.push(...(await benchEngines(rows.take(size), queries, runs, graphOf)))
  }
  results.push(...(await benchScan(SCANNED, dims, queries.slice(0, SCANNED_QUERIES), runs)))
  const extrapolated = extrapolate(results, SCANNED)
  if (extrapolated) results.push(extrapolated)
  notes.push(
    `NOT MEASURED: a graph of ${thousands(SCANNED)} rows. Its line is a guess from the two largest above; the scans there are over random rows.`,
  )
  console.log(
    `Engines, ${dims} dimensions, top ${TOP}, ${queries.length} pictures as queries, a search each, Node ${process.version}, medians of ${runs} interleaved runs; rows from ${rows.source}`,
  )
  console.log(formatEngines(results))
  for (const note of notes) console.log(note)
}
