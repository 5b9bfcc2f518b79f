/** Files made for tests: large ones that compress to almost nothing, and headers that lie. */
import { crc32, deflateSync } from 'node:zlib'

const u16 = (v: number) => [v >> 8, v & 255]
const u32 = (v: number) => [...u16(v >>> 16), ...u16(v & 0xffff)]
const text = (s: string) => [...s].map((c) => c.charCodeAt(0))

export const concat = (...parts: (number[] | Uint8Array)[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function pngChunk(type: string, data: Uint8Array | number[]): Uint8Array {
  const body = concat(text(type), data)
  return concat(u32(data.length), body, u32(crc32(body)))
}

/** A PNG with the given header and zlib stream, whatever they are. */
export function png(
  header: { width: number; height: number; depth?: number; color?: number; interlace?: number },
  idat: Uint8Array,
): Uint8Array {
  const { width, height, depth = 8, color = 0, interlace = 0 } = header
  return concat(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    pngChunk('IHDR', [...u32(width), ...u32(height), depth, color, 0, 0, interlace]),
    pngChunk('IDAT', idat),
    pngChunk('IEND', []),
  )
}

/** A black grey PNG of any size. */
export const flatPng = (width: number, height: number): Uint8Array =>
  png({ width, height }, deflateSync(new Uint8Array((width + 1) * height)))

const segment = (marker: number, data: number[]) => [0xff, marker, ...u16(data.length + 2), ...data]

/** A JPEG of one colour: every block is two bits of zero, so a hundred megapixels are a few hundred kilobytes. */
export function flatJpeg(
  width: number,
  height: number,
  options: { components?: 1 | 3 | 4; progressive?: boolean; subsampled?: boolean } = {},
): Uint8Array {
  const { components = 1, progressive = false, subsampled = false } = options
  const mcu = subsampled ? 16 : 8
  const blocks = Math.ceil(width / mcu) * Math.ceil(height / mcu) * (components + (subsampled ? 3 : 0))
  const indices = Array.from({ length: components }, (_, i) => i + 1)
  const table = (kind: number) => [kind, 1, ...new Array(15).fill(0), 0]
  const scan = (to: number) => segment(0xda, [components, ...indices.flatMap((i) => [i, 0]), 0, to, 0])
  return concat(
    [0xff, 0xd8],
    segment(0xdb, [0, ...new Array(64).fill(1)]),
    segment(progressive ? 0xc2 : 0xc0, [
      8,
      ...u16(height),
      ...u16(width),
      components,
      ...indices.flatMap((i) => [i, subsampled && i === 1 ? 0x22 : 0x11, 0]),
    ]),
    segment(0xc4, [...table(0), ...table(0x10)]),
    scan(progressive ? 0 : 63),
    new Uint8Array(Math.ceil((blocks * (progressive ? 1 : 2)) / 8)),
    [0xff, 0xd9],
  )
}

/** Only the header of a GIF: a screen of this size, one frame that covers it, and `data` as its sub-blocks. */
export function gif(width: number, height: number, data: number[]): Uint8Array {
  const le = (v: number) => [v & 255, v >> 8]
  return concat(
    text('GIF89a'),
    [...le(width), ...le(height), 0x80, 0, 0],
    [0, 0, 0, 255, 255, 255],
    [0x2c, 0, 0, 0, 0, ...le(width), ...le(height), 0],
    data,
  )
}

/** The header of a WebP with a canvas of this size and one empty picture chunk. */
export function webpHeader(width: number, height: number): Uint8Array {
  const u24 = (v: number) => [v & 255, (v >> 8) & 255, v >> 16]
  return concat(
    text('RIFF'),
    [30, 0, 0, 0],
    text('WEBPVP8X'),
    [10, 0, 0, 0, 0, 0, 0, 0],
    u24(width - 1),
    u24(height - 1),
    text('VP8 '),
    [0, 0, 0, 0],
  )
}

/** An AVIF whose primary item claims this size and has no data. */
export function avifHeader(width: number, height: number): Uint8Array {
  const box = (type: string, ...parts: (number[] | Uint8Array)[]) => {
    const data = concat(...parts)
    return concat(u32(data.length + 8), text(type), data)
  }
  const full = [0, 0, 0, 0]
  return concat(
    box('ftyp', text('avif'), full, text('avifmif1')),
    box(
      'meta',
      full,
      box('pitm', full, u16(1)),
      box('iprp', box('ipco', box('ispe', full, u32(width), u32(height))), box('ipma', full, u32(1), u16(1), [1, 1])),
    ),
  )
}

/** Random numbers from a seed (mulberry32), 0 to 1. */
export function random(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
