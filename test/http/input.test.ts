/** An image arrives whole, in whatever way it was sent: what a client declares about it does not count. */
import { describe, expect, test } from 'vitest'
import { bytes, createService, digest, embedding, formOf } from './service.ts'

const { post, json, seen } = createService()
const image = bytes(0xfb, 0xef, 0xff, 0, 10, 13, 200, 62, 63)
const base64 = Buffer.from(image).toString('base64')

async function arrives(sent: Response | Promise<Response>) {
  const response = await sent
  expect({ status: response.status, body: response.status === 200 || (await response.json()) }).toMatchObject({
    status: 200,
  })
  expect(seen.at(-1)).toEqual(image)
}

async function refused(sent: Response | Promise<Response>, status: number, code: string) {
  const before = seen.length
  const response = await sent
  expect(await response.json()).toMatchObject({ status, code })
  expect(response.status).toBe(status)
  expect(seen.length).toBe(before)
}

describe('a raw body', () => {
  test.each(['image/jpeg', 'image/svg+xml', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense', ''])(
    'of type "%s"',
    async (type) => {
      await arrives(post('/v1/embed', image, { 'Content-Type': type }))
    },
  )
})

describe('a form', () => {
  test('with a file', () => arrives(post('/v1/embed', formOf({}, image))))

  test('with base64 text in its field', async () => {
    const form = new FormData()
    form.set('image', `data:image/png;base64,${base64}`)
    await arrives(post('/v1/embed', form))
  })

  test('whose boundary is wrong is refused', () =>
    refused(
      post('/v1/embed', 'no parts', { 'Content-Type': 'multipart/form-data; boundary=xyz' }),
      422,
      'option_invalid',
    ))

  test('without the field image is refused', async () => {
    const form = new FormData()
    form.set('picture', new File([image], 'a.png'))
    await refused(post('/v1/embed', form), 400, 'image_missing')
  })
})

describe('JSON', () => {
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_')
  test.each([
    ['base64', base64],
    ['base64 without padding', base64.replace(/=+$/, '')],
    ['base64 in lines', base64.replace(/.{4}/g, '$&\r\n')],
    ['the URL alphabet', urlSafe],
    ['a data URI', `data:image/png;base64,${base64}`],
    ['a data URI with parameters', `data:image/png;name=a.png;base64,${base64}`],
    ['a data URI without a type', `data:;base64,${base64}`],
  ])('with %s', async (_, text) => {
    await arrives(json('/v1/embed', { image: text }))
  })

  test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/ld+json'])('of type "%s"', (type) =>
    arrives(post('/v1/embed', JSON.stringify({ image: base64 }), { 'Content-Type': type })),
  )

  test.each(['%%%', 'a', 'ab=c', 'data:image/png;base64', 'data:image/svg+xml,<svg/>'])('%j is no base64', (text) =>
    refused(json('/v1/embed', { image: text }), 422, 'image_corrupt'),
  )

  test('an address is not fetched', () =>
    refused(json('/v1/embed', { image: 'https://example.com/a.png' }), 422, 'url_forbidden'))

  test.each([undefined, null, '', 'data:image/png;base64,', ' '])('%j is no image', (value) =>
    refused(json('/v1/embed', { image: value }), 400, 'image_missing'),
  )

  test.each([1, true, [base64], { url: 'x' }])('%j is not text', (value) =>
    refused(json('/v1/embed', { image: value }), 422, 'option_invalid'),
  )

  test.each(['', '{', 'null', '[]', '"text"', '1'])('the body %j is no object', (text) =>
    refused(post('/v1/embed', text, { 'Content-Type': 'application/json' }), 422, 'option_invalid'),
  )
})

describe('an embedding', () => {
  test('takes the place of an image', async () => {
    const before = seen.length
    const response = await json('/v1/interrogate', { embedding, model: digest })
    const { warnings } = (await response.json()) as { warnings: unknown[] }
    expect(warnings).toContainEqual({ code: 'caption_unavailable', message: expect.stringContaining('no_image') })
    expect(seen.length).toBe(before)
  })

  test('may be as far from unit length as rounding makes it', async () => {
    const scaled = (by: number) =>
      json('/v1/analyze', { embedding: embedding.map((value) => value * by), model: digest })
    for (const by of [0.991, 1.009]) expect((await scaled(by)).status).toBe(200)
    for (const by of [0.989, 1.011, 0]) await refused(scaled(by), 422, 'embedding_invalid')
  })

  test.each([
    ['too short', embedding.slice(1)],
    ['too long', [...embedding, 0]],
    ['with a hole', embedding.map((value, i) => (i === 3 ? null : value))],
    ['with NaN as text', embedding.map((value, i) => (i === 3 ? 'NaN' : value))],
    ['empty', []],
    ['text', 'AAAA'],
    ['null', null],
  ])('%s is refused', (_, values) =>
    refused(json('/v1/analyze', { embedding: values, model: digest }), 422, 'embedding_invalid'),
  )

  test('with an infinite number is refused', () =>
    refused(
      post('/v1/analyze', `{"embedding":[1e999${',0'.repeat(embedding.length - 1)}],"model":"${digest}"}`, {
        'Content-Type': 'application/json',
      }),
      422,
      'embedding_invalid',
    ))

  test('without its model is refused', () => refused(json('/v1/analyze', { embedding }), 422, 'embedding_invalid'))

  test('of another model is refused', () =>
    refused(json('/v1/analyze', { embedding, model: '0'.repeat(64) }), 409, 'model_mismatch'))

  test('beside an image is refused', () =>
    refused(json('/v1/analyze', { embedding, model: digest, image: base64 }), 422, 'option_invalid'))

  test('is nothing to embed', () => refused(json('/v1/embed', { embedding, model: digest }), 400, 'image_missing'))
})
