/** Bodies are read once, within bounds, and given back. */
import { expect, test } from 'vitest'
import { decodeBase64 } from '../../src/http/base64.ts'
import { createBodyPool } from '../../src/http/body.ts'

const declared = (size: number) =>
  new Request('https://x', {
    method: 'POST',
    body: new Uint8Array(size).fill(7),
    headers: { 'content-length': String(size) },
  })
const chunked = (sizes: number[]) =>
  new Request('https://x', {
    method: 'POST',
    duplex: 'half',
    body: new ReadableStream({
      pull(controller) {
        const size = sizes.shift()
        if (size === undefined) controller.close()
        else controller.enqueue(new Uint8Array(size).fill(7))
      },
    }),
  } as RequestInit)

test.each([0, 1, 65_536, 200_000])('a body of %i bytes, declared and chunked', async (size) => {
  const open = createBodyPool(300_000, 1_000_000)
  const parts = Array.from({ length: 4 }, (_, i) => Math.floor(((i + 1) * size) / 4) - Math.floor((i * size) / 4))
  for (const request of [declared(size), chunked(parts)]) {
    const bytes = await open().read(request)
    expect(bytes.length).toBe(size)
    expect(bytes.every((byte) => byte === 7)).toBe(true)
  }
})

test('one byte too many is refused, whatever was declared, and the stream is given up', async () => {
  const open = createBodyPool(100_000, 1_000_000)
  await expect(open().read(declared(100_001))).rejects.toMatchObject({ code: 'image_too_large' })
  await expect(open().read(chunked([60_000, 40_001]))).rejects.toMatchObject({ code: 'image_too_large' })
  expect((await open().read(chunked([60_000, 40_000]))).length).toBe(100_000)
})

test('bodies that are held count until they are released; one alone is always read', async () => {
  const open = createBodyPool(100_000, 150_000)
  const [first, second] = [open(), open()]
  await first.read(declared(90_000))
  await expect(second.read(declared(90_000))).rejects.toMatchObject({ code: 'overloaded' })
  await expect(second.read(declared(50_000))).resolves.toHaveLength(50_000)
  second.release()
  first.release()
  await expect(open().read(declared(100_000))).resolves.toHaveLength(100_000)
})

test('base64 of both alphabets, with blanks, padding and a data URI, as the platform decodes it', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 256)
  for (const length of [0, 1, 2, 3, 4, 999, 1000]) {
    const text = Buffer.from(bytes.subarray(0, length)).toString('base64')
    const url = text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    for (const form of [
      text,
      url,
      `data:image/png;base64,${text}`,
      text.replaceAll(/(.{20})/g, '$1\r\n'),
      ` ${text}\n`,
    ]) {
      expect(Buffer.from(decodeBase64(form, 1000)).equals(Buffer.from(bytes.subarray(0, length)))).toBe(true)
    }
  }
})

test.each(['%%%', 'A', 'AAAA=AAA', 'é', 'data:,%'])('%s is not base64', (text) => {
  expect(() => decodeBase64(text, 1000)).toThrow(expect.objectContaining({ code: 'image_corrupt' }))
})

test('text for more bytes than may be is refused', () => {
  expect(() => decodeBase64('A'.repeat(1338), 1000)).toThrow(expect.objectContaining({ code: 'image_too_large' }))
})
