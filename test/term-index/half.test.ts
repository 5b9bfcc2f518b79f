import { expect, test } from 'vitest'
import { fromHalf, toHalf } from '../../src/term-index/half.ts'
import { generator } from './support.ts'

test('every finite binary16 comes back as it was, and means what Float16Array says', () => {
  const bits = new Uint16Array(1)
  const values = new Float16Array(bits.buffer)
  for (let half = 0; half < 0x10000; half++) {
    if ((half & 0x7c00) === 0x7c00) continue
    bits[0] = half
    if (!Object.is(fromHalf(half), values[0]) || toHalf(fromHalf(half)) !== half) throw new Error(`half ${half}`)
  }
})

test('numbers are rounded to the nearest, ties to even', () => {
  const random = generator(1)
  const bits = new Uint16Array(1)
  const values = new Float16Array(bits.buffer)
  for (let i = 0; i < 200_000; i++) {
    const value = Math.fround((random() - 0.5) * 2 ** Math.floor(random() * 44 - 28))
    values[0] = value
    if (toHalf(value) !== bits[0]) throw new Error(`${value} gives ${toHalf(value)}, not ${bits[0]}`)
  }
  expect(toHalf(2048 + 1)).toBe(toHalf(2048))
  expect(toHalf(2048 + 3)).toBe(toHalf(2048 + 4))
})
