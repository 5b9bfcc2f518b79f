/** The text tower in Node: the vectors of Python's onnxruntime, the same at every call, within its memory. */
import { readFileSync } from 'node:fs'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapBytes } from '../../src/encoder/index.ts'
import { createSession } from '../../src/encoder/runtime.ts'
import { createTextEncoder } from '../../src/encoder/text-encoder.ts'
import type { TextEncoder, TextTower } from '../../src/types.ts'

const folder = new URL('../../assets/models/termlens-lite0/', import.meta.url)
const readJson = (url: URL) => JSON.parse(readFileSync(url, 'utf8'))
const { tower } = readJson(new URL('text.json', folder)) as { tower: TextTower }
const { embedding_size } = readJson(new URL('model.json', folder)) as { embedding_size: number }
const recorded = readJson(new URL('../fixtures/text/embeddings.json', import.meta.url)) as {
  digest: string
  embeddings: [string, number[]][]
}
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const spec = { embedding_size, text: { tower } }
const tokenizer = readJson(new URL(tower.tokenizer, folder)) as object
const load = (model: Uint8Array) => createTextEncoder({ spec, model, tokenizer, wasm: ortWasm })

const cosine = (a: Float32Array, b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...b)

describe('the text tower', () => {
  const texts = recorded.embeddings.map(([text]) => text)
  let encoder: TextEncoder
  let before: number

  beforeAll(async () => {
    const smallest = new Uint8Array(readFileSync(new URL('../fixtures/text/identity.onnx', import.meta.url)))
    await createSession(ortWasm, smallest, 'onnx')
    before = heapBytes()
    encoder = await load(read(tower.file))
  })

  test('is the one whose vectors were recorded', async () => {
    const digest = await crypto.subtle.digest('SHA-256', read(tower.file) as Uint8Array<ArrayBuffer>)
    expect(Buffer.from(digest).toString('hex')).toBe(tower.digest)
    expect(recorded.digest).toBe(tower.digest)
    expect(texts).toHaveLength(50)
  })

  test('is at most 8 MB to download, and 8 MiB with its tokenizer', () => {
    expect(read(tower.file).length).toBeLessThanOrEqual(8_000_000)
    expect(read(tower.file).length + read(tower.tokenizer).length).toBeLessThanOrEqual(8 * 2 ** 20)
  })

  test('agrees with Python', async () => {
    const vectors = await encoder.encode(texts)
    const cosines = vectors.map((vector, i) => cosine(vector, recorded.embeddings[i]![1]))
    expect(Math.min(...cosines)).toBeGreaterThanOrEqual(0.9999)
  })

  test('gives unit vectors', async () => {
    for (const vector of await encoder.encode(texts.slice(0, 5))) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
  })

  test("a text's vector depends on nothing but the text", async () => {
    const together = await encoder.encode(texts)
    const backwards = (await encoder.encode(texts.toReversed())).toReversed()
    const alone = await Promise.all(texts.map(async (text) => (await encoder.encode([text]))[0]!))
    expect(backwards).toEqual(together)
    expect(alone).toEqual(together)
  })

  test('the empty text, blanks and a very long text have vectors', async () => {
    const [empty, blank, long, longer] = await encoder.encode(['', ' \n', 'dog '.repeat(200), 'dog '.repeat(20_000)])
    expect(empty).toEqual(blank)
    expect(long).toEqual(longer)
  })

  test('no texts give no vectors', async () => {
    expect(await encoder.encode([])).toEqual([])
  })

  test('its heap is within the plan', () => {
    expect(heapBytes() - before).toBeLessThanOrEqual(18_000_000)
  })

  test('damaged weights give model_load_failed, and the next load works', async () => {
    const good = read(tower.file)
    for (const bad of [
      new Uint8Array(1000),
      good.slice(0, 1_000_000),
      new Uint8Array([0x1f, 0x8b, 8]),
      good.slice(100),
    ])
      await expect(load(bad)).rejects.toMatchObject({ code: 'model_load_failed' })
    const again = await load(good)
    expect(await again.encode(texts.slice(0, 2))).toEqual(await encoder.encode(texts.slice(0, 2)))
  })
})
