/** Whole RGBA pictures, as codecs give them, to pixels: alpha on white, orientation applied. */
import type { Pixels } from '../types.ts'
import { createCanvas, putRow } from './canvas.ts'
import type { Orientation } from './info.ts'
import { onWhite } from './png/samples.ts'

/** RGBA as a codec gives it. */
export interface Rgba {
  width: number
  height: number
  data: Uint8Array
}

/** Takes over `decoded` (its data may be changed). Upright pictures are not copied. */
export function fromRgba(decoded: Rgba, orientation: Orientation): Pixels {
  const { width, height, data } = decoded
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!
    if (alpha === 255) continue
    data[i] = onWhite(data[i]!, alpha)
    data[i + 1] = onWhite(data[i + 1]!, alpha)
    data[i + 2] = onWhite(data[i + 2]!, alpha)
    data[i + 3] = 255
  }
  if (orientation === 1) return { width, height, data }
  const canvas = createCanvas(width, height, orientation)
  const words = new Uint32Array(data.buffer, data.byteOffset, width * height)
  for (let y = 0; y < height; y++) putRow(canvas, y, words.subarray(y * width), width)
  return canvas.pixels
}
