/**
 * What an endpoint gets to see of a picture: its pixels, reduced and encoded anew as PNG (W3C PNG, third edition). Nothing of the
 * file is copied, so none of its metadata goes out.
 */
import { type DecodedPixels, resizeWindow } from '../image/index.ts'
import type { Picture } from './adapters/types.ts'

/** Longest side in pixels. Captioners and taggers look at 336 to 768; a picture of this size is about 1 MB. */
export const LONGEST_SIDE = 768

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const PAETH = 4

/** The whole picture, not cropped, with the longest side at most `LONGEST_SIDE`; never enlarged. */
export async function toPicture(pixels: DecodedPixels): Promise<Picture> {
  const box = pixels.box ?? { x: 0, y: 0, width: pixels.width, height: pixels.height }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(box.width, box.height))
  const axis = (pixels: number, from: number, extent: number) => {
    const size = Math.max(1, Math.round(extent * scale))
    return { pixels, before: 0, after: 0, from, extent, size, start: 0, count: size }
  }
  const x = axis(pixels.width, box.x, box.width)
  const y = axis(pixels.height, box.y, box.height)
  const rgb = resizeWindow(pixels, x, y, 'bicubic')
  return { bytes: await encodePng(rgb, x.size, y.size), type: 'image/png' }
}

/** RGB triplets as a PNG of 8 bits a channel, with the three chunks that it must have and no other. */
async function encodePng(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, 2], 8) // bits a channel, RGB; compression, filter method and interlace are 0
  const deflated = new Blob([filtered(rgb, width, height)]).stream().pipeThrough(new CompressionStream('deflate'))
  const data = new Uint8Array(await new Response(deflated).arrayBuffer())
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ]
  const png = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    png.set(part, at)
    at += part.length
  }
  return png
}

/** Every row as its difference from the Paeth prediction (§9.4): what photographs shrink best with. */
function filtered(rgb: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const stride = width * 3
  const out = new Uint8Array((stride + 1) * height)
  let to = 0
  for (let y = 0, at = 0; y < height; y++) {
    out[to++] = PAETH
    for (let x = 0; x < stride; x++, at++) {
      const left = x >= 3 ? rgb[at - 3]! : 0
      const above = y > 0 ? rgb[at - stride]! : 0
      const corner = x >= 3 && y > 0 ? rgb[at - stride - 3]! : 0
      out[to++] = rgb[at]! - paeth(left, above, corner)
    }
  }
  return out
}

function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner)
  const toAbove = Math.abs(left - corner)
  const toCorner = Math.abs(left + above - 2 * corner)
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12)
  const view = new DataView(out.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(data, 8)
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)))
  return out
}

/** The CRC of every byte value, with the polynomial of ISO 3309 (annex D). */
const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
