/** The text vectors of a model: those that are committed, and its text tower for all others. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { createTextEncoder } from '../src/encoder/index.ts'
import { TermlensError } from '../src/errors.ts'
import { once } from '../src/once.ts'
import type { ModelSpec, TextEncoder as TextVectors } from '../src/types.ts'
import { openTextCache } from './text-cache.ts'

/**
 * The tower is loaded at the first text that the cache does not have. A text's vector never depends on the other texts.
 * @throws TermlensError `setup_missing`; when encoding `text_unknown` where there is no tower
 */
export async function openTexts(modelDir: string, spec: ModelSpec): Promise<TextVectors> {
  const cache = await openTextCache(modelDir, spec)
  const tower = once(() => loadTower(modelDir, spec))
  return {
    async encode(texts) {
      const unknown = [...new Set(texts.filter((text) => !cache.has(text)))]
      if (unknown.length === 0 || !spec.text.tower) return cache.encode(texts)
      const vectors = await (await tower()).encode(unknown)
      const made = new Map(unknown.map((text, i) => [text, vectors[i]!]))
      const known = await cache.encode(texts.filter((text) => !made.has(text)))
      let next = 0
      return texts.map((text) => made.get(text) ?? known[next++]!)
    },
  }
}

async function loadTower(modelDir: string, spec: ModelSpec): Promise<TextVectors> {
  const { tower } = spec.text
  if (!tower) throw new TermlensError('text_unknown', `The model ${spec.name} has no text tower.`)
  const [model, tokenizer] = await Promise.all([
    readPart(join(modelDir, tower.file)),
    readPart(join(modelDir, tower.tokenizer)),
  ])
  return createTextEncoder({
    spec: { embedding_size: spec.embedding_size, text: { tower } },
    model,
    tokenizer: JSON.parse(new TextDecoder().decode(tokenizer)) as object,
    wasm: ortWasm,
  })
}

const readPart = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(
    await readFile(path).catch((cause) => {
      throw new TermlensError('setup_missing', `The text tower's file ${path} could not be read.`, { cause })
    }),
  )
