/** The picture being filled: decoders write stored rows, the canvas puts each pixel where the orientation wants it. */
import type { DecodedPixels, Orientation } from './info.ts'

/** Pixel (x, y) of the stored picture lives at `words[origin + x * stepX + y * stepY]`, as one RGBA word in memory order. */
export interface Canvas {
  pixels: DecodedPixels
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

/**
 * The canvas' pixels with the note that they are a picture of `width` × `height`, reduced by `factor`, before orientation.
 * The last column and row of cells may reach beyond the picture; the orientation decides on which side they end up.
 */
export function reducedPixels(
  canvas: Canvas,
  width: number,
  height: number,
  factor: number,
  orientation: Orientation,
): DecodedPixels {
  const { pixels, stepX, stepY } = canvas
  if (factor === 1) return pixels
  const [w, h, alongX, alongY] = orientation >= 5 ? [height, width, stepY, stepX] : [width, height, stepX, stepY]
  const box = { x: 0, y: 0, width: w / factor, height: h / factor }
  if (alongX < 0) box.x = pixels.width - box.width
  if (alongY < 0) box.y = pixels.height - box.height
  return { ...pixels, full: { width: w, height: h }, box }
}
