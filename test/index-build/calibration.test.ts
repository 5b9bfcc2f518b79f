import { expect, test } from 'vitest'
import { calibrate, measureSpread } from '../../index-build/calibration.ts'
import { generator, unit } from '../term-index/support.ts'

const DIMS = 32
const random = generator(1)
/** Pictures lie around a common direction, as they do in spaces of this kind. */
const common = unit(DIMS, random)
const near = (amount: number) => {
  const own = unit(DIMS, random)
  const mixed = own.map((x, i) => x + amount * common[i]!)
  const length = Math.hypot(...mixed)
  return mixed.map((x) => x / length)
}
const pictures = Array.from({ length: 100 }, () => near(0.7))
const rows = [common, ...Array.from({ length: 200 }, () => near(0.2))]
const even = new Float32Array(rows.length).fill(1)
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

test('a term that comes first for every picture comes first less often', async () => {
  const { offset, scale } = calibrate({ ...(await measureSpread(rows, pictures)), evidence: even })
  const first = (value: (row: number, picture: Float32Array) => number) =>
    pictures.filter((picture) => rows.every((_, row) => value(row, picture) <= value(0, picture))).length
  const before = first((row, picture) => dot(rows[row]!, picture))
  const after = first((row, picture) => (dot(rows[row]!, picture) - offset[row]!) * scale[row]!)
  expect(before).toBeGreaterThan(60)
  expect(after).toBeLessThan(before)
})

test('every row gets finite numbers and a positive scale, without spread or evidence too', async () => {
  const flat = new Float32Array(DIMS)
  for (const vectors of [
    [flat, flat],
    [flat, ...rows],
  ]) {
    const { offset, scale } = calibrate({
      ...(await measureSpread(vectors, pictures)),
      evidence: new Float32Array(vectors.length),
    })
    expect([...offset, ...scale].every(Number.isFinite)).toBe(true)
    expect(scale.every((x) => x > 0)).toBe(true)
  }
})

test('no pictures and no rows are no error', async () => {
  expect(await measureSpread([common], [])).toEqual({ mean: Float64Array.of(0), deviation: Float64Array.of(0) })
  expect(calibrate({ ...(await measureSpread([], pictures)), evidence: new Float32Array(0) })).toEqual({
    offset: new Float32Array(0),
    scale: new Float32Array(0),
  })
})
