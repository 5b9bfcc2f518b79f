/** The encoder in workerd: the same vectors as Python's onnxruntime, the same at every call. */

import { env } from 'cloudflare:workers'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { describe, expect, test } from 'vitest'
import { startClock } from '../../src/clock.ts'
import { createImageEncoder, heapBytes, parseModelSpec } from '../../src/encoder/index.ts'
import type { ModelSpec } from '../../src/types.ts'
import { createVision, loadEncoder } from '../../src/vision.ts'
import golden from '../fixtures/model/golden.json'
import { picture } from './pictures.ts'

const read = (path: string) => env.ASSETS.fetch(`https://assets.local/${path}`)
const readSpec = async (): Promise<ModelSpec> =>
  parseModelSpec(await (await read(`models/${golden.model}/model.json`)).json())

const cosine = (a: Float32Array, b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

describe('the embedded model', () => {
  test('agrees with Python, twice, whatever came between', async () => {
    const spec = await readSpec()
    expect(spec.digest).toBe(golden.digest)
    const see = createVision(spec, () => loadEncoder(read, spec, ortWasm))
    const names = Object.keys(golden.embeddings) as (keyof typeof golden.embeddings)[]
    const encodeAll = () => Promise.all(names.map(async (name) => see(await picture(name), startClock())))
    const first = await encodeAll()
    const pressure = Array.from({ length: 50 }, () => new Uint8Array(1_000_000))
    const second = await encodeAll()
    expect(pressure.length).toBe(50)
    names.forEach((name, i) => {
      expect(cosine(first[i]!, golden.embeddings[name])).toBeGreaterThan(0.999)
      expect(second[i]).toEqual(first[i])
    })
  })

  test('its heap is within the plan', () => {
    expect(heapBytes()).toBeGreaterThan(10_000_000)
    expect(heapBytes()).toBeLessThanOrEqual(44_000_000)
  })

  test('a failed load is tried again by the next picture, and concurrent ones share a load', async () => {
    const spec = await readSpec()
    let loads = 0
    const see = createVision(spec, async () => {
      loads++
      if (loads === 1) throw new Error('the first load fails')
      return loadEncoder(read, spec, ortWasm)
    })
    const image = await picture(Object.keys(golden.embeddings)[0]!)
    await expect(see(image, startClock())).rejects.toThrow('the first load fails')
    await Promise.all(Array.from({ length: 4 }, () => see(image, startClock())))
    expect(loads).toBe(2)
  })

  test('weights that are no model give model_load_failed, and the next load works', async () => {
    const spec = await readSpec()
    const load = (model: Uint8Array) => createImageEncoder({ spec, model, wasm: ortWasm })
    await expect(load(new Uint8Array(1000))).rejects.toMatchObject({ code: 'model_load_failed' })
    const model = new Uint8Array(await (await read(`models/${spec.name}/${spec.vision.file}`)).arrayBuffer())
    await expect(load(model)).resolves.toBeDefined()
  })
})
