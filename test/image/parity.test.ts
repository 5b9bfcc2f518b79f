/** A picture gives the tensor that Pillow and torchvision give. */
import { describe, expect, test } from 'vitest'
import { decode, sniff, toSquare, toTensor } from '../../src/image/index.ts'
import { cases, MEAN, meanDifference, STD } from './fixtures.ts'

const all = cases()

describe('what a model sees is what Pillow shows it', () => {
  test('there are enough awkward pictures', () => expect(all.length).toBeGreaterThanOrEqual(22))

  test.each(all)('$file', async ({ file, bytes, width, height, spec, reference }) => {
    const pixels = await decode(bytes, spec.size)
    expect([pixels.width, pixels.height]).toEqual([width, height])
    const difference = meanDifference(toSquare(pixels, spec), reference)
    if (process.env.VERBOSE) console.log(file, difference.toFixed(4))
    expect(difference).toBeLessThanOrEqual(0.5)
  })

  test('lossless pictures agree bit for bit', async () => {
    for (const { file, bytes, spec, reference } of all) {
      if (!/\.(png|gif)$|lossless/.test(file) || /4000/.test(file)) continue
      expect(meanDifference(toSquare(await decode(bytes, spec.size), spec), reference), file).toBe(0)
    }
  })

  test('the tensor is normalised in the float32 steps of torchvision', async () => {
    const { bytes, spec, reference } = all[0]!
    const { data, dims } = toTensor(await decode(bytes, spec.size), spec)
    expect(dims).toEqual([1, 3, spec.size, spec.size])
    const f = Math.fround
    for (let c = 0; c < 3; c++) {
      expect(data[c * spec.size ** 2]).toBe(f(f(f(reference[c]! / 255) - f(MEAN[c]!)) / f(STD[c]!)))
    }
  })

  test('the size before orientation is known from the header', () => {
    for (const { file, bytes, width, height } of all) {
      const info = sniff(bytes)
      expect([info.width, info.height], file).toEqual(info.orientation >= 5 ? [height, width] : [width, height])
    }
  })
})
