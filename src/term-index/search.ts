/** Finds the best rows of one bank: sets the kernel up, runs the bank's engine, reads what it found. */
import { encodeBits, prefilterSize } from './codes.ts'
import { type Coarse, compare } from './compare.ts'
import { codeStride, GRAPH_PER_RESULT } from './format.ts'
import type { Kernel } from './kernel.ts'
import type { Engine } from './manifest.ts'
import type { Shard } from './parse.ts'
import { checkEmbedding } from './query.ts'

export interface SearchOptions {
  /** Flag bits: a row whose term has one of them is left out, and k rows still come back. */
  mask: number
  /** Worst first. */
  reverse: boolean
  by: 'score' | 'similarity'
}

/** A shard, ready to be searched. */
export interface SearchBank {
  shard: Shard
  engine: Engine
  coarse: Coarse | null
}

export interface Hit {
  row: number
  similarity: number
  score: number
}

/**
 * The `k` best rows by docs/index-format.md, section 4, best first; fewer where the bank has fewer.
 * @throws TermlensError `embedding_invalid`
 */
export function search(
  kernel: Kernel,
  bank: SearchBank,
  embedding: Float32Array,
  k: number,
  options: SearchOptions,
): Hit[] {
  const { exports, buffer, plan } = kernel
  const { shard, engine, coarse } = bank
  checkEmbedding(embedding, shard.dims)
  const wanted = Math.min(Math.floor(k), shard.rowCount)
  if (!(wanted > 0)) return []
  const comparison = compare(kernel, shard, coarse, embedding)
  const calibration = options.by === 'score' ? shard.calibration : null
  /** @param most how many of the best rows are kept @returns how many were found */
  const run = (most: number, scan: () => void): number => {
    exports.begin(
      plan.keys,
      plan.ids,
      most,
      options.reverse ? -1 : 1,
      calibration?.offset.byteOffset ?? 0,
      calibration?.scale.byteOffset ?? 0,
      shard.rowTerms.byteOffset,
      shard.flags.byteOffset,
      options.mask,
    )
    scan()
    return Math.min(exports.finish(), wanted)
  }
  let found = 0
  if (engine === 'graph' && !options.reverse) {
    const { graph, rowCount } = shard
    const most = Math.min(Math.max(graph!.ef, GRAPH_PER_RESULT * wanted), rowCount)
    found = run(most, () => comparison.scanGraph(graph!))
  } else if (engine === 'prefilter') {
    found = run(wanted, () => comparison.scanList(plan.list, prefilter(kernel, shard, embedding, wanted)))
  }
  // Links lead to what is near, so a graph has no way to the farthest, and may have none to the last few that flags leave.
  if (found < wanted) found = run(wanted, comparison.scan)
  // Copied: the next search writes to the same place.
  return Array.from(new Uint32Array(buffer, plan.ids, found), (row) => {
    const similarity = comparison.of(row)
    return { row, similarity, score: calibrate(shard, row, similarity) }
  })
}

/** Lists the rows with the nearest codes at `plan.list`. @returns how many */
function prefilter(
  { exports, buffer, plan }: Kernel,
  { codes, dims, rowCount }: Shard,
  embedding: Float32Array,
  k: number,
): number {
  const stride = codeStride(dims)
  encodeBits(embedding, codes!.mean, new Uint8Array(buffer, plan.code, stride))
  const keep = prefilterSize(rowCount, k)
  return exports.prefilter(
    codes!.bits.byteOffset,
    stride,
    rowCount,
    plan.code,
    dims,
    plan.distances,
    plan.histogram,
    plan.list,
    keep,
  )
}

/** The calibrated value of a row, or its similarity where the bank has no calibration. */
function calibrate({ calibration }: Shard, row: number, similarity: number): number {
  return calibration ? (similarity - calibration.offset[row]!) * calibration.scale[row]! : similarity
}
