/**
 * Pillow's antialiased resize in 8-bit fixed point, bit for bit, for a window of the result.
 *
 * Follows `src/libImaging/Resample.c` of Pillow (MIT-CMU licence; by Alex Clark and contributors, earlier Secret Labs AB
 * and Fredrik Lundh): two passes, horizontal first, each with integer weights of 22 bits and a result rounded to 8 bits.
 */
import type { Pixels } from '../types.ts'

/** `PRECISION_BITS` of Resample.c: 32 bits less 8 of the sample and 2 of headroom. */
const PRECISION = 22
const HALF = 1 << (PRECISION - 1)

interface Filter {
  /** Reach in pixels of the smaller of the two pictures. */
  support: number
  weight(x: number): number
}

const FILTERS: Record<'bicubic' | 'bilinear', Filter> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = -0.5, in the factored form of Resample.c, whose rounding it shares.
  bicubic: {
    support: 2,
    weight(value) {
      const a = -0.5
      const x = Math.abs(value)
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    },
  },
}

/** One axis of a resize: a stretch of pixels, of which the middle ones are the picture's and the rest white, becomes `size`. */
export interface Axis {
  /** Pixels of the picture along this axis. */
  pixels: number
  /** White pixels before and after them. */
  before: number
  after: number
  /** Where the stretch begins among all of these, and its length (the `box` of Pillow's resize). */
  from: number
  extent: number
  /** Pixels of the whole result along this axis. */
  size: number
  /** The part of the result that is wanted: `count` pixels from `start`. */
  start: number
  count: number
}

/** For each wanted output pixel: the run of picture pixels it reads, their weights, and the weight of the white ones. */
interface Weights {
  first: Int32Array
  length: Int32Array
  values: Int32Array
  stride: number
  white: Int32Array
}

/** `precompute_coeffs` and `normalize_coeffs_8bpc` of Resample.c, for the wanted part. */
function weightsOf(axis: Axis, filter: Filter): Weights {
  const total = axis.before + axis.pixels + axis.after
  const scale = axis.extent / axis.size
  const stretch = Math.max(1, scale)
  const support = filter.support * stretch
  const stride = Math.ceil(support) * 2 + 1
  const first = new Int32Array(axis.count)
  const length = new Int32Array(axis.count)
  const values = new Int32Array(axis.count * stride)
  const white = new Int32Array(axis.count)
  const raw = new Float64Array(stride)
  for (let i = 0; i < axis.count; i++) {
    const center = axis.from + (axis.start + i + 0.5) * scale
    const from = Math.max(0, Math.trunc(center - support + 0.5))
    const to = Math.min(total, Math.trunc(center + support + 0.5))
    let sum = 0
    for (let x = from; x < to; x++) {
      const w = filter.weight((x - center + 0.5) * (1 / stretch))
      raw[x - from] = w
      sum += w
    }
    const begin = clamp(from, axis.before, axis.before + axis.pixels)
    const end = clamp(to, begin, axis.before + axis.pixels)
    first[i] = begin - axis.before
    length[i] = end - begin
    for (let x = from; x < to; x++) {
      const w = (sum === 0 ? raw[x - from]! : raw[x - from]! / sum) * (1 << PRECISION)
      const fixed = Math.trunc(w < 0 ? w - 0.5 : w + 0.5)
      if (x >= begin && x < end) values[i * stride + x - begin] = fixed
      else white[i] = white[i]! + fixed
    }
  }
  return { first, length, values, stride, white }
}

const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v))

/** `clip8` of Resample.c. */
const clip8 = (sum: number): number => {
  const v = sum >> PRECISION
  return Math.max(0, Math.min(v, 255))
}

/**
 * The window `x.count` × `y.count` of the resized picture, as RGB triplets. Only source rows and columns that the window
 * reads are touched; the intermediate picture is `x.count` wide.
 */
export function resizeWindow(pixels: Pixels, x: Axis, y: Axis, interpolation: 'bicubic' | 'bilinear'): Uint8Array {
  const filter = FILTERS[interpolation]
  const columns = weightsOf(x, filter)
  const rows = weightsOf(y, filter)
  let top = pixels.height
  let bottom = 0
  for (let i = 0; i < y.count; i++) {
    if (rows.length[i] === 0) continue
    top = Math.min(top, rows.first[i]!)
    bottom = Math.max(bottom, rows.first[i]! + rows.length[i]!)
  }
  const width = x.count * 3
  // One row more than the picture gives: a white one, for the rows that padding adds.
  const height = Math.max(0, bottom - top)
  const middle = new Uint8Array((height + 1) * width)
  for (let row = 0; row < height; row++) horizontal(pixels, top + row, columns, middle.subarray(row * width))
  whiteRow(columns, middle.subarray(height * width))
  const out = new Uint8Array(width * y.count)
  const sums = new Int32Array(width)
  for (let i = 0; i < y.count; i++) {
    sums.fill(HALF)
    addRow(sums, middle, height * width, rows.white[i]!)
    for (let k = 0; k < rows.length[i]!; k++) {
      addRow(sums, middle, (rows.first[i]! - top + k) * width, rows.values[i * rows.stride + k]!)
    }
    for (let c = 0; c < width; c++) out[i * width + c] = clip8(sums[c]!)
  }
  return out
}

function horizontal(pixels: Pixels, row: number, w: Weights, out: Uint8Array): void {
  const { data } = pixels
  const base = row * pixels.width * 4
  for (let i = 0; i < w.first.length; i++) {
    const white = HALF + 255 * w.white[i]!
    let red = white
    let green = white
    let blue = white
    let at = base + w.first[i]! * 4
    const end = i * w.stride + w.length[i]!
    for (let k = i * w.stride; k < end; k++, at += 4) {
      const v = w.values[k]!
      red += data[at]! * v
      green += data[at + 1]! * v
      blue += data[at + 2]! * v
    }
    out[i * 3] = clip8(red)
    out[i * 3 + 1] = clip8(green)
    out[i * 3 + 2] = clip8(blue)
  }
}

function whiteRow(w: Weights, out: Uint8Array): void {
  for (let i = 0; i < w.first.length; i++) {
    let sum = w.white[i]!
    for (let k = 0; k < w.length[i]!; k++) sum += w.values[i * w.stride + k]!
    out.fill(clip8(HALF + 255 * sum), i * 3, i * 3 + 3)
  }
}

function addRow(sums: Int32Array, rows: Uint8Array, at: number, weight: number): void {
  if (weight === 0) return
  for (let c = 0; c < sums.length; c++) sums[c] = sums[c]! + rows[at + c]! * weight
}
