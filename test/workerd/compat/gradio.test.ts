/** The Space's call over HTTP and over the queue, in workerd. test/http/compat drives the real clients. */
import * as workers from 'cloudflare:workers'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { describe, expect, test } from 'vitest'
import { loadEngine, type ReadAsset } from '../../../src/engine.ts'
import { createApp } from '../../../src/http/app.ts'
import { durableState, type ObjectNamespace, SharedStateObject } from '../../../src/http/compat/index.ts'
import { once } from '../../../src/once.ts'
import { createVision, loadEncoder } from '../../../src/vision.ts'
import { address, body, bytes, dataUri, get, HOST, post, readable, unreadable } from './call.ts'

type Result = { data: unknown[]; is_generating: boolean; duration: number }

const prompt = expect.stringContaining('chair')
const shown = { __type__: 'update', visible: true }

describe('gradio 3', () => {
  test.each([
    '/run/clipi2',
    '/run/clipi2/',
    '/api/clipi2',
    '/api/clipi2/',
    '/gradio_api/run/clipi2',
    '/gradio_api/api/clipi2',
  ])('POST %s', async (path) => {
    const { data, is_generating } = await body<Result>(post(path, { data: [dataUri, 'best', 4] }))
    expect(data).toEqual([prompt, shown, shown, shown])
    expect(is_generating).toBe(false)
  })

  test('by index of the function, and as the oldest Space was called', async () => {
    const fast = (await body<Result>(post('/run/clipi2', { data: [dataUri, 'fast', 4] }))).data[0]
    const older = [dataUri, 'ViT-L (best for Stable Diffusion 1.*)', 'fast']
    for (const path of ['/run/predict', '/api/predict/']) {
      expect((await body<Result>(post(path, { data: older, fn_index: 1, session_hash: 'x' }))).data[0]).toBe(fast)
    }
  })

  test('another mode is fast; the number of flavors counts in best, as a text too', async () => {
    const ask = async (...options: unknown[]) =>
      (await body<Result>(post('/run/clipi2', { data: [dataUri, ...options] }))).data[0] as string
    expect(await ask('slow', 4)).toBe(await ask('fast', 24))
    expect(await ask('best', '3')).toBe(await ask('best', 3))
    expect(await ask('best')).toBe(await ask('best', 4))
  })

  test.each(Object.entries(readable))('reads %s', async (_, image) => {
    expect((await body<Result>(post('/run/clipi2', { data: [image, 'fast', 4] }))).data[0]).toEqual(expect.any(String))
  })

  test.each(Object.entries({ ...unreadable, 'an address': address }))('%s is 500 with a text', async (_, image) => {
    for (const value of [image, { path: image }, { is_file: true, name: image, data: null }]) {
      expect(await body(post('/run/clipi2', { data: [value, 'fast', 4] }), 500)).toEqual({
        error: expect.stringMatching(/\./),
      })
    }
  })

  test('what is no call', async () => {
    expect(await body(post('/run/other', { data: [] }), 500)).toEqual({
      error: 'This app has no endpoint /api/other/.',
    })
    expect((await post('/run/clipi2', { data: 'x' })).status).toBe(422)
    expect(await body(post('/run/clipi2', { data: [] }), 500)).toEqual({ error: expect.stringContaining('no image') })
  })

  test('its Python client is told of no queue', async () => {
    const config = await body(get('/config', { 'User-Agent': 'gradio_client/0.5.0; python/3.11' }))
    expect(config).toMatchObject({ enable_queue: false, version: expect.stringMatching(/^3\./) })
    expect(config.protocol).toBeUndefined()
  })
})

