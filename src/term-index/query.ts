/** Brings an embedding into the form that the kernel compares with rows: docs/index-format.md, section 4. */
import { TermlensError } from '../errors.ts'

/** The greatest magnitude of a quantised query: no sum of its products with i8 elements leaves 32 bits. */
export const queryRange = (dims: number): number => Math.min(32_767, Math.floor((2 ** 31 - 1) / (128 * dims)))

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
