/**
 * The engines beside each other, over vectors of real texts and with real pictures as queries:
 * `node --import ./index-build/wasm-hook.ts index-build/bench-engines.ts [--runs N]`.
 * Rows are texts of the model's committed cache, evenly chosen; no more rows than it has texts are measured, which is said.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import relaxedKernel from '../src/term-index/kernel/kernel-relaxed.wasm'
import { BANK, formatTiming, openBank, type Timing, timeInterleaved } from './bench/one-bank.ts'
import { readSpec } from './build.ts'
import { calibrationEmbeddings } from './calibration-pictures.ts'
import { measureRecall, type Recall } from './recall.ts'
import { packRows } from './rows.ts'
import { formatTable, percent, thousands } from './table.ts'
import { openTextCache } from './text-cache.ts'

const TOP = 32
const SIZES = [10_000, 100_000, 250_000]

export interface EngineRow extends Timing {
  rows: number
  engine: string
  /** Of the index, shard and scratch. */
  memory: number
  recall: Recall
}

/** @param vectors of the rows @param queries embeddings of pictures @param runs over all queries, after two to warm up */
export async function benchEngines(
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  runs: number,
): Promise<EngineRow[]> {
  const dims = vectors[0]!.length
  const packed = packRows(vectors, dims, 'i8')
  const rows = new Int8Array(packed.rows.buffer)
  const indexes = [
    ['exact', await openBank(rows, packed.scales!, dims)],
    ['exact, relaxed', await openBank(rows, packed.scales!, dims, { kernel: relaxedKernel })],
    ['prefilter', await openBank(rows, packed.scales!, dims, { engine: 'prefilter' })],
  ] as const
  const searchAll = indexes.map(([, index]) => async () => {
    for (const query of queries) await index.rank(BANK, query, TOP)
  })
  const timings = await timeInterleaved(searchAll, runs)
  const results: EngineRow[] = []
  for (const [i, [engine, index]] of indexes.entries()) {
    const { median, min, max } = timings[i]!
    const n = queries.length
    const recall = await measureRecall(index, BANK, vectors, queries, 'similarity')
    results.push({
      rows: vectors.length,
      engine,
      memory: index.bytes,
      recall,
      median: median / n,
      min: min / n,
      max: max / n,
    })
  }
  return results
}

export function formatEngines(results: readonly EngineRow[]): string {
  return formatTable(
    ['rows', 'engine', 'median ms', 'min–max', 'memory', 'recall@1', 'recall@10', 'recall@32'],
    results.map((row) => [
      row.rows,
      row.engine,
      ...formatTiming(row),
      row.memory,
      percent(row.recall[1]),
      percent(row.recall[10]),
      percent(row.recall[32]),
    ]),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
  const assets = fileURLToPath(new URL('../assets/', import.meta.url))
  const model = 'termlens-lite0'
  const modelDir = join(assets, 'models', model)
  const spec = await readSpec(modelDir)
  const cache = await openTextCache(modelDir, spec)
  const texts = (await readFile(join(modelDir, `${spec.text.cache}.txt`), 'utf8')).split('\n').filter(Boolean)
  const queries = await calibrationEmbeddings({ assets, model })
  const sizes = [...SIZES.filter((size) => size < texts.length), texts.length]
  const results: EngineRow[] = []
  for (const size of sizes) {
    const chosen = Array.from({ length: size }, (_, i) => texts[Math.floor((i * texts.length) / size)]!)
    results.push(...(await benchEngines(await cache.encode(chosen), queries, Number(values.runs))))
  }
  console.log(
    `${spec.embedding_size} dimensions, top ${TOP}, ${queries.length} pictures as queries, a search each, Node ${process.version}, medians of ${values.runs} interleaved runs`,
  )
  console.log(formatEngines(results))
  const missing = SIZES.filter((size) => size > texts.length)
  if (missing.length > 0) {
    console.log(
      `NOT MEASURED: ${missing.map(thousands).join(' and ')} rows. The model has vectors for ${thousands(texts.length)} texts only.`,
    )
  }
}
