/** The native API in workerd: what a caller sends and what comes back. */
import { exports } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { analyzeAnswer, interrogateAnswer, problem } from '../../src/http/schemas.ts'
import { picture } from './pictures.ts'

const HOST = 'https://termlens.test'
const call = (path: string, init?: RequestInit) => exports.default.fetch(`${HOST}${path}`, init)
const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  call(path, { method: 'POST', body, headers })
const json = (path: string, body: unknown) => post(path, JSON.stringify(body), { 'Content-Type': 'application/json' })

const photo = 'art-04414344e8.webp'
const image = await picture(photo)
const base64 = btoa(Array.from(image, (byte) => String.fromCharCode(byte)).join(''))

const form = (fields: Record<string, string | string[]>) => {
  const data = new FormData()
  data.set('image', new File([image], 'holiday.png', { type: 'text/plain' }))
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) data.append(name, one)
  return data
}

async function expectProblem(response: Response, status: number, code: string) {
  const body = await response.json()
  expect(body).toMatchObject({ status, code })
  expect(response.status).toBe(status)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(problem.strict().safeParse(body).success).toBe(true)
  return body as { detail: string; hint: string }
}

describe('ways to send an image', () => {
  test('multipart, raw and JSON give the same prompt', async () => {
    const answers = await Promise.all([
      post('/v1/interrogate', form({})),
      post('/v1/interrogate', image, { 'Content-Type': 'image/webp' }),
      post('/v1/interrogate', image, { 'Content-Type': 'application/x-www-form-urlencoded' }),
      json('/v1/interrogate', { image: base64 }),
      json('/v1/interrogate', { image: `data:image/png;base64,${base64}` }),
    ])
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ prompt: string }>))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(new Set(bodies.map(({ prompt }) => prompt)).size).toBe(1)
    expect(interrogateAnswer.strict().safeParse(bodies[0]).error).toBeUndefined()
  })

  test('the body wins over the query, lists repeat, commas do not split', async () => {
    const response = await post(
      '/v1/interrogate?mode=caption&token_budget=40',
      form({ mode: 'fast', include: ['red, blue', 'green'] }),
    )
    const body = (await response.json()) as { mode: string; prompt: string; tokens: number }
    expect(body.mode).toBe('fast')
    expect(body.tokens).toBeLessThanOrEqual(40)
    expect(body.prompt).toContain('red, blue')
    expect(body.prompt).toContain('green')
  })

  test('an embedding in place of an image, with its model', async () => {
    const seen = (await (await post('/v1/embed', image)).json()) as { embedding: number[]; model: { digest: string } }
    expect(Math.hypot(...seen.embedding)).toBeCloseTo(1, 4)
    const input = { embedding: seen.embedding, model: seen.model.digest }
    const [fromImage, fromEmbedding] = await Promise.all([
      json('/v1/interrogate', { image: base64 }),
      json('/v1/interrogate', input),
    ])
    const [a, b] = (await Promise.all([fromImage.json(), fromEmbedding.json()])) as {
      prompt: string
      warnings: { code: string; message: string }[]
    }[]
    expect(b!.prompt).toBe(a!.prompt)
    expect(b!.warnings).toContainEqual({ code: 'caption_unavailable', message: expect.stringContaining('no_image') })
    await expectProblem(await json('/v1/interrogate', { ...input, model: '0'.repeat(64) }), 409, 'model_mismatch')
    for (const embedding of [
      seen.embedding.slice(1),
      seen.embedding.map((x) => x * 2),
      seen.embedding.map(() => null),
      'x',
    ]) {
      await expectProblem(await json('/v1/interrogate', { ...input, embedding }), 422, 'embedding_invalid')
    }
    await expectProblem(await json('/v1/analyze', { embedding: seen.embedding }), 422, 'embedding_invalid')
  })
})

