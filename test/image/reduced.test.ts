/** A picture that is reduced while it is decoded looks to the model as it does at full scale. `VERBOSE=1` prints how close. */
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { FULL_SCALE_PIXELS, REDUCING_GAP, reductionFor } from '../../src/image/caps.ts'
import { type DecodedPixels, decode, toSquare } from '../../src/image/index.ts'
import { decodeJpegAt } from '../../src/image/jpeg/decode.ts'
import { createReducer } from '../../src/image/reduce.ts'
import { png } from './craft.ts'
import { fixture, meanDifference } from './fixtures.ts'

const rule = (size: number, resize: 'shortest' | 'squash' = 'shortest') =>
  ({ size, resize, interpolation: 'bicubic' }) as const

/** Cosine of two pictures after each one's mean is taken away. */
function cosine(a: Uint8Array, b: Uint8Array): number {
  const mean = (v: Uint8Array) => v.reduce((sum, x) => sum + x, 0) / v.length
  const [ma, mb] = [mean(a), mean(b)]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb)
    aa += (a[i]! - ma) ** 2
    bb += (b[i]! - mb) ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

function expectAlike(what: string, reduced: DecodedPixels, full: DecodedPixels, size: number) {
  for (const resize of ['shortest', 'squash'] as const) {
    const [a, b] = [toSquare(reduced, rule(size, resize)), toSquare(full, rule(size, resize))]
    const likeness = cosine(a, b)
    if (process.env.VERBOSE)
      console.log(what, resize, 'cosine', likeness.toFixed(5), 'mean difference', meanDifference(a, b).toFixed(3))
    expect(likeness, what).toBeGreaterThanOrEqual(0.995)
  }
}

/** The pixels of `full` through a reducer. */
function reduce(full: DecodedPixels, factor: number, anyOrder: boolean): DecodedPixels {
  const { width, height, data } = full
  const reducer = createReducer({ width, height, factor, orientation: 1 }, anyOrder)
  const rows = Array.from({ length: height }, (_, y) => (anyOrder ? (y * 7) % height : y))
  for (const y of rows) {
    const rgb = Uint8Array.from({ length: width * 3 }, (_, i) => data[(y * width + Math.floor(i / 3)) * 4 + (i % 3)]!)
    reducer.add(y, rgb, width)
  }
  return reducer.finish()
}

describe('reduced is as good as whole', () => {
  const photos = [
    'baseline-444.jpg',
    'baseline-422.jpg',
    'baseline-420.jpg',
    'progressive-420.jpg',
    'cmyk.jpg',
    'grey.jpg',
    'sampling-440.jpg',
    'sampling-411.jpg',
    'scan-per-component.jpg',
    'orientation-7.jpg',
  ]
  test.each(photos)('%s at 1/2, 1/4 and 1/8', (name) => {
    const file = fixture(name)
    const full = decodeJpegAt(file, 8)
    for (const n of [4, 2, 1] as const) {
      const size = Math.floor((Math.min(full.width, full.height) * n) / 8 / REDUCING_GAP)
      expectAlike(`${name} at ${n}/8`, decodeJpegAt(file, n), full, size)
    }
  })

  test.each([2, 3, 5, 8, 17])('cells of %i pixels', (factor) => {
    const full = decodeJpegAt(fixture('baseline-444.jpg'), 8)
    const size = Math.max(4, Math.floor(Math.min(full.width, full.height) / factor / REDUCING_GAP))
    const inOrder = reduce(full, factor, false)
    expectAlike(`cells of ${factor}`, inOrder, full, size)
    expect(reduce(full, factor, true).data).toEqual(inOrder.data)
  })

  test('a PNG of more than two megapixels', async () => {
    const [width, height] = [2001, 1501]
    const rows = new Uint8Array((width * 3 + 1) * height)
    const data = new Uint8Array(width * height * 4).fill(255)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) {
          const inside = Math.hypot(x - 900, y - 700) < 400 + 40 * Math.sin(Math.atan2(y - 700, x - 900) * 9)
          const v = 127 + 90 * Math.sin((x * (c + 1)) / 90 + y / 140) * (inside ? -1 : 1)
          rows[y * (width * 3 + 1) + 1 + x * 3 + c] = v
          data[(y * width + x) * 4 + c] = v
        }
      }
    }
    const reduced = await decode(png({ width, height, color: 2 }, deflateSync(rows, { level: 1 })), 224)
    expect([reduced.width, reduced.height]).toEqual([667, 501])
    expect(reduced.full).toEqual({ width, height })
    expectAlike('PNG at 1/3', reduced, { width, height, data }, 224)
  })

  test('the mirrored orientations know at which edge the last cells are cut short', () => {
    const whole = decodeJpegAt(fixture('orientation-1.jpg'), 8)
    const half = (n: number) => toSquare(decodeJpegAt(fixture(`orientation-${n}.jpg`), 1), rule(4))
    const upright = half(1)
    expect(whole.width).toBe(120)
    for (const [n, mirror] of [
      [2, (x: number, y: number) => [3 - x, y]],
      [3, (x: number, y: number) => [3 - x, 3 - y]],
      [4, (x: number, y: number) => [x, 3 - y]],
      [5, (x: number, y: number) => [y, x]],
      [8, (x: number, y: number) => [y, 3 - x]],
    ] as const) {
      const turned = half(n)
      let most = 0
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 4; x++) {
          const [tx, ty] = mirror(x, y) as [number, number]
          for (let c = 0; c < 3; c++)
            most = Math.max(most, Math.abs(turned[(ty * 4 + tx) * 3 + c]! - upright[(y * 4 + x) * 3 + c]!))
        }
      }
      expect(most, `orientation ${n}`).toBeLessThanOrEqual(3)
    }
  })

  test('small pictures are never reduced', () => {
    expect(reductionFor(2000, FULL_SCALE_PIXELS / 2000, 224)).toBe(1)
    expect(reductionFor(2001, FULL_SCALE_PIXELS / 2000, 224)).toBe(2)
  })
})
