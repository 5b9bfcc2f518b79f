/** Turns a PNG scan line into opaque 8-bit RGB on white. */
import { GREY, GREY_ALPHA, PALETTE, type Png, RGB, RGBA, transparentSamples } from './chunks.ts'

/** Samples a pixel for each colour type. */
const CHANNELS: Record<number, number> = { [GREY]: 1, [RGB]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [RGBA]: 4 }

export const bitsPerPixel = (png: { color: number; depth: number }): number => CHANNELS[png.color]! * png.depth

/** `value` with `alpha` over white, each 0 to 255, rounded to nearest: the blend of Pillow's Paste.c. */
export function onWhite(value: number, alpha: number): number {
  const sum = value * alpha + 255 * (255 - alpha) + 128
  return (sum + (sum >> 8)) >> 8
}

/** 16 bits to 8, rounded to nearest (PNG §13.12): `round(v / 257)`. */
const to8 = (high: number, low: number): number => (((high << 8) | low) * 255 + 32895) >> 16

/** Writes `count` pixels of an unfiltered scan line to `rgb`, three bytes each. */
export type Expand = (line: Uint8Array, count: number, rgb: Uint8Array) => void

/** The way to expand this picture's scan lines. */
export function expander(png: Png): Expand {
  if (png.depth < 8 || png.color === PALETTE) return lookup(png)
  if (png.depth === 16) return samples16(png)
  const transparent = transparentSamples(png)
  if (png.color === GREY) return transparent ? lookup(png) : grey8
  if (png.color === GREY_ALPHA) return greyAlpha8
  if (png.color === RGBA) return rgba8
  return transparent ? keyedRgb8(transparent) : (line, count, rgb) => rgb.set(line.subarray(0, count * 3))
}

const grey8: Expand = (line, count, rgb) => {
  for (let i = 0, to = 0; i < count; i++, to += 3) {
    const v = line[i]!
    rgb[to] = v
    rgb[to + 1] = v
    rgb[to + 2] = v
  }
}

const greyAlpha8: Expand = (line, count, rgb) => {
  for (let i = 0, to = 0; to < count * 3; i += 2, to += 3) {
    const v = onWhite(line[i]!, line[i + 1]!)
    rgb[to] = v
    rgb[to + 1] = v
    rgb[to + 2] = v
  }
}

const rgba8: Expand = (line, count, rgb) => {
  for (let i = 0, to = 0; to < count * 3; i += 4, to += 3) {
    const alpha = line[i + 3]!
    rgb[to] = onWhite(line[i]!, alpha)
    rgb[to + 1] = onWhite(line[i + 1]!, alpha)
    rgb[to + 2] = onWhite(line[i + 2]!, alpha)
  }
}

const keyedRgb8 =
  ([r, g, b]: number[]): Expand =>
  (line, count, rgb) => {
    rgb.set(line.subarray(0, count * 3))
    for (let i = 0; i < count * 3; i += 3) {
      if (line[i] === r && line[i + 1] === g && line[i + 2] === b) rgb.fill(255, i, i + 3)
    }
  }

/** Palettes, grey of few bits, and grey with a transparent value: at most 256 different pixels, so a table. */
function lookup(png: Png): Expand {
  const { depth } = png
  const table = png.color === PALETTE ? paletteTable(png) : greyTable(png)
  const mask = (1 << depth) - 1
  return (line, count, rgb) => {
    for (let i = 0, bit = 0, to = 0; i < count; i++, bit += depth, to += 3) {
      const index = ((line[bit >> 3]! >> (8 - depth - (bit & 7))) & mask) * 3
      rgb[to] = table[index]!
      rgb[to + 1] = table[index + 1]!
      rgb[to + 2] = table[index + 2]!
    }
  }
}

/** Palette entries on white; indices beyond the palette are black, as in libpng. */
function paletteTable(png: Png): Uint8Array {
  const table = new Uint8Array(768)
  const palette = png.palette!
  for (let i = 0; i < palette.length; i++) {
    table[i] = onWhite(palette[i]!, png.transparency?.[Math.floor(i / 3)] ?? 255)
  }
  return table
}

function greyTable(png: Png): Uint8Array {
  const most = (1 << png.depth) - 1
  const transparent = transparentSamples(png)?.[0]
  const table = new Uint8Array(768)
  for (let v = 0; v <= most; v++) table.fill(v === transparent ? 255 : (v * 255) / most, v * 3, v * 3 + 3)
  return table
}

/** The four colour types with 16 bits. */
function samples16(png: Png): Expand {
  const channels = CHANNELS[png.color]!
  const colors = channels >= 3 ? 3 : 1
  const hasAlpha = channels % 2 === 0
  const transparent = transparentSamples(png)
  return (line, count, rgb) => {
    for (let i = 0, from = 0; i < count; i++, from += channels * 2) {
      let alpha = hasAlpha ? to8(line[from + colors * 2]!, line[from + colors * 2 + 1]!) : 255
      if (transparent?.every((v, c) => ((line[from + c * 2]! << 8) | line[from + c * 2 + 1]!) === v)) alpha = 0
      for (let c = 0; c < 3; c++) {
        const at = from + (c % colors) * 2
        rgb[i * 3 + c] = onWhite(to8(line[at]!, line[at + 1]!), alpha)
      }
    }
  }
}
