/** The entry for the free plan: it takes embeddings that a browser computed, and says so to whoever sends an image. */
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { analyzeAnswer, interrogateAnswer, problem } from '../../src/http/schemas.ts'
import free from '../../src/worker-free.ts'
import golden from '../fixtures/model/golden.json'
import { picture } from './pictures.ts'

const call = async (path: string, init?: RequestInit) => {
  const pending: Promise<unknown>[] = []
  const answer = await free.fetch(new Request(`https://termlens.test${path}`, init), env, {
    waitUntil: (promise) => void pending.push(promise),
  })
  await Promise.all(pending)
  return answer
}
const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  call(path, { method: 'POST', body, headers })
const json = (path: string, body: unknown) => post(path, JSON.stringify(body), { 'Content-Type': 'application/json' })

const [name, embedding] = Object.entries(golden.embeddings)[0]!
const input = { embedding, model: golden.digest }

describe('an embedding', () => {
  test('becomes a prompt, with a retrieved caption', async () => {
    const body = (await (await json('/v1/interrogate', input)).json()) as { warnings: unknown[]; caption: object }
    expect(interrogateAnswer.strict().safeParse(body).error).toBeUndefined()
    expect(body.caption).toMatchObject({ source: 'retrieval' })
    expect(body.warnings).toContainEqual({ code: 'caption_unavailable', message: expect.stringContaining('no_image') })
  })

  test('becomes a ranking', async () => {
    const body = analyzeAnswer.strict().parse(await (await json('/v1/analyze', { ...input, top_k: 3 })).json())
    expect(body.terms.artist).toHaveLength(3)
  })
})

describe('an image', () => {
  test.each(['/v1/interrogate', '/v1/analyze', '/v1/embed'])(
    'is refused by %s, with what to do instead',
    async (path) => {
      const response = await post(path, await picture(name))
      const body = problem.strict().parse(await response.json())
      expect(body).toMatchObject({ status: 415, code: 'image_unsupported' })
      expect(body.hint).toContain('embedding')
    },
  )
})

test('it is well without an encoder, and has the page', async () => {
  expect(await (await call('/healthz')).json()).toMatchObject({ status: 'ok', loaded: false, memory: { encoder: 0 } })
  expect((await call('/v1/banks')).status).toBe(200)
  expect(await (await call('/')).text()).toContain('Termlens')
})
