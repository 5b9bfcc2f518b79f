/** What every answer carries, and what the description of the API says of it. */
import { describe, expect, test } from 'vitest'
import {
  analyzeOptions,
  askOptions,
  captionOptions,
  embedAnswer,
  healthAnswer,
  interrogateOptions,
  tagsOptions,
} from '../../src/http/schemas.ts'
import { createService, formOf } from './service.ts'

const site = async (request: Request) => new Response(`page ${new URL(request.url).pathname}`)
const { app, post } = createService({ site })

describe('every answer', () => {
  test.each(['/healthz', '/v1/banks', '/v1/nothing', '/', '/openapi.json'])(
    '%s has its id and the security headers',
    async (path) => {
      const { headers } = await app.request(path)
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'self'")
    },
  )

  test('has an id of its own', async () => {
    const ids = await Promise.all([1, 2].map(async () => (await app.request('/healthz')).headers.get('X-Request-Id')))
    expect(new Set(ids).size).toBe(2)
  })
})

describe('routes', () => {
  test('what is no route of the API is a page', async () => {
    expect(await (await app.request('/about')).text()).toBe('page /about')
  })

  test('HEAD answers like GET, without a body', async () => {
    const response = await app.request('/v1/banks', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('embed answers a vector of unit length and its model', async () => {
    const body = embedAnswer.strict().parse(await (await post('/v1/embed', Uint8Array.of(1))).json())
    expect(Math.hypot(...body.embedding)).toBeCloseTo(1, 5)
    expect(body.model.name).toBe('small')
  })

  test('health says what is loaded', async () => {
    expect(healthAnswer.strict().parse(await (await app.request('/healthz')).json())).toMatchObject({ status: 'ok' })
  })

  test('with_negative answers a negative prompt too', async () => {
    const body = await (await post('/v1/interrogate', formOf({ with_negative: 'on' }))).json()
    expect(body).toMatchObject({ negative_prompt: expect.stringContaining('blurry') })
  })
})

describe('/openapi.json', () => {
  test.each([
    ['/v1/interrogate', Object.keys(interrogateOptions.shape)],
    ['/v1/analyze', Object.keys(analyzeOptions.shape)],
    ['/v1/embed', []],
    ['/v1/caption', Object.keys(captionOptions.shape)],
    ['/v1/ask', Object.keys(askOptions.shape)],
    ['/v1/tags', Object.keys(tagsOptions.shape)],
  ])('describes every option of %s, in the query, in forms and in JSON', async (path, options) => {
    type Schema = { properties?: object; anyOf?: Schema[] }
    const { paths } = (await (await app.request('/openapi.json')).json()) as {
      paths: Record<
        string,
        { post: { parameters?: { name: string }[]; requestBody: { content: Record<string, { schema: Schema }> } } }
      >
    }
    const { parameters = [], requestBody } = paths[path]!.post
    expect(parameters.map(({ name }) => name).sort()).toEqual([...options].sort())
    const { 'multipart/form-data': form, 'application/json': json } = requestBody.content
    expect(Object.keys(form!.schema.properties!).sort()).toEqual([...options, 'image'].sort())
    const [withImage = json!.schema] = json!.schema.anyOf ?? []
    expect(Object.keys(withImage.properties!).sort()).toEqual([...options, 'image'].sort())
  })
})
