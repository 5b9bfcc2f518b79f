/** An index of one bank in memory, for the benches. */
import {
  type Engine,
  encodeShard,
  openIndex,
  planMemory,
  type StaticIndex,
  sha256Hex,
  VERSION,
} from '../../src/term-index/index.ts'
import { packCodes } from '../rows.ts'

export const BANK = 'bench'
const DIGEST = 'ab'.repeat(32)

/**
 * @param rows i8, `dims` a row, `dims` a multiple of 16 @param scales of the rows
 * @param kernel the relaxed build, or none for the plain one
 */
export async function openBank(
  rows: Int8Array,
  scales: Float32Array,
  dims: number,
  { engine = 'exact', kernel }: { engine?: Engine; kernel?: WebAssembly.Module } = {},
): Promise<StaticIndex> {
  const n = scales.length
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.length)
  const shard = await encodeShard({
    meta: {
      bank: BANK,
      model: { name: BANK, digest: DIGEST },
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
  })
  const sha256 = await sha256Hex(shard)
  const sums = { terms: n, rows: n, bytes: shard.length }
  const bank = { name: BANK, file: `${BANK}.${sha256.slice(0, 16)}.tlx`, sha256, ...sums, engine }
  return openIndex({
    manifest: {
      format: 'termlens-index',
      version: VERSION,
      model: { name: BANK, digest: DIGEST, embedding_size: dims },
      rules: 'termlens',
      banks: [bank],
      ...sums,
      memory: planMemory([bank]).bytes,
      created_by: BANK,
    },
    spec: { name: BANK, digest: DIGEST, embedding_size: dims },
    read: async () => shard,
    digestUpTo: 0,
    relaxedKernel: kernel,
  })
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

export const formatTiming = ({ median, min, max }: Timing): [median: string, spread: string] => [
  median.toFixed(2),
  `${min.toFixed(2)}–${max.toFixed(2)}`,
]
