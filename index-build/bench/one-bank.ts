/** An index of one bank in memory, for the benches. */
import { type Engine, encodeShard, type Graph, type StaticIndex } from '../../src/term-index/index.ts'
import { openShard } from '../index-folder.ts'
import { packCodes } from '../rows.ts'

export const BANK = 'bench'

export interface BankOptions {
  /** The relaxed build, or none for the plain one. */
  kernel?: WebAssembly.Module
  /** `exact` by default, `graph` where there is one. */
  engine?: Engine
  graph?: Graph
}

/** @param rows i8, `dims` a row, `dims` a multiple of 16 @param scales of the rows */
export async function openBank(
  rows: Int8Array,
  scales: Float32Array,
  dims: number,
  { graph, engine = graph ? 'graph' : 'exact', kernel }: BankOptions = {},
): Promise<StaticIndex> {
  const n = scales.length
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.length)
  const shard = await encodeShard({
    meta: {
      bank: BANK,
      model: { name: BANK, digest: 'ab'.repeat(32) },
      templates: ['{}'],
      themes: [''],
      names: null,
      encoder: { gloss: null, rules: 'termlens' },
    },
    dims,
    dtype: 'i8',
    terms: Array.from({ length: n }, (_, i) => `term ${i}`),
    flags: new Uint8Array(n),
    themes: new Uint16Array(n),
    rowTerms: Uint32Array.from({ length: n }, (_, i) => i),
    rowTemplates: new Uint8Array(n),
    rows: bytes,
    rowScales: scales,
    ...(engine === 'prefilter' && { codes: packCodes(bytes, scales, dims) }),
    ...(graph && { graph }),
  })
  return (await openShard(shard, engine, kernel)).index
}

export interface Timing {
  /** Milliseconds. */
  median: number
  min: number
  max: number
}

/** Runs each of `kinds` in turn, `runs` times after two to warm up. */
export async function timeInterleaved(kinds: readonly (() => unknown)[], runs: number): Promise<Timing[]> {
  const times = kinds.map((): number[] => [])
  for (let run = -2; run < runs; run++) {
    for (const [i, go] of kinds.entries()) {
      const start = performance.now()
      await go()
      if (run >= 0) times[i]!.push(performance.now() - start)
    }
  }
  return times.map((list) => {
    const sorted = list.toSorted((a, b) => a - b)
    return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! }
  })
}

/** @param digits after the point */
export const formatTiming = ({ median, min, max }: Timing, digits = 2): [median: string, spread: string] => [
  median.toFixed(digits),
  `${min.toFixed(digits)}–${max.toFixed(digits)}`,
]
