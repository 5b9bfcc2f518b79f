/**
 * Exact search over 100,000 int8 rows, beside a plain JavaScript loop and a SIMD sweep that only reads the same bytes:
 * `node --import ./index-build/wasm-hook.ts index-build/bench-index.ts [--runs N] [--rows N]`. Runs are interleaved, since the machine's
 * load moves single timings; ratios of medians are what counts.
 */
import { parseArgs } from 'node:util'
import relaxedKernel from '../src/term-index/kernel/kernel-relaxed.wasm'
import sweepKernel from '../src/term-index/kernel/sweep.wasm'
import { createKernel, planMemory } from '../src/term-index/kernel.ts'
import { BANK, formatTiming, openBank, type Timing, timeInterleaved } from './bench/one-bank.ts'
import { formatTable } from './table.ts'

const TOP = 50

export interface BenchRow extends Timing {
  dims: number
  what: string
  bytes: number
}

/** @param rows of random i8 numbers: the time does not depend on them. @param runs of each kind, after two to warm up */
export async function benchExact(dims: number, rows: number, runs: number): Promise<BenchRow[]> {
  const random = generator(dims)
  const matrix = Int8Array.from({ length: rows * dims }, () => Math.floor(random() * 255) - 127)
  const query = Float32Array.from({ length: dims }, () => random() + random() + random() - 1.5)
  const scales = Float32Array.from(
    { length: rows },
    (_, row) => 1 / Math.hypot(...matrix.subarray(row * dims, (row + 1) * dims)),
  )
  const simd = await openBank(matrix, scales, dims)
  const relaxed = await openBank(matrix, scales, dims, { kernel: relaxedKernel })
  const bytes = Int8Array.from(query, (x) => x * 80)
  const { sweep } = await sweeper(matrix)
  const kinds: [string, () => unknown][] = [
    [`plain JavaScript loop, top ${TOP}`, () => plainLoop(matrix, bytes, dims)],
    [`kernel, top ${TOP}`, () => simd.rank(BANK, query, TOP)],
    [`relaxed kernel, top ${TOP}`, () => relaxed.rank(BANK, query, TOP)],
    ['SIMD sweep, reads only', sweep],
  ]
  const timings = await timeInterleaved(
    kinds.map(([, go]) => go),
    runs,
  )
  return kinds.map(([what], i) => ({ dims, what, bytes: matrix.length, ...timings[i]! }))
}

/** The table, with the ratios that the goals are about. */
export function formatBench(results: readonly BenchRow[]): string {
  const of = (dims: number, what: string) => results.find((row) => row.dims === dims && row.what.startsWith(what))!
  return formatTable(
    ['dims', 'what', 'median ms', 'min–max', 'GB/s', '× plain loop', '% of sweep'],
    results.map((row) => [
      row.dims,
      row.what,
      ...formatTiming(row),
      (row.bytes / row.median / 1e6).toFixed(1),
      (of(row.dims, 'plain').median / row.median).toFixed(1),
      ((100 * of(row.dims, 'SIMD').median) / row.median).toFixed(0),
    ]),
  )
}

/** What anyone would write first, with an int8 query, for which V8 compiles it best: every product in a loop, the best kept in a list. */
function plainLoop(rows: Int8Array, query: Int8Array, dims: number): number[] {
  const scores = new Float64Array(rows.length / dims)
  for (let row = 0; row < scores.length; row++) {
    const at = row * dims
    let sum = 0
    for (let i = 0; i < dims; i++) sum += rows[at + i]! * query[i]!
    scores[row] = sum
  }
  const best: number[] = []
  for (let row = 0; row < scores.length; row++) {
    if (best.length === TOP && scores[row]! <= scores[best.at(-1)!]!) continue
    const place = best.findIndex((other) => scores[other]! < scores[row]!)
    best.splice(place < 0 ? best.length : place, 0, row)
    if (best.length > TOP) best.pop()
  }
  return best
}

async function sweeper(matrix: Int8Array): Promise<{ sweep: () => number }> {
  const plan = planMemory([{ bytes: matrix.length, rows: 0 }])
  const { buffer, memory } = await createKernel(plan)
  const start = plan.shards[0]!
  new Int8Array(buffer, start, matrix.length).set(matrix)
  const { exports } = await WebAssembly.instantiate(sweepKernel, { env: { memory } })
  const run = exports.sweep as (at: number, length: number) => number
  return { sweep: () => run(start, matrix.length - (matrix.length % 128)) }
}

/** Equal numbers in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '15' }, rows: { type: 'string', default: '100000' } },
  })
  const results: BenchRow[] = []
  for (const dims of [512, 256]) results.push(...(await benchExact(dims, Number(values.rows), Number(values.runs))))
  console.log(
    `Exact search, ${values.rows} rows of int8, Node ${process.version}, medians of ${values.runs} interleaved runs\n${formatBench(results)}`,
  )
}