describe('answers', () => {
  test.each(['fast', 'classic', 'best', 'negative', 'caption'])('%s, with both rule sets', async (mode) => {
    for (const rules of ['termlens', 'original']) {
      const body = (await (await post('/v1/interrogate', form({ mode, rules }))).json()) as {
        prompt: string
        tokens: number
        mode: string
        rules: string
      }
      expect(body).toMatchObject({ mode, rules })
      expect(body.prompt.length).toBeGreaterThan(3)
      if (rules === 'termlens') expect(body.tokens).toBeLessThanOrEqual(75)
    }
  })

  test('the same request twice gives the same bytes of prompt', async () => {
    const ask = async () =>
      (await (await post('/v1/interrogate', form({ mode: 'best', with_negative: 'true' }))).json()) as {
        prompt: string
        negative_prompt: string
      }
    const [first, second] = [await ask(), await ask()]
    expect(first.negative_prompt.length).toBeGreaterThan(0)
    expect([second.prompt, second.negative_prompt]).toEqual([first.prompt, first.negative_prompt])
  })

  test('analyze gives top_k distinct terms of each bank, best first', async () => {
    const body = analyzeAnswer.parse(await (await post('/v1/analyze?top_k=7&banks=medium&banks=artist', image)).json())
    expect(Object.keys(body.terms).sort()).toEqual(['artist', 'medium'])
    for (const terms of Object.values(body.terms)) {
      expect(new Set(terms.map(({ term }) => term)).size).toBe(7)
    }
  })

  test('Chinese names come with lang=zh-CN and never change the prompt', async () => {
    const [en, zh] = await Promise.all(
      ['en', 'zh-CN'].map(
        async (lang) =>
          (await post('/v1/interrogate', form({ lang }))).json() as Promise<{ prompt: string; prompt_local?: string }>,
      ),
    )
    expect(zh!.prompt).toBe(en!.prompt)
    expect(en!.prompt_local).toBeUndefined()
    expect(zh!.prompt_local).toMatch(/\p{Script=Han}/u)
  })

  test('banks, models, health, openapi and the page', async () => {
    const banks = (await (await call('/v1/banks')).json()) as { banks: { name: string; terms: number }[] }
    expect(banks.banks.map(({ name }) => name).sort()).toEqual([
      'artist',
      'flavor',
      'medium',
      'movement',
      'negative',
      'subject',
      'tag',
      'trending',
    ])
    const models = (await (await call('/v1/models')).json()) as { models: { digest: string }[] }
    expect(models.models[0]!.digest).toMatch(/^[0-9a-f]{64}$/)
    expect((await call('/healthz')).status).toBe(200)
    expect(((await (await call('/openapi.json')).json()) as { openapi: string }).openapi).toBe('3.1.0')
    const docs = await (await call('/docs')).text()
    expect(docs).toContain('id="image_missing"')
    const page = await call('/')
    expect(page.headers.get('Content-Type')).toContain('text/html')
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'self'")
    expect(await page.text()).toContain('Termlens')
  })

  test('an option with a typing error is named in a warning', async () => {
    const body = (await (await post('/v1/interrogate', form({ max_flavours: '3' }))).json()) as {
      warnings: { code: string; message: string }[]
    }
    expect(body.warnings).toContainEqual({ code: 'option_unknown', message: expect.stringContaining('max_flavours') })
  })
})

describe('errors', () => {
  test.each([
    ['no image in the form', () => post('/v1/interrogate', new FormData()), 400, 'image_missing'],
    ['an empty body', () => post('/v1/interrogate', new Uint8Array(0)), 400, 'image_missing'],
    ['JSON without image', () => json('/v1/interrogate', {}), 400, 'image_missing'],
    ['more than 20 MB', () => post('/v1/interrogate', new Uint8Array(20_300_000)), 413, 'image_too_large'],
    [
      'more than 8 MB in JSON',
      () => json('/v1/interrogate', { image: 'A'.repeat(11_000_000) }),
      413,
      'image_too_large',
    ],
    ['no base64', () => json('/v1/interrogate', { image: '%%%' }), 422, 'image_corrupt'],
    ['broken JSON', () => post('/v1/interrogate', '{', { 'Content-Type': 'application/json' }), 422, 'option_invalid'],
    ['JSON that is no object', () => json('/v1/interrogate', [1]), 422, 'option_invalid'],
    ['image and embedding', () => json('/v1/interrogate', { image: base64, embedding: [1] }), 422, 'option_invalid'],
    ['an unknown mode', () => post('/v1/interrogate', form({ mode: 'slow' })), 422, 'mode_unknown'],
    ['an unknown bank', () => post('/v1/interrogate', form({ banks: 'nonsense' })), 422, 'bank_unknown'],
    ['a number out of range', () => post('/v1/interrogate', form({ token_budget: '0' })), 422, 'option_invalid'],
    [
      'chain=full at the edge',
      () => post('/v1/interrogate', form({ mode: 'best', chain: 'full' })),
      422,
      'option_invalid',
    ],
    ['text', () => post('/v1/interrogate', 'hello, world', { 'Content-Type': 'image/png' }), 415, 'image_unsupported'],
    ['an unknown route', () => call('/v1/nothing'), 404, 'not_found'],
    ['a page that is not there', () => call('/nothing'), 404, 'not_found'],
    ['GET of a POST route', () => call('/v1/interrogate'), 405, 'method_not_allowed'],
    ['POST of a GET route', () => post('/v1/banks', ''), 405, 'method_not_allowed'],
  ])('%s', async (_, ask, status, code) => {
    const response = await ask()
    const { detail, hint } = await expectProblem(response, status, code)
    expect(`${detail} ${hint}`).not.toMatch(/\bat .*:\d+|undefined|\[object/)
    if (status === 405) expect(response.headers.get('Allow')).toBeTruthy()
  })
})
