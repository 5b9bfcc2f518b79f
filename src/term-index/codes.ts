/** 1-bit codes: docs/index-format.md, section 3.7. They choose which rows are scored, and never stand in for a score. */
import { PREFILTER } from './format.ts'

/** Sets bit i of `out` where `vector[i] - mean[i]` is greater than 0, and clears the rest of `out`. */
export function encodeBits(vector: ArrayLike<number>, mean: Float32Array, out: Uint8Array): void {
  out.fill(0)
  for (let i = 0; i < mean.length; i++) if (vector[i]! - mean[i]! > 0) out[i >> 3]! |= 1 << (i & 7)
}

/** How many rows of a bank a prefilter keeps for the best `k`. */
export const prefilterSize = (rows: number, k: number): number =>
  Math.max(PREFILTER.least, Math.ceil(rows / PREFILTER.share), PREFILTER.perResult * k)
