/** What a row says: strings, flags and vectors, looked up in a shard by number. */
import type { Label } from '../types.ts'
import { flagsOf } from './format.ts'
import { fromHalf } from './half.ts'
import type { Shard } from './parse.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const slice = (offsets: Uint32Array, text: Uint8Array, i: number): string =>
  decoder.decode(text.subarray(offsets[i]!, offsets[i + 1]!))

/** @returns the bare term with this number */
export const termAt = (shard: Shard, term: number): string => slice(shard.termOffsets, shard.termText, term)

/** @param lang BCP 47; the name is filled in where the bank has names of that language */
export function labelAt(shard: Shard, row: number, lang?: string): Label {
  const id = shard.rowTerms[row]!
  const term = termAt(shard, id)
  // The pieces are joined, not replaced: a term may hold `$&` or `{}`.
  const text = shard.meta.templates[shard.rowTemplates[row]!]!.split('{}').join(term)
  const name =
    shard.names && language(lang) === language(shard.meta.names) ? slice(shard.names.offsets, shard.names.text, id) : ''
  return { text, term, ...(name && { name }), flags: flagsOf(shard.flags[id]!) }
}

/** `zh-Hans-CN` and `ZH` are `zh`. */
const language = (tag: string | null | undefined): string | undefined => tag?.toLowerCase().split('-')[0]

/** @returns the row's vector as it is stored, `dims` numbers */
export function vectorAt(shard: Shard, row: number): Float32Array {
  const { dims, stride, rows, rowScales } = shard
  const at = rows.byteOffset + row * stride
  if (rowScales) {
    const scale = rowScales[row]!
    const stored = new Int8Array(rows.buffer, at, dims)
    const vector = new Float32Array(dims)
    for (let i = 0; i < dims; i++) vector[i] = stored[i]! * scale
    return vector
  }
  if (shard.dtype === 'f16') return Float32Array.from(new Uint16Array(rows.buffer, at, dims), fromHalf)
  return new Float32Array(rows.buffer, at, dims).slice()
}
