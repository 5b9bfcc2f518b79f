/**
 * A `TextEncoder` that looks texts up among the committed vectors of a model without a text tower:
 * `<cache>.txt` has one text a line, sorted by code point, and `<cache>.bin` a row of f16 (little-endian) for each.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TermlensError } from '../src/errors.ts'
import { fromHalf } from '../src/term-index/half.ts'
import type { ModelSpec, TextEncoder as TextVectors } from '../src/types.ts'

/** How many unknown texts an error names. */
const NAMED = 10

/** @throws TermlensError `setup_missing` where the files are missing or do not fit the model */
export async function openTextCache(modelDir: string, spec: ModelSpec): Promise<TextCache> {
  const { cache } = spec.text
  if (!cache) throw setup(`The model ${spec.name} comes without text vectors.`)
  const path = join(modelDir, cache)
  let files: [string, Buffer]
  try {
    files = await Promise.all([readFile(`${path}.txt`, 'utf8'), readFile(`${path}.bin`)])
  } catch (cause) {
    throw setup(`The text vectors of ${spec.name} could not be read: ${path}.txt, ${path}.bin.`, cause)
  }
  const texts = files[0].split(/\r?\n/)
  if (texts.at(-1) === '') texts.pop()
  const { embedding_size: dims } = spec
  if (files[1].length !== 2 * dims * texts.length) {
    throw setup(
      `${path}.bin has ${files[1].length} bytes; ${texts.length} texts of ${dims} dimensions need ${2 * dims * texts.length}.`,
    )
  }
  return new TextCache(spec.name, texts, files[1], dims)
}

export class TextCache implements TextVectors {
  readonly size: number
  readonly #model: string
  readonly #dims: number
  readonly #row: ReadonlyMap<string, number>
  readonly #vectors: DataView

  /** @param vectors `texts.length × dims` f16, little-endian */
  constructor(model: string, texts: readonly string[], vectors: Uint8Array, dims: number) {
    this.size = texts.length
    this.#model = model
    this.#dims = dims
    this.#row = new Map(texts.map((text, i) => [text, i]))
    this.#vectors = new DataView(vectors.buffer, vectors.byteOffset, vectors.byteLength)
  }

  has(text: string): boolean {
    return this.#row.has(text)
  }

  /** @throws TermlensError `text_unknown` naming the texts that are not among the vectors */
  async encode(texts: string[]): Promise<Float32Array[]> {
    const unknown = texts.filter((text) => !this.#row.has(text))
    if (unknown.length > 0) {
      const named = [...new Set(unknown)].slice(0, NAMED).map((text) => `"${text}"`)
      throw new TermlensError(
        'text_unknown',
        `${unknown.length} texts have no vector for ${this.#model}: ${named.join(', ')}${unknown.length > NAMED ? ', …' : ''}.`,
      )
    }
    return texts.map((text) => this.#vector(this.#row.get(text)!))
  }

  #vector(row: number): Float32Array {
    const vector = new Float32Array(this.#dims)
    for (let i = 0; i < this.#dims; i++) vector[i] = fromHalf(this.#vectors.getUint16(2 * (row * this.#dims + i), true))
    return vector
  }
}

const setup = (message: string, cause?: unknown): TermlensError =>
  new TermlensError('setup_missing', message, { cause })