describe('gradio 4 and later', () => {
  const upload = async (path: string) => {
    const form = new FormData()
    form.append('files', new File([bytes], 'chair.webp', { type: 'image/webp' }))
    return body<string[]>(workers.exports.default.fetch(`${HOST}${path}`, { method: 'POST', body: form }))
  }

  test.each(['', '/gradio_api'])('upload, call and stream under "%s"', async (prefix) => {
    const [path] = await upload(`${prefix}/upload`)
    const file = { path, orig_name: 'chair.webp', meta: { _type: 'gradio.FileData' } }
    const { event_id } = await body<{ event_id: string }>(post(`${prefix}/call/clipi2`, { data: [file, 'best', 4] }))
    const stream = await get(`${prefix}/call/clipi2/${event_id}`)
    expect(stream.headers.get('Content-Type')).toContain('text/event-stream')
    const [, event, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(await stream.text()) ?? []
    expect(event).toBe('complete')
    expect(JSON.parse(data!)).toEqual([prompt, shown, shown, shown])
  })

  test('arguments by name; a failure is told in the stream', async () => {
    const named = { image: { path: dataUri }, mode: 'fast' }
    const made = await body<{ event_id: string }>(post('/gradio_api/call/v2/clipi2', named))
    expect(await (await get(`/gradio_api/call/v2/clipi2/${made.event_id}`)).text()).toMatch(/^event: complete\n/)
    const failed = await body<{ event_id: string }>(post('/gradio_api/call/clipi2', { data: [address, 'fast', 4] }))
    expect(await (await get(`/gradio_api/call/clipi2/${failed.event_id}`)).text()).toMatch(
      /^event: error\ndata: "The image is an address/,
    )
    expect((await get('/gradio_api/call/clipi2/unknown')).status).toBe(404)
  })

  test('a text in the prompt that looks like a frame stays inside its own', async () => {
    const name = btoa(JSON.stringify({ error: 'a\n\nevent: complete\ndata: []' })).replaceAll('=', '')
    expect(await (await get(`/gradio_api/call/clipi2/${name}`)).text()).toBe(
      'event: error\ndata: "a\\n\\nevent: complete\\ndata: []"\n\n',
    )
  })

  test('without shared state the configuration announces no queue, and a call through it is refused with a hint', async () => {
    if ('TERMLENS_STATE' in workers.env) return
    const config = await body(get('/config'))
    expect(config).toMatchObject({ enable_queue: false, hint: expect.stringContaining('no queue'), root: HOST })
    const refused = await body(post('/gradio_api/queue/join', { data: [dataUri, 'fast', 4], session_hash: 'x' }), 422)
    expect(refused).toMatchObject({ hint: expect.stringContaining('/gradio_api/call/clipi2') })
    expect((await get('/gradio_api/queue/data?session_hash=x')).status).toBe(422)
  })

  test('description and session routes', async () => {
    const info = await body<{ named_endpoints: Record<string, { parameters: { parameter_name: string }[] }> }>(
      get('/gradio_api/info?serialize=False'),
    )
    const names = info.named_endpoints['/clipi2']?.parameters.map(({ parameter_name }) => parameter_name)
    expect(names).toEqual(['image', 'mode', 'best_max_flavors'])
    for (const way of ['reset', 'cancel']) await body(post(`/gradio_api/${way}`, { event_id: 'x' }))
    const heartbeat = await get('/gradio_api/heartbeat/x')
    const reader = heartbeat.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value as Uint8Array)).toBe('data: ALIVE\n\n')
    await reader.cancel()
  })
})

