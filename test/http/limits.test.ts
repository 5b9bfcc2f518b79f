/** A body that is too large is refused as soon as that shows, whatever it says of its length. */
import { describe, expect, test } from 'vitest'
import { MAX_BODY, MAX_IMAGE, MAX_JSON_IMAGE } from '../../src/http/input.ts'
import { createService, formOf, pieces } from './service.ts'

const MB = 1_000_000
const { app, post, json, seen } = createService()

const send = (body: BodyInit, headers: Record<string, string> = {}) =>
  app.request('/v1/embed', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)

async function tooLarge(sent: Response | Promise<Response>) {
  const before = seen.length
  const response = await sent
  expect(await response.json()).toMatchObject({ status: 413, code: 'image_too_large' })
  expect(seen.length).toBe(before)
}

describe('a length that is over the cap', () => {
  test('is believed, and the body is not read', async () => {
    const { stream, state } = pieces(100, MB)
    await tooLarge(send(stream, { 'Content-Length': '200000000' }))
    expect(state.read).toBe(0)
  })
})

describe('a body without a length', () => {
  test('is read to the cap and no further', async () => {
    const { stream, state } = pieces(1000, MB)
    await tooLarge(send(stream))
    expect(state.read).toBeLessThanOrEqual(Math.ceil(MAX_BODY / MB))
  })

  test('is taken below the cap', async () => {
    expect((await send(pieces(10, 1000).stream)).status).toBe(200)
    expect(seen.at(-1)).toHaveLength(10_000)
  })
})

describe('a length that is not true', () => {
  test.each(['10', '0', '-1', 'many'])('%s, with a body over the cap', async (length) => {
    await tooLarge(send(pieces(21, MB).stream, { 'Content-Length': length }))
  })

  test('loses against Transfer-Encoding', async () => {
    const { stream, state } = pieces(1000, MB)
    await tooLarge(send(stream, { 'Content-Length': '10', 'Transfer-Encoding': 'chunked' }))
    expect(state.read).toBeLessThanOrEqual(Math.ceil(MAX_BODY / MB))
  })
})

describe('the image itself', () => {
  test('may have 20 MB, and not a byte more', async () => {
    expect((await post('/v1/embed', new Uint8Array(MAX_IMAGE))).status).toBe(200)
    expect((await post('/v1/embed', formOf({}, new Uint8Array(MAX_IMAGE)))).status).toBe(200)
    await tooLarge(post('/v1/embed', new Uint8Array(MAX_IMAGE + 1)))
    await tooLarge(post('/v1/embed', formOf({}, new Uint8Array(MAX_IMAGE + 1))))
  })

  test('may have 8 MB inside JSON, and not a byte more', async () => {
    const base64 = (size: number) => Buffer.alloc(size).toString('base64')
    expect((await json('/v1/embed', { image: base64(MAX_JSON_IMAGE) })).status).toBe(200)
    await tooLarge(json('/v1/embed', { image: base64(MAX_JSON_IMAGE + 1) }))
    await tooLarge(json('/v1/embed', { image: `${base64(MAX_JSON_IMAGE + 3)}%` }))
  })
})
