/** What the foreign routes share: the switch, failures of this server, state, confidences. */
import { describe, expect, test } from 'vitest'
import { TermlensError } from '../../../src/errors.ts'
import { memoryState, SharedStateObject } from '../../../src/http/compat/index.ts'
import { tagConfidence } from '../../../src/tagger/index.ts'
import { localApp, logged } from './local-app.ts'

const post = (app: ReturnType<typeof localApp>, path: string, body: unknown) =>
  app.request(path, { method: 'POST', body: JSON.stringify(body) })

const picture = `data:image/png;base64,${btoa('a picture that is never decoded, for the engine fails before it is')}`

test('a setting switches every foreign route off', async () => {
  const app = localApp({ settings: { compat: false } })
  for (const path of ['/sdapi/v1/options', '/config', '/health-check', '/interrogator/models', '/gradio_api/info']) {
    const response = await app.request(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  }
  expect((await post(app, '/v1/predictions', { input: {} })).status).toBe(404)
})

describe('failures of this server', () => {
  const failing = (error: Error) => localApp({ engine: () => Promise.reject(error) })
  const busy = failing(new TermlensError('overloaded', '33 pictures are here already.'))
  const broken = failing(new Error('a path of this machine'))
  const calls: [path: string, body: object, busy: number][] = [
    ['/sdapi/v1/interrogate', { image: picture }, 503],
    ['/interrogator/analyze', { image: picture }, 503],
    ['/tagger/v1/interrogate', { image: picture, model: 'wd14-vit' }, 503],
    ['/sdapi/v1/caption', { image: picture, backend: 'tagger' }, 503],
    ['/predictions', { input: { image: picture } }, 409],
    ['/v1/predictions', { input: { image: picture } }, 429],
    ['/run/clipi2', { data: [picture, 'fast', 4] }, 500],
  ]

  test.each(calls)(
    '%s: busy has the status at which its clients wait, a bug tells nothing of its inside',
    async (path, body, status) => {
      const refused = await post(busy, path, body)
      expect(refused.status).toBe(status)
      if (status !== 500) expect(refused.headers.get('Retry-After')).toBe('1')
      logged.length = 0
      const failed = await post(broken, path, body)
      expect(failed.status).toBe(500)
      expect(await failed.text()).not.toContain('path of this machine')
      expect(logged).toMatchObject([
        { level: 'error', code: 'internal', path, error: expect.stringContaining('this machine') },
      ])
    },
  )

  test('a container that cannot start says so with 200', async () => {
    const response = await broken.request('/health-check')
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ status: 'SETUP_FAILED' })
  })
})

test('a body without end is read no further than is allowed', async () => {
  let sent = 0
  const endless = new ReadableStream({
    pull(controller) {
      sent += 65_536
      controller.enqueue(new Uint8Array(65_536).fill(65))
    },
  })
  const request = new Request('http://localhost/sdapi/v1/interrogate', {
    method: 'POST',
    body: endless,
    duplex: 'half',
  } as RequestInit)
  expect((await localApp().fetch(request)).status).toBe(413)
  expect(sent).toBeLessThan(12_000_000)
})

describe('shared state', () => {
  test('in memory: values end with their time, the oldest make room, and are copies', async () => {
    let now = 0
    const state = memoryState({ most: 2, now: () => now })
    const value = { n: 1 }
    await state.put('s/a', value, 10)
    value.n = 2
    expect(await state.get('s/a')).toEqual({ n: 1 })
    await state.put('s/b', 2, 1)
    expect(await state.list('s')).toEqual([['s/a', { n: 1 }], ['s/b', 2]]) // biome-ignore format: pairs
    now = 1001
    expect(await state.list('s')).toEqual([['s/a', { n: 1 }]])
    await state.put('t/c', 3, 10)
    await state.put('t/d', 4, 10)
    expect(await state.get('s/a')).toBeUndefined()
    await state.remove('t/c')
    expect(await state.list('t')).toEqual([['t/d', 4]])
    expect(await state.list('')).toEqual([])
  })

  test('in an object: an alarm removes what is over, and the whole storage with the last', async () => {
    const map = new Map<string, unknown>()
    const alarms: number[] = []
    const storage = {
      get: async (key: string) => map.get(key),
      put: async (key: string, value: unknown) => void map.set(key, value),
      delete: async (key: string) => map.delete(key),
      list: async () => new Map(map),
      deleteAll: async () => map.clear(),
      getAlarm: async () => alarms.at(-1) ?? null,
      setAlarm: async (time: number) => void alarms.push(time),
    }
    const object = new SharedStateObject({ storage })
    const put = (key: string, ttl: number) =>
      object.fetch(
        new Request('http://x/', { method: 'POST', body: JSON.stringify({ do: 'put', key, value: 1, ttl }) }),
      )
    await put('s/a', -1)
    await put('s/b', 100)
    expect(alarms).toHaveLength(1)
    await object.alarm()
    expect([...map.keys()]).toEqual(['s/b'])
    expect(alarms.at(-1)! - Date.now()).toBeGreaterThan(90_000)
    map.set('s/b', { value: 1, until: 0 })
    await object.alarm()
    expect(map.size).toBe(0)
  })
})

test('confidence grows with the score, between 0 and 1', () => {
  const scores = [-5, -1, 0, 1, 2, 2.5, 3, 5, 9]
  const confidences = scores.map(tagConfidence)
  expect(confidences).toEqual(confidences.toSorted((a, b) => a - b))
  expect(confidences[0]).toBeGreaterThan(0)
  expect(confidences.at(-1)).toBeLessThan(1)
  expect(tagConfidence(2.5)).toBe(0.5)
  expect(tagConfidence(2)).toBeCloseTo(0.35, 2)
})
