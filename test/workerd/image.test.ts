/** Every format is decoded inside workerd, to the very pixels that Pillow sees. */
import { describe, expect, test } from 'vitest'
import { TermlensError } from '../../src/errors.ts'
import { decode, sniff, toSquare, toTensor } from '../../src/image/index.ts'
import list from '../fixtures/images/cases.json'
import references from '../fixtures/images/references.bin.gz?url&inline'
import { picture } from './pictures.ts'

const gz = Uint8Array.from(atob(references.slice(references.indexOf(',') + 1)), (char) => char.charCodeAt(0))
const unpacked = new Uint8Array(
  await new Response(new Blob([gz]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer(),
)

let at = 0
const cases = list.map(({ file, size, resize, interpolation }) => {
  at += size * size * 3
  const spec = {
    size,
    resize: (resize ?? 'shortest') as 'shortest' | 'squash' | 'pad',
    interpolation: (interpolation ?? 'bicubic') as 'bicubic' | 'bilinear',
    mean: [0.5, 0.5, 0.5] as const,
    std: [0.5, 0.5, 0.5] as const,
  }
  return { file, spec, reference: unpacked.subarray(at - size * size * 3, at) }
})

describe('the same pictures as in Node', () => {
  test.each(cases)('$file', async ({ file, spec, reference }) => {
    const pixels = await decode(await picture(file), spec.size)
    const seen = toSquare(pixels, spec)
    let sum = 0
    for (let i = 0; i < seen.length; i++) sum += Math.abs(seen[i]! - reference[i]!)
    expect(sum / seen.length).toBeLessThanOrEqual(0.5)
    expect(toTensor(pixels, spec).data.every((v) => v >= -1 && v <= 1)).toBe(true)
  })
})

describe('damaged files', () => {
  test.each(['baseline-420.jpg', 'progressive-420.jpg', 'rgba.png', 'lossy.webp', 'opaque.gif', 'lossy.avif'])(
    '%s cut in half is image_corrupt, and the next one is read',
    async (file) => {
      const whole = await picture(file)
      const failure = await decode(whole.subarray(0, whole.length >> 1), 224).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(TermlensError)
      expect((failure as TermlensError).code).toBe('image_corrupt')
      expect((await decode(whole, 224)).width).toBe(sniff(whole).width)
    },
  )
})
