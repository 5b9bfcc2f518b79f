/** The picture being filled: decoders write stored rows, the canvas puts each pixel where the orientation wants it. */
import type { Pixels } from '../types.ts'
import type { Orientation } from './info.ts'

/** Pixel (x, y) of the stored picture lives at `words[origin + x * stepX + y * stepY]`, as one RGBA word in memory order. */
export interface Canvas {
  pixels: Pixels
  words: Uint32Array
  origin: number
  stepX: number
  stepY: number
}

/**
 * An empty canvas for a stored picture of `width` × `height` pixels; `pixels` has the sides exchanged for the
 * orientations 5 to 8 (EXIF 2.32, tag 0x0112).
 */
export function createCanvas(width: number, height: number, orientation: Orientation): Canvas {
  const turned = orientation >= 5
  const outWidth = turned ? height : width
  const outHeight = turned ? width : height
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7
  const unitX = turned ? outWidth : 1
  const unitY = turned ? 1 : outWidth
  const words = new Uint32Array(width * height)
  return {
    pixels: { width: outWidth, height: outHeight, data: new Uint8Array(words.buffer) },
    words,
    origin: (mirrorX ? (width - 1) * unitX : 0) + (mirrorY ? (height - 1) * unitY : 0),
    stepX: mirrorX ? -unitX : unitX,
    stepY: mirrorY ? -unitY : unitY,
  }
}

/** Writes `width` RGBA words as stored row `y`. */
export function putRow(canvas: Canvas, y: number, row: Uint32Array, width: number): void {
  const { words, stepX } = canvas
  let at = canvas.origin + y * canvas.stepY
  if (stepX === 1) {
    words.set(row.subarray(0, width), at)
    return
  }
  for (let x = 0; x < width; x++, at += stepX) words[at] = row[x]!
}
