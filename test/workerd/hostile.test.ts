/** Inputs that no honest client sends: each is refused by name or answered, and the Worker goes on as if nothing had been. */
import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import { hostileInputs } from './hostile.ts'
import { picture } from './pictures.ts'

const SAMPLES = {
  'baseline JPEG': 'baseline-420.jpg',
  'progressive JPEG': 'progressive-420.jpg',
  PNG: 'rgb-16.png',
  'interlaced PNG': 'interlaced.png',
  'lossy WebP': 'lossy.webp',
  'lossless WebP': 'lossless.webp',
  GIF: 'animated.gif',
  AVIF: 'lossy.avif',
}
const samples = Object.fromEntries(
  await Promise.all(Object.entries(SAMPLES).map(async ([format, name]) => [format, await picture(name)] as const)),
)
const inputs = await hostileInputs(samples)
/** Generous: a bomb that is inflated in whole takes longer. */
const DEADLINE_MS = 30_000
const BATCH = 20

const post = (body: BodyInit, headers: Record<string, string> = {}, signal = AbortSignal.timeout(DEADLINE_MS)) =>
  exports.default.fetch('https://termlens.test/v1/embed', { method: 'POST', body, headers, signal })

const honest = samples['baseline JPEG']!
async function embedding(): Promise<number[]> {
  const response = await post(honest)
  expect(response.status).toBe(200)
  return ((await response.json()) as { embedding: number[] }).embedding
}

/** What an input is answered with: `200`, or the code of the problem. */
async function answerTo(body: BodyInit, headers?: Record<string, string>): Promise<string> {
  const response = await post(body, headers)
  const { code, detail = '' } = (await response.json()) as { code?: string; detail?: string }
  if (response.status === 200) return '200'
  if (response.status >= 400 && response.status < 500) {
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(detail).not.toMatch(/\bat .*:\d+|undefined|\[object|RuntimeError|wasm/)
  }
  return `${response.status} ${code}`
}

const REFUSED = /^200$|^(400|413|415|422) image_/

describe('hostile inputs', () => {
  let first: number[]
  beforeAll(async () => {
    first = await embedding()
  })

  test('there are a hundred of them', () => {
    expect(inputs.length).toBeGreaterThanOrEqual(100)
  })

  test.each(Array.from({ length: Math.ceil(inputs.length / BATCH) }, (_, i) => i * BATCH))(
    'from %i on: none is a server error, and an honest picture still gives the same vector',
    async (from) => {
      const answers: [string, string][] = []
      for (const { name, bytes } of inputs.slice(from, from + BATCH)) answers.push([name, await answerTo(bytes)])
      expect(answers.filter(([, answer]) => !REFUSED.test(answer))).toEqual([])
      expect(await embedding()).toEqual(first)
    },
  )

  test('all of a batch at once, with honest pictures between', async () => {
    const batch = inputs.slice(0, BATCH)
    const [answers, ...seen] = await Promise.all([
      Promise.all(batch.map(({ bytes }) => answerTo(bytes))),
      embedding(),
      embedding(),
    ])
    expect(answers.filter((answer) => !REFUSED.test(answer))).toEqual([])
    expect(seen).toEqual([first, first])
  })
})

describe('what is refused is refused by its name', () => {
  const named = (name: string) => inputs.find((input) => input.name.startsWith(name))!.bytes

  test.each([
    ['zip bomb: 40 MB', '422 image_corrupt'],
    ['PNG 30,000 × 30,000', '413 image_too_many_pixels'],
    ['PNG 1 × 4,000,000,000', '422 image_corrupt'],
    ['JPEG 65,535 × 65,535', '413 image_too_many_pixels'],
    ['GIF 65,535 × 65,535', '413 image_too_many_pixels'],
    ['WebP 16,383 × 16,383', '413 image_too_many_pixels'],
    ['PNG 0 × 0', '422 image_corrupt'],
    ['HEIC', '415 image_heic'],
    ['text "<svg', '415 image_unsupported'],
    ['text "<!doctype', '415 image_unsupported'],
    ['text "%PDF', '415 image_unsupported'],
    ['random bytes 3', '415 image_unsupported'],
  ])('%s: %s', async (name, answer) => {
    expect(await answerTo(named(name))).toBe(answer)
  })

  test('the bytes decide, not the declared type', async () => {
    expect(await answerTo(honest, { 'Content-Type': 'image/svg+xml' })).toBe('200')
    expect(await answerTo(named('text "<svg'), { 'Content-Type': 'image/png' })).toBe('415 image_unsupported')
  })
})

describe('bodies that are not what they say', () => {
  const stream = (count: number, size = 1_000_000) => {
    let sent = 0
    return new ReadableStream<Uint8Array>({
      pull: (controller) => (sent++ < count ? controller.enqueue(new Uint8Array(size)) : controller.close()),
    })
  }

  test('a stream over the cap is refused', async () => {
    expect(await answerTo(stream(40))).toBe('413 image_too_large')
  })

  test('a stream over the cap that claims a length below it is refused', async () => {
    expect(await answerTo(stream(21), { 'Content-Length': '10' })).toBe('413 image_too_large')
  })

  test('a length over the cap is refused, whatever follows', async () => {
    expect(await answerTo(stream(1), { 'Content-Length': '200000000' })).toBe('413 image_too_large')
  })

  test('a form that ends in the middle is refused', async () => {
    const type = { 'Content-Type': 'multipart/form-data; boundary=b' }
    const start = '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    expect(await answerTo(start, type)).toBe('422 option_invalid')
    expect(await answerTo(`${start}abc\r\n--b`, type)).toMatch(/^4/)
  })

  test('and an honest picture is still answered', async () => {
    expect(await embedding()).toHaveLength(256)
  })
})
