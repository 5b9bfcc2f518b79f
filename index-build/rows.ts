/** Rows of a bank: their texts, and their vectors as a shard stores them. */
import { encodeBits } from '../src/term-index/codes.ts'
import { codeStride, type Dtype, rowStride } from '../src/term-index/format.ts'
import { toHalf } from '../src/term-index/half.ts'
import type { Bank } from './banks.ts'

/** Terms and templates of the rows, in order: all templates of the first term, then of the second. */
export function rowLabels(bank: Bank): { terms: Uint32Array; templates: Uint8Array } {
  const n = bank.templates.length
  const rows = bank.terms.length * n
  return {
    terms: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / n)),
    templates: Uint8Array.from({ length: rows }, (_, row) => row % n),
  }
}

/**
 * What is encoded for each row.
 * @param gloss the model's pattern with `{term}` and `{gloss}`; null to encode the bare texts
 */
export function rowTexts(bank: Bank, gloss: string | null): string[] {
  return bank.terms.flatMap((term) =>
    bank.templates.map((template) => {
      const text = template.split('{}').join(term.term)
      if (gloss === null || term.gloss === '') return text
      return gloss.replace(/\{(term|gloss)\}/g, (_, key) => (key === 'term' ? text : term.gloss))
    }),
  )
}

/** @returns the rows' bytes, and their scales where `dtype` is i8. @param vectors of `dims` numbers each */
export function packRows(
  vectors: readonly Float32Array[],
  dims: number,
  dtype: Dtype,
): { rows: Uint8Array; scales: Float32Array | null } {
  const stride = rowStride(dims, dtype)
  const rows = new Uint8Array(stride * vectors.length)
  const scales = dtype === 'i8' ? new Float32Array(vectors.length) : null
  const view = new DataView(rows.buffer)
  for (const [row, vector] of vectors.entries()) {
    const at = row * stride
    if (scales) scales[row] = quantise(vector, new Int8Array(rows.buffer, at, dims))
    else if (dtype === 'f16') for (let i = 0; i < dims; i++) view.setUint16(at + 2 * i, toHalf(vector[i]!), true)
    else for (let i = 0; i < dims; i++) view.setFloat32(at + 4 * i, vector[i]!, true)
  }
  return { rows, scales }
}

/** Fills `out` with −127 to 127. @returns the scale that gives the stored row unit length, 0 for a zero vector */
export function quantise(vector: Float32Array, out: Int8Array): number {
  let max = 0
  for (const x of vector) max = Math.max(max, Math.abs(x))
  if (max === 0) return 0
  let square = 0
  for (let i = 0; i < vector.length; i++) {
    const q = Math.round((vector[i]! * 127) / max)
    out[i] = q
    square += q * q
  }
  return 1 / Math.sqrt(square)
}

/** 1-bit codes of i8 rows, around the mean of the rows as they are stored. */
export function packCodes(
  rows: Uint8Array,
  scales: Float32Array,
  dims: number,
): { mean: Float32Array; bits: Uint8Array } {
  const stride = rowStride(dims, 'i8')
  const vector = new Float64Array(dims)
  const unpack = (row: number) => {
    const stored = new Int8Array(rows.buffer, rows.byteOffset + row * stride, dims)
    for (let i = 0; i < dims; i++) vector[i] = stored[i]! * scales[row]!
  }
  const sums = new Float64Array(dims)
  for (let row = 0; row < scales.length; row++) {
    unpack(row)
    for (let i = 0; i < dims; i++) sums[i]! += vector[i]!
  }
  const mean = Float32Array.from(sums, (sum) => (scales.length > 0 ? sum / scales.length : 0))
  const size = codeStride(dims)
  const bits = new Uint8Array(size * scales.length)
  for (let row = 0; row < scales.length; row++) {
    unpack(row)
    encodeBits(vector, mean, bits.subarray(row * size, (row + 1) * size))
  }
  return { mean, bits }
}
