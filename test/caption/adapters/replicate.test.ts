import { describe, expect, test } from 'vitest'
import { ask, bench, reasonOf, testConformance } from './conformance.ts'
import { send } from './servers/loopback.ts'
import { replicate, replicatePolled } from './servers/replicate.ts'
import { captions } from './servers/subject.ts'

for (const subject of [replicate, replicatePolled]) testConformance(subject)

describe('replicate, polled', () => {
  const create =
    (id = 'prediction0') =>
    (response: Parameters<typeof send>[0]) => {
      send(response, { status: 201, body: { id, status: 'starting' } })
      return true
    }

  test('who leaves while it is polled cancels it', () =>
    bench(replicatePolled, async ({ server, chain }) => {
      const caller = new AbortController()
      server.fault = (response, _, count, seen) => {
        if (count === 1) return create()(response)
        if (seen.path.endsWith('/cancel')) return false
        caller.abort()
        return true
      }
      expect((await reasonOf(ask(chain, 'describe', replicatePolled, { signal: caller.signal }))).code).toBe(
        'cancelled',
      )
      if (!server.requests.some(({ path }) => path.endsWith('/cancel'))) await server.asked()
      expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/v1/predictions/prediction0/cancel' })
      expect(server.requests.at(-1)!.headers.authorization).toBe(replicatePolled.authorization)
      expect(server.problems).toEqual([])
    }))

  test('a timeout cancels it', () =>
    bench(
      replicatePolled,
      async ({ server, chain }) => {
        server.fault = (response, _, count, seen) => {
          if (count === 1) return create()(response)
          if (seen.path.endsWith('/cancel')) return false
          send(response, { body: { id: 'prediction0', status: 'processing' } })
          return true
        }
        expect((await reasonOf(ask(chain, 'describe', replicatePolled))).code).toBe('timeout')
        if (!server.requests.some(({ path }) => path.endsWith('/cancel'))) await server.asked()
        expect(server.requests.at(-1)!.path).toBe('/v1/predictions/prediction0/cancel')
      },
      { timeout_ms: 800 },
    ))

  test('a poll that fails for a moment is followed by the next; it is created once', () =>
    bench(replicatePolled, async ({ server, chain }) => {
      server.fault = (response, _, count) => {
        if (count === 2) send(response, { status: 503, body: {} })
        if (count === 3) response.socket!.destroy()
        if (count === 4) send(response, { body: { id: 'prediction0', status: 'processing' } })
        return count > 1 && count < 5
      }
      expect((await ask(chain, 'describe', replicatePolled)).value).toEqual([captions[0]])
      expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    }))

  test('a poll that fails for good ends it, and it is not created again', () =>
    bench(replicatePolled, async ({ server, chain }) => {
      server.fault = (response, _, count) => {
        if (count === 2) send(response, { status: 404, body: {} })
        return count === 2
      }
      expect((await reasonOf(ask(chain, 'describe', replicatePolled))).code).toBe('bad_status')
      expect(server.requests).toHaveLength(2)
    }))
})
