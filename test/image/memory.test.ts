/**
 * The caps hold the budget: for the largest picture of each kind, the file, the memories of the codec and the pixels
 * together. `VERBOSE=1` prints the table.
 */
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gifReduction } from '../../src/image/gif/decode.ts'
import { caps, decode, IMAGE_BUDGET, MAX_BYTES, sniff } from '../../src/image/index.ts'
import { readFrame } from '../../src/image/jpeg/header.ts'
import { chooseLayout, layoutBytes } from '../../src/image/jpeg/memory.ts'
import { pngReduction } from '../../src/image/png/decode.ts'
import { reducerBytes } from '../../src/image/reduce.ts'
import { concat, flatJpeg, gif, png } from './craft.ts'
import { fixture } from './fixtures.ts'

const SIDE = 224
const Real = WebAssembly.Memory
const made: WebAssembly.Memory[] = []

beforeAll(() => {
  WebAssembly.Memory = new Proxy(Real, {
    construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      const memory = new target(descriptor)
      made.push(memory)
      return memory
    },
  })
})
afterAll(() => {
  WebAssembly.Memory = Real
})

/** The file with garbage after its end, so that it has all the bytes that a file may have. */
const padded = (file: Uint8Array, size = MAX_BYTES) => concat(file, new Uint8Array(size - file.length))

/** Decodes, and sums what lives at the same time. */
async function measure(file: Uint8Array) {
  made.length = 0
  const info = sniff(file)
  const start = performance.now()
  const pixels = await decode(file, SIDE)
  const ms = performance.now() - start
  const wasm = made.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
  let own = made.some((memory) => memory.buffer === pixels.data.buffer) ? 0 : pixels.data.buffer.byteLength
  if (info.format === 'png' || info.format === 'gif') {
    const factor = (info.format === 'png' ? pngReduction : gifReduction)(info, file.length, SIDE)
    own = reducerBytes({ width: info.width, height: info.height, factor }, info.held)
  }
  return { sum: file.length + wasm + own, wasm, own, pixels, ms }
}

const square = (pixels: number): number => Math.floor(Math.sqrt(pixels))
const flatPng = (width: number, height: number, interlace = 0) => {
  const size = interlace ? adam7(width, height).reduce((a, b) => a + b) : (width * 4 + 1) * height
  return png({ width, height, color: 6, interlace }, deflateSync(new Uint8Array(size), { level: 1 }))
}
/** Bytes of the scan lines of each pass of an interlaced RGBA picture. */
const adam7 = (w: number, h: number) =>
  [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ].map(([x, y, dx, dy]) => (Math.ceil((w - x!) / dx!) * 4 + 1) * Math.ceil((h - y!) / dy!))

/** A GIF of one colour: a clear code before every two pixels keeps all codes at three bits. */
function flatGif(width: number, height: number): Uint8Array {
  // Three codes of three bits for two pixels (clear, 0, 0): eight of these are nine bytes.
  const nine = Array.from({ length: 9 }, (_, byte) => {
    let value = 0
    for (let bit = 0; bit < 8; bit++) if ((byte * 8 + bit) % 9 === 2) value |= 1 << bit
    return value
  })
  const bytes = Math.ceil((width * height) / 16) * 9 + 1
  const blocks = new Uint8Array(Math.ceil(bytes / 255) * 256)
  for (let i = 0, at = 0; at < blocks.length; at++) blocks[at] = at % 256 === 0 ? 255 : nine[i++ % 9]!
  return concat(gif(width, height, [2]), blocks, [0, 0x3b])
}

const large: [string, () => Uint8Array][] = [
  [
    'baseline JPEG, 20 MB',
    () => padded(flatJpeg(square(caps.jpeg.pixels), square(caps.jpeg.pixels), { components: 3 })),
  ],
  [
    'baseline CMYK JPEG, 20 MB',
    () => padded(flatJpeg(square(caps.jpeg.pixels), square(caps.jpeg.pixels), { components: 4 })),
  ],
  ['baseline JPEG, very wide', () => padded(flatJpeg(65_500, 700))],
  ['progressive JPEG, 20 MB', () => padded(flatJpeg(6900, 6900, { components: 3, progressive: true }))],
  [
    'progressive JPEG 4:2:0, 20 MB',
    () => padded(flatJpeg(6900, 6900, { components: 3, progressive: true, subsampled: true })),
  ],
  ['progressive CMYK JPEG, 20 MB', () => padded(flatJpeg(6900, 6900, { components: 4, progressive: true }))],
  ['progressive JPEG of 2 MP at full scale', () => flatJpeg(1600, 1250, { components: 3, progressive: true })],
  ['PNG, 20 MB', () => padded(flatPng(square(caps.png.pixels), square(caps.png.pixels)))],
  ['PNG, very wide', () => padded(flatPng(65_500, 360))],
  ['interlaced PNG, 20 MB', () => padded(flatPng(square(caps.png.pixels), square(caps.png.pixels), 1))],
  ['GIF', () => flatGif(4000, 4000)],
  ['WebP', () => fixture('large/lossy-48mp.webp')],
  ['lossless WebP', () => fixture('large/lossless-3.5mp.webp')],
  ['WebP with alpha', () => fixture('large/alpha-3.5mp.webp')],
  ['AVIF 4:2:0', () => fixture('large/420-6mp.avif')],
  ['AVIF 4:4:4', () => fixture('large/444-6mp.avif')],
]

describe('the largest picture of each kind fits 30 MB', () => {
  test.each(large)('%s', async (name, make) => {
    const file = make()
    const { sum, wasm, own, pixels, ms } = await measure(file)
    if (process.env.VERBOSE) {
      const mb = (v: number) => (v / 1e6).toFixed(1).padStart(5)
      console.log(
        `${name.padEnd(42)} ${mb(sum)} MB = file ${mb(file.length)} + wasm ${mb(wasm)} + pixels ${mb(own)}; ${pixels.width} × ${pixels.height}, ${ms.toFixed(0)} ms`,
      )
    }
    expect(sum).toBeLessThanOrEqual(IMAGE_BUDGET)
  })

  test('what the JPEG layout promises is what the kernel has', async () => {
    const file = flatJpeg(3000, 2000, { components: 3 })
    const { sum } = await measure(file)
    expect(layoutBytes(chooseLayout(readFrame(file), file.length, SIDE)!, file.length)).toBe(sum)
  })
})
