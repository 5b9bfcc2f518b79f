/** With Cloudflare Images bound, HEIC and pictures over a cap are read; without it, or when it fails, the refusal stays. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startClock } from '../../src/clock.ts'
import { type ImagesBinding, reduceWith } from '../../src/images-binding.ts'
import type { ModelSpec } from '../../src/types.ts'
import { createVision } from '../../src/vision.ts'

const png = new Uint8Array(await readFile(new URL('../fixtures/images/grey.png', import.meta.url)))
const heic = Uint8Array.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', (char) => char.charCodeAt(0))
const image = {
  size: 16,
  resize: 'shortest',
  interpolation: 'bicubic',
  crop: 'center',
  mean: [0, 0, 0],
  std: [1, 1, 1],
}
const spec = { image } as unknown as ModelSpec
const seeing = (images?: ImagesBinding) =>
  createVision(
    spec,
    async () => ({ encode: async (tensors) => tensors.map(({ data }) => data.slice(0, 4)) }),
    images && reduceWith(images),
  )

/** A stand-in with the calls of the documented binding: it has no local simulation without an account. */
function binding(answer: Uint8Array<ArrayBuffer>): ImagesBinding & { calls: unknown[] } {
  const calls: unknown[] = []
  const transformer = {
    transform: (options: object) => {
      calls.push(options)
      return transformer
    },
    output: async (options: object) => {
      calls.push(options)
      return { response: () => new Response(answer) }
    },
  }
  return {
    calls,
    input: (stream) => {
      calls.push(new Response(stream).arrayBuffer())
      return transformer
    },
  }
}

test('HEIC is read through the binding, whole and reduced', async () => {
  const images = binding(png)
  await expect(seeing(images)(heic, startClock())).resolves.toHaveLength(4)
  expect(new Uint8Array((await images.calls[0]) as ArrayBuffer)).toEqual(heic)
  expect(images.calls.slice(1)).toEqual([{ width: 1024, height: 1024, fit: 'scale-down' }, { format: 'image/png' }])
})

test('what the codecs here read is not sent to it', async () => {
  const images = binding(png)
  await seeing(images)(png, startClock())
  expect(images.calls).toEqual([])
})

test('without it, when it fails, and for what is no picture, the first refusal stays', async () => {
  const failing: ImagesBinding = {
    input: () => {
      throw new Error('no such image')
    },
  }
  await expect(seeing()(heic, startClock())).rejects.toMatchObject({ code: 'image_heic' })
  await expect(seeing(failing)(heic, startClock())).rejects.toMatchObject({ code: 'image_heic' })
  await expect(seeing(binding(png))(new Uint8Array([1, 2, 3]), startClock())).rejects.toMatchObject({
    code: 'image_unsupported',
  })
})
