/** The model as a cog container and as Replicate serve it, in workerd. test/http/compat drives the real clients. */
import { describe, expect, test } from 'vitest'
import { address, body, bytes, dataUri, get, HOST, post, readable, unreadable } from './call.ts'

const ask = (input: object, more: object = {}) => post('/predictions', { input, ...more })

describe('a container', () => {
  test.each(Object.entries(readable))('reads %s', async (_, image) => {
    const prediction = await body(ask({ image, mode: 'fast' }))
    expect(prediction).toMatchObject({ status: 'succeeded', output: expect.any(String), error: null })
    expect(prediction.metrics).toMatchObject({ predict_time: expect.any(Number) })
    expect(JSON.stringify(prediction)).not.toContain(image.slice(0, 60))
  })

  test.each(Object.entries({ ...unreadable, 'an address': address }))(
    '%s is a prediction that failed',
    async (_, image) => {
      const prediction = await body(ask({ image }))
      expect(prediction).toMatchObject({ status: 'failed', output: null, error: expect.stringMatching(/\w+ .*\./) })
    },
  )

  test('modes and names that the model has; others are 422 and named', async () => {
    for (const mode of ['best', 'classic', 'fast', 'negative']) {
      expect(await body(ask({ image: dataUri, mode }))).toMatchObject({ status: 'succeeded' })
    }
    const { detail } = await body<{ detail: { loc: string[] }[] }>(ask({ image: dataUri, mode: 'slow' }), 422)
    expect(detail[0]?.loc).toEqual(['body', 'input', 'mode'])
    expect((await ask({})).status).toBe(422)
    expect((await ask({ image: dataUri, clip_model_name: 'no slash' })).status).toBe(422)
    expect((await post('/predictions', {})).status).toBe(422)
    expect((await ask({ image: dataUri }, { webhook: 'https://example.com/' })).status).toBe(422)
  })

  test('the idempotent form keeps its id; a finished prediction cannot be cancelled', async () => {
    const put = await body(post('/predictions/mine', { input: { image: dataUri, mode: 'fast' } }, {}, 'PUT'))
    expect(put).toMatchObject({ id: 'mine', status: 'succeeded' })
    expect((await post('/predictions/mine/cancel', {})).status).toBe(404)
  })

  test('asked to answer later, it answers with the finished prediction', async () => {
    const later = { Prefer: 'respond-async' }
    const response = await post('/predictions', { input: { image: dataUri, mode: 'fast' } }, later)
    expect(await body(response)).toMatchObject({ status: 'succeeded' })
  })

  test('health', async () => {
    expect(await body(get('/health-check'))).toMatchObject({ status: 'READY', setup: { status: 'succeeded' } })
  })
})

describe('Replicate', () => {
  const input = { image: dataUri, mode: 'fast' }

  test('by model and by version: finished, with the addresses that clients read', async () => {
    const byModel = await body(
      post('/v1/models/lucataco/clip-interrogator/predictions', { input }, { Prefer: 'wait' }),
      201,
    )
    const byVersion = await body(post('/v1/predictions', { version: 'abc', input }), 201)
    expect(byVersion.output).toBe(byModel.output)
    expect(byModel).toMatchObject({ status: 'succeeded', model: 'lucataco/clip-interrogator', source: 'api' })
    expect(byVersion).toMatchObject({
      version: 'abc',
      urls: { get: `${HOST}/v1/predictions/${byVersion.id}`, cancel: `${HOST}/v1/predictions/${byVersion.id}/cancel` },
    })
  })

  test('an error has title, detail and status, and names the field', async () => {
    const error = await body(post('/v1/predictions', { input: { ...input, mode: 'slow' } }), 422)
    expect(error).toEqual({ title: expect.any(String), detail: expect.stringContaining('input.mode'), status: 422 })
    expect(await body(get('/v1/predictions/unknown'), 404)).toMatchObject({ title: 'Not found', status: 404 })
  })

  test('a version, and a file whose address holds it', async () => {
    const version = await body(get('/v1/models/a/b/versions/abc'))
    expect(version).toMatchObject({
      id: 'abc',
      openapi_schema: { components: { schemas: { Output: { type: 'string' } } } },
    })
    const form = new FormData()
    form.set('content', new File([bytes], 'chair.webp', { type: 'image/webp' }))
    const { exports } = await import('cloudflare:workers')
    const made = await body<{ urls: { get: string } }>(
      exports.default.fetch(`${HOST}/v1/files`, { method: 'POST', body: form }),
      201,
    )
    expect(made.urls.get).toBe(dataUri)
  })

  test('the native routes beside it stay', async () => {
    expect((await get('/v1/models')).status).toBe(200)
    expect(await body(get('/v1/nothing'), 404)).toMatchObject({ code: 'not_found' })
    expect(await (await get('/')).text()).toContain('Termlens')
  })
})
