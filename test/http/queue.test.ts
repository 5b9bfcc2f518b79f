/** One picture at a time, in order; who comes when too many wait is told to come again. */
import { describe, expect, test } from 'vitest'
import { startClock } from '../../src/clock.ts'
import type { ModelSpec } from '../../src/types.ts'
import { createQueue, createVision, MOST_WAITING } from '../../src/vision.ts'
import { createService } from './service.ts'

const overloaded = expect.objectContaining({ code: 'overloaded', status: 503 })

describe('the queue', () => {
  test('gives turns in the order of arrival', async () => {
    const queue = createQueue(10)
    const order: number[] = []
    await Promise.all(
      [1, 2, 3].map(async (n) => {
        const leave = await queue()
        order.push(n)
        await new Promise((resolve) => setTimeout(resolve, 5 - n))
        order.push(n)
        leave()
      }),
    )
    expect(order).toEqual([1, 1, 2, 2, 3, 3])
  })

  test('refuses whoever finds it full, at once, and takes the next when there is room', async () => {
    const queue = createQueue(2)
    const leave = await queue()
    const waiting = [queue(), queue()]
    await expect(queue()).rejects.toEqual(overloaded)
    leave()
    ;(await waiting[0]!)()
    ;(await waiting[1]!)()
    await expect(queue()).resolves.toBeTypeOf('function')
  })
})

describe('over HTTP', () => {
  test('a full queue answers 503 with Retry-After, and those who wait get their answers', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const queue = createQueue(MOST_WAITING)
    const { post } = createService({
      see: async () => {
        const leave = await queue()
        await opened
        leave()
        return Float32Array.from({ length: 16 }, (_, i) => Number(i === 0))
      },
    })
    const places = MOST_WAITING + 1
    const asked = Array.from({ length: places + 5 }, () => post('/v1/embed', Uint8Array.of(1)))
    const first = await Promise.race(asked)
    expect(first.status).toBe(503)
    expect(await first.json()).toMatchObject({ code: 'overloaded' })
    expect(Number(first.headers.get('Retry-After'))).toBeGreaterThan(0)
    open()
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(places)
    expect(statuses.filter((status) => status === 503)).toHaveLength(5)
  })
})

describe('who leaves while waiting', () => {
  const spec = { image: { size: 224 } } as ModelSpec

  test('is not read, and the next has its turn', async () => {
    const see = createVision(spec, async () => {
      throw new Error('the encoder is not needed here')
    })
    const gone = new AbortController()
    const bad = new Uint8Array(10)
    const first = see(bad, startClock())
    const left = see(bad, startClock(), gone.signal)
    const last = see(bad, startClock())
    gone.abort()
    await expect(first).rejects.toMatchObject({ code: 'image_unsupported' })
    await expect(left).rejects.toMatchObject({ name: 'AbortError' })
    await expect(last).rejects.toMatchObject({ code: 'image_unsupported' })
  })

  test('is no failure of the service: nothing is logged as one', async () => {
    const gone = new AbortController()
    const { app, logged } = createService({
      see: async (_, __, signal) => {
        gone.abort()
        signal?.throwIfAborted()
        throw new Error('not reached')
      },
    })
    const response = await app.request('/v1/embed', { method: 'POST', body: Uint8Array.of(1), signal: gone.signal })
    expect(response.status).toBe(499)
    expect(logged).toEqual([])
  })
})