describe('the queue, between two instances of the Worker', () => {
  /** The binding where the Worker has it, otherwise the class itself over storage in memory. */
  const bound = (workers.env as { TERMLENS_STATE?: ObjectNamespace }).TERMLENS_STATE
  const namespace = bound ?? objectsInMemory()

  const instance = () => {
    const read: ReadAsset = (path) => workers.env.ASSETS.fetch(new URL(path, 'https://assets.local'))
    return createApp({
      engine: once(async () => {
        const engine = await loadEngine(read)
        return { ...engine, see: createVision(engine.spec, () => loadEncoder(read, engine.spec, ortWasm)) }
      }),
      state: () => ({ loaded: true, memory: {} }),
      site: async () => new Response(null, { status: 404 }),
      log: () => undefined,
      shared: durableState(namespace),
    })
  }
  const [first, second] = [instance(), instance()]

  const join = async (app: typeof first, session_hash: string, data: unknown[]) => {
    const init = { method: 'POST', body: JSON.stringify({ data, fn_index: 0, session_hash }) }
    return (await body<{ event_id: string }>(app.request(`${HOST}/gradio_api/queue/join?`, init))).event_id
  }
  const follow = async (app: typeof first, session: string) => {
    const text = await (await app.request(`${HOST}/gradio_api/queue/data?session_hash=${session}`)).text()
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(/^data: (.*)$/.exec(line)![1]!) as Record<string, unknown>)
  }

  test('what one was told, the other answers', async () => {
    expect(await body(first.request(`${HOST}/config`))).toMatchObject({ enable_queue: true, protocol: 'sse_v3' })
    const event_id = await join(first, 'one', [dataUri, 'fast', 4])
    expect(await follow(second, 'one')).toEqual([
      { msg: 'process_starts', event_id },
      {
        msg: 'process_completed',
        event_id,
        output: {
          data: [prompt, shown, shown, shown],
          is_generating: false,
          duration: expect.any(Number),
          average_duration: expect.any(Number),
        },
        success: true,
      },
      { msg: 'close_stream', event_id: null },
    ])
  })

  test('calls at once on a session are all told; a failure is told as one; nothing is told twice', async () => {
    const ids = await Promise.all([
      join(first, 'two', [dataUri, 'fast', 4]),
      join(second, 'two', [dataUri, 'classic', 4]),
      join(first, 'two', [address, 'fast', 4]),
    ])
    const completed = (await follow(second, 'two')).filter(({ msg }) => msg === 'process_completed')
    expect(completed.map(({ event_id }) => event_id).sort()).toEqual(ids.toSorted())
    expect(completed.find(({ event_id }) => event_id === ids[2])).toMatchObject({
      success: false,
      output: { error: expect.stringContaining('address') },
    })
    const id = await join(first, 'two', [dataUri, 'fast', 4])
    const again = (await follow(first, 'two')).filter(({ msg }) => msg === 'process_completed')
    expect(again.map(({ event_id }) => event_id)).toEqual([id])
  })

  test('a session that is no name is refused', async () => {
    const init = { method: 'POST', body: JSON.stringify({ data: [dataUri], session_hash: 'a/b' }) }
    expect((await first.request(`${HOST}/gradio_api/queue/join`, init)).status).toBe(422)
    expect((await first.request(`${HOST}/gradio_api/queue/data?session_hash=a/b`)).status).toBe(404)
  })

  test('a prediction that one made the other finds', async () => {
    const init = { method: 'POST', body: JSON.stringify({ input: { image: dataUri, mode: 'fast' } }) }
    const made = await body<{ id: string }>(first.request(`${HOST}/v1/predictions`, init), 201)
    expect(await body(second.request(`${HOST}/v1/predictions/${made.id}`))).toEqual(made)
    expect((await second.request(`${HOST}/v1/predictions/other`)).status).toBe(404)
  })
})

/** A namespace of `SharedStateObject`s whose storage is a map. */
function objectsInMemory(): ObjectNamespace {
  const objects = new Map<string, SharedStateObject>()
  const create = () => {
    const map = new Map<string, unknown>()
    const storage = {
      get: async (key: string) => map.get(key),
      put: async (key: string, value: unknown) => void map.set(key, structuredClone(value)),
      delete: async (key: string) => map.delete(key),
      list: async ({ prefix = '' } = {}) => new Map([...map].filter(([key]) => key.startsWith(prefix)).sort()),
      deleteAll: async () => map.clear(),
      getAlarm: async () => null,
      setAlarm: async () => undefined,
    }
    return new SharedStateObject({ storage })
  }
  return {
    idFromName: (name) => name,
    get: (id: string) => {
      if (!objects.has(id)) objects.set(id, create())
      const object = objects.get(id)!
      return { fetch: (input, init) => object.fetch(new Request(input, init)) }
    },
  }
}
