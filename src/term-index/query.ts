/** Brings an embedding into the form that the kernel compares with rows: docs/index-format.md, section 4. */
import { TermlensError } from '../errors.ts'

/** The greatest magnitude of a quantised query: no sum of its products with i8 elements leaves 32 bits. */
export const queryRange = (dims: number): number => Math.min(32_767, Math.floor((2 ** 31 - 1) / (128 * dims)))

const COARSE_ZERO = 64
const COARSE_RANGE = 63

/**
 * Writes `round(x × range / max|x|)` into `out`. @returns the unit: what one step stands for
 * @param out at least as long as `embedding`; what is longer stays as it is
 */
export function quantiseQuery(embedding: Float32Array, out: Int16Array): number {
  const range = queryRange(embedding.length)
  let max = 0
  for (const x of embedding) max = Math.max(max, Math.abs(x))
  const factor = max === 0 ? 0 : range / max
  for (let i = 0; i < embedding.length; i++) out[i] = Math.floor(embedding[i]! * factor + 0.5)
  return max / range
}

/** A query in 7 bits, and how far it is off. */
export interface CoarseQuery {
  /** What one step stands for, in similarity. */
  step: number
  /** The most by which the similarity of a row of unit length differs from the coarse one. */
  slack: number
}

/**
 * Writes `64 + z` into `out`, where `z`, -63 to 63, stands for the quantised query in steps. By Cauchy and Schwarz a row of length L
 * is off by no more than L times the length of what the rounding left over.
 * @param query as `quantiseQuery` wrote it, @param unit as it returned
 */
export function coarsenQuery(query: Int16Array, unit: number, out: Uint8Array): CoarseQuery {
  let max = 0
  for (const y of query) max = Math.max(max, Math.abs(y))
  const height = max / COARSE_RANGE
  let square = 0
  for (let i = 0; i < query.length; i++) {
    const z = height === 0 ? 0 : Math.round(query[i]! / height)
    out[i] = COARSE_ZERO + z
    const left = query[i]! - z * height
    square += left * left
  }
  return { step: height * unit, slack: Math.sqrt(square) * unit }
}

/** @throws TermlensError `embedding_invalid` unless there are `dims` finite numbers */
export function checkEmbedding(embedding: Float32Array, dims: number): void {
  if (embedding.length !== dims) {
    throw new TermlensError(
      'embedding_invalid',
      `The embedding has ${embedding.length} numbers; the index has ${dims} dimensions.`,
    )
  }
  for (let i = 0; i < dims; i++) {
    if (!Number.isFinite(embedding[i]!))
      throw new TermlensError('embedding_invalid', `Number ${i} of the embedding is ${embedding[i]}.`)
  }
}
