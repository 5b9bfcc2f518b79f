/** The text tower in workerd: the vectors of Python's onnxruntime, the same at every call, beside the image tower. */

import { env } from 'cloudflare:workers'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { expect, test } from 'vitest'
import { heapBytes, parseModelSpec } from '../../src/encoder/index.ts'
import { createTextEncoder } from '../../src/encoder/text-encoder.ts'
import type { TextTower } from '../../src/types.ts'
import { loadEncoder } from '../../src/vision.ts'
import recorded from '../fixtures/text/embeddings.json'

const read = (path: string) => env.ASSETS.fetch(`https://assets.local/${path}`)
const readModel = (name: string) => read(`models/termlens-lite0/${name}`)

/** onnxruntime's heap: 44 MB are planned for the image tower, 18 for the text tower. */
const BOTH_TOWERS = 62_000_000

const cosine = (a: Float32Array, b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...b)

test('the text tower agrees with Python, twice, and fits beside the image tower', async () => {
  const spec = parseModelSpec(await (await readModel('model.json')).json())
  const { tower } = (await (await readModel('text.json')).json()) as { tower: TextTower }
  await loadEncoder(read, spec, ortWasm)
  const encoder = await createTextEncoder({
    spec: { embedding_size: spec.embedding_size, text: { tower } },
    model: new Uint8Array(await (await readModel(tower.file)).arrayBuffer()),
    tokenizer: (await (await readModel(tower.tokenizer)).json()) as object,
    wasm: ortWasm,
  })
  const rows = recorded.embeddings as [string, number[]][]
  const texts = rows.map(([text]) => text)
  const first = await encoder.encode(texts)
  const second = await encoder.encode(texts.toReversed())
  expect(second.toReversed()).toEqual(first)
  const cosines = first.map((vector, i) => cosine(vector, rows[i]![1]))
  expect(Math.min(...cosines)).toBeGreaterThanOrEqual(0.9999)
  expect(heapBytes()).toBeLessThanOrEqual(BOTH_TOWERS)
})
