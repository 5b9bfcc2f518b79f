/** Pixels to what a model takes, as torchvision's and open_clip's transforms do it. */
import type { ImageSpec, Tensor } from '../types.ts'
import type { DecodedPixels } from './info.ts'
import { type Axis, resizeWindow } from './resize.ts'

/**
 * The model's input for a picture: resized by `spec.resize`, cropped, scaled to 0–1 and normalised, `[1, 3, size, size]`.
 * The steps and their order are those of torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` on a Pillow image.
 */
export function toTensor(pixels: DecodedPixels, spec: ImageSpec): Tensor {
  const { size } = spec
  const rgb = toSquare(pixels, spec)
  const plane = size * size
  const data = new Float32Array(3 * plane)
  for (let c = 0; c < 3; c++) {
    const values = normalised(spec.mean[c]!, spec.std[c]!)
    for (let i = 0; i < plane; i++) data[c * plane + i] = values[rgb[i * 3 + c]!]!
  }
  return { data, dims: [1, 3, size, size] }
}

/** The picture as the model sees it, before it is normalised: `size` × `size` RGB triplets. */
export function toSquare(
  pixels: DecodedPixels,
  spec: Pick<ImageSpec, 'size' | 'resize' | 'interpolation'>,
): Uint8Array {
  const [x, y] = axes(pixels, spec.size, spec.resize)
  return resizeWindow(pixels, x, y, spec.interpolation)
}

/** One side of the picture: its pixels, the part of them it covers, and its length before it was reduced. */
interface Side {
  pixels: number
  from: number
  extent: number
  full: number
}

function axes(p: DecodedPixels, size: number, resize: ImageSpec['resize']): [Axis, Axis] {
  const box = p.box ?? { x: 0, y: 0, width: p.width, height: p.height }
  const x: Side = { pixels: p.width, from: box.x, extent: box.width, full: p.full?.width ?? p.width }
  const y: Side = { pixels: p.height, from: box.y, extent: box.height, full: p.full?.height ?? p.height }
  if (resize === 'squash') return [resized(x, size, size), resized(y, size, size)]
  if (resize === 'pad') {
    const side = Math.max(p.width, p.height)
    return [padded(p.width, side, size), padded(p.height, side, size)]
  }
  // torchvision's `_compute_resized_output_size`: the other side is int(size * long / short).
  const long = Math.trunc((size * Math.max(x.full, y.full)) / Math.min(x.full, y.full))
  return [resized(x, x.full <= y.full ? size : long, size), resized(y, y.full <= x.full ? size : long, size)]
}

/** A side that becomes `to` pixels, of which the middle `size` are kept: torchvision's `CenterCrop`, int(round((to - size) / 2)). */
function resized({ pixels, from, extent }: Side, to: number, size: number): Axis {
  return { pixels, before: 0, after: 0, from, extent, size: to, start: roundHalfEven((to - size) / 2), count: size }
}

/** A side that becomes `size` pixels, after white was added at both ends until it had `side`. */
function padded(pixels: number, side: number, size: number): Axis {
  const white = side - pixels
  const before = white >> 1
  return { pixels, before, after: white - before, from: 0, extent: side, size, start: 0, count: size }
}

/** Python's `round`. */
function roundHalfEven(v: number): number {
  const floor = Math.floor(v)
  if (v - floor !== 0.5) return Math.round(v)
  return floor % 2 === 0 ? floor : floor + 1
}

/** The normalised value of each byte, in the float32 steps of torchvision: v / 255, minus the mean, by the deviation. */
function normalised(mean: number, std: number): Float32Array {
  const f = Math.fround
  return Float32Array.from({ length: 256 }, (_, v) => f(f(f(v / 255) - f(mean)) / f(std)))
}
