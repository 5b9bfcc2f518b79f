/** Many clients at once in a fresh isolate: one load for all, no one waits for whoever left, and a failure is not for ever. */
import { env, exports } from 'cloudflare:workers'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { describe, expect, test } from 'vitest'
import { createVision, heapBytes, loadEncoder, MOST_WAITING } from '../../src/vision.ts'
import { createWorker } from '../../src/worker-base.ts'
import golden from '../fixtures/model/golden.json'
import { picture } from './pictures.ts'

const CLIENTS = 20
const image = await picture(Object.keys(golden.embeddings)[0]!)

const request = (path = '/v1/interrogate', signal?: AbortSignal) =>
  new Request(`https://termlens.test${path}`, { method: 'POST', body: image, ...(signal && { signal }) })

/**
 * A Worker of its own, as a new isolate would have it. `fetched` lists the assets it asked for; those that `fail` picks do not come,
 * and the model comes not before `until`.
 */
function freshWorker({ fail = () => false, until }: { fail?: (path: string) => boolean; until?: Promise<void> } = {}) {
  const fetched: string[] = []
  const pending: Promise<unknown>[] = []
  const worker = createWorker({
    createVision: (spec, read) => createVision(spec, () => loadEncoder(read, spec, ortWasm)),
    heapBytes,
  })
  const ASSETS = {
    async fetch(input: Request | URL | string) {
      const path = new URL(input instanceof Request ? input.url : input).pathname
      fetched.push(path)
      if (/\/vision\./.test(path)) await until
      if (fail(path)) throw new Error('the asset store is away')
      return env.ASSETS.fetch(input)
    },
  }
  const call = (sent: Request) => worker.fetch(sent, { ASSETS }, { waitUntil: (promise) => void pending.push(promise) })
  return { call, fetched, settled: () => Promise.allSettled(pending) }
}

const promptOf = async (response: Response) => {
  const body = (await response.json()) as { prompt?: string; code?: string }
  expect({ status: response.status, code: body.code }).toEqual({ status: 200, code: undefined })
  return body.prompt
}

describe('first requests', () => {
  test('twenty at once are all answered, with the same prompt', async () => {
    const answers = await Promise.all(Array.from({ length: CLIENTS }, () => exports.default.fetch(request())))
    const prompts = await Promise.all(answers.map(promptOf))
    expect(new Set(prompts).size).toBe(1)
  })

  test('share one load: no asset is fetched twice', async () => {
    const { call, fetched } = freshWorker()
    const prompts = await Promise.all(Array.from({ length: CLIENTS }, async () => promptOf(await call(request()))))
    expect(new Set(prompts).size).toBe(1)
    expect(fetched.filter((path) => path.includes('/models/')).length).toBeGreaterThan(0)
    expect([...new Set(fetched)]).toEqual(fetched)
  })

  test('are read one after the other, in the order they came', async () => {
    const { call } = freshWorker()
    await call(request())
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        expect((await call(request('/v1/embed'))).status).toBe(200)
        order.push(i)
      }),
    )
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('a client that leaves', () => {
  test('takes nothing from the others, even when its request began the load', async () => {
    const { call, fetched, settled } = freshWorker()
    const gone = new AbortController()
    const left = call(request('/v1/embed', gone.signal))
    const others = Array.from({ length: 5 }, async () => promptOf(await call(request())))
    gone.abort()
    expect(new Set(await Promise.all(others)).size).toBe(1)
    expect((await left).status).not.toBe(500)
    await settled()
    expect([...new Set(fetched)]).toEqual(fetched)
  })

  test('through the runtime, too', async () => {
    const gone = new AbortController()
    const left = exports.default.fetch(request('/v1/embed', gone.signal)).catch(() => undefined)
    const others = Array.from({ length: 3 }, async () => promptOf(await exports.default.fetch(request())))
    gone.abort()
    expect(new Set(await Promise.all(others)).size).toBe(1)
    await left
  })
})

describe('a load that failed', () => {
  test.each([
    ['the index', /manifest\.json/, 500, 'index_invalid'],
    ['the model', /\/models\/.*\.(ort|onnx)/, 503, 'model_load_failed'],
  ])('of %s is tried again by the next request', async (_, path, status, code) => {
    let away = true
    const { call } = freshWorker({ fail: (asset) => away && path.test(asset) })
    const refused = await Promise.all([call(request()), call(request())])
    for (const response of refused) {
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ code })
    }
    away = false
    expect(await promptOf(await call(request()))).toBeTruthy()
  })
})

describe('more clients than there is room for', () => {
  test('are told to come again, at once, and those who wait are answered', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const { call } = freshWorker({ until: opened })
    const places = MOST_WAITING + 1
    const asked = Array.from({ length: places + 5 }, () => call(request('/v1/embed')))
    const refused = await Promise.race(asked)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ code: 'overloaded' })
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    open()
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(places)
    expect(statuses.filter((status) => status === 503)).toHaveLength(5)
  })
})
