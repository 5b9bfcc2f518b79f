/** Shrinks a picture by a whole factor while its rows arrive, in any order: the mean of each cell of factor × factor pixels. */
import { type Canvas, createCanvas, reducedPixels } from './canvas.ts'
import type { DecodedPixels, Orientation } from './info.ts'

/** Takes the pixels of a picture and gives it back, reduced and oriented. */
export interface Reducer {
  /** Adds `count` opaque pixels of row `y`, at x, x + step, …; `rgb` holds three bytes each. */
  add(y: number, rgb: Uint8Array, count: number, x?: number, step?: number): void
  /** The picture, once every pixel was added. */
  finish(): DecodedPixels
}

export interface Reduction {
  width: number
  height: number
  /** Cell side in pixels; 1 keeps the picture as it is. The last column and row of cells may be cut short. */
  factor: number
  orientation: Orientation
}

/** Bytes that a reducer holds: the result, and sums of all cells for rows in any order, of one row of cells otherwise. */
export function reducerBytes(r: Omit<Reduction, 'orientation'>, anyOrder: boolean): number {
  const width = Math.ceil(r.width / r.factor)
  const height = Math.ceil(r.height / r.factor)
  const sums = r.factor === 1 ? 0 : width * (anyOrder ? height : 1) * 3 * (r.factor <= 16 ? 2 : 4)
  return width * height * 4 + sums
}

/** A reducer for rows in `anyOrder` (interlaced pictures), or for rows from top to bottom, which takes less memory. */
export function createReducer(r: Reduction, anyOrder: boolean): Reducer {
  const width = Math.ceil(r.width / r.factor)
  const height = Math.ceil(r.height / r.factor)
  const canvas = createCanvas(width, height, r.orientation)
  return r.factor === 1 ? direct(canvas) : cells(canvas, r, width, height, anyOrder)
}

function direct(canvas: Canvas): Reducer {
  const { words, origin, stepX, stepY } = canvas
  return {
    add(y, rgb, count, x = 0, step = 1) {
      const stride = step * stepX
      let at = origin + y * stepY + x * stepX
      for (let i = 0; i < count * 3; i += 3, at += stride) {
        words[at] = rgb[i]! | (rgb[i + 1]! << 8) | (rgb[i + 2]! << 16) | 0xff000000
      }
    },
    finish: () => canvas.pixels,
  }
}

function cells(canvas: Canvas, r: Reduction, width: number, height: number, anyOrder: boolean): Reducer {
  const { factor } = r
  const bands = anyOrder ? height : 1
  // 16 × 16 pixels of 255 still fit 16 bits.
  const sums = factor <= 16 ? new Uint16Array(width * bands * 3) : new Uint32Array(width * bands * 3)
  const flush = (band: number) => {
    const rows = Math.min(factor, r.height - band * factor)
    let from = anyOrder ? band * width * 3 : 0
    let at = canvas.origin + band * canvas.stepY
    for (let x = 0; x < width; x++, from += 3, at += canvas.stepX) {
      const count = rows * Math.min(factor, r.width - x * factor)
      const half = count >> 1
      const red = ((sums[from]! + half) / count) | 0
      const green = ((sums[from + 1]! + half) / count) | 0
      const blue = ((sums[from + 2]! + half) / count) | 0
      canvas.words[at] = red | (green << 8) | (blue << 16) | 0xff000000
    }
  }
  return {
    add(y, rgb, count, x = 0, step = 1) {
      const band = (y / factor) | 0
      const base = anyOrder ? band * width * 3 : 0
      let cell = base + ((x / factor) | 0) * 3
      let inCell = x % factor
      for (let i = 0; i < count * 3; i += 3) {
        sums[cell] = sums[cell]! + rgb[i]!
        sums[cell + 1] = sums[cell + 1]! + rgb[i + 1]!
        sums[cell + 2] = sums[cell + 2]! + rgb[i + 2]!
        inCell += step
        while (inCell >= factor) {
          inCell -= factor
          cell += 3
        }
      }
      if (!anyOrder && (y % factor === factor - 1 || y === r.height - 1)) {
        flush(band)
        sums.fill(0)
      }
    },
    finish() {
      if (anyOrder) for (let band = 0; band < height; band++) flush(band)
      return reducedPixels(canvas, r.width, r.height, factor, r.orientation)
    },
  }
}
