/** Pixels to what a model takes, as torchvision's and open_clip's transforms do it. */
import type { ImageSpec, Pixels, Tensor } from '../types.ts'
import { type Axis, resizeWindow } from './resize.ts'

/**
 * The model's input for a picture: resized by `spec.resize`, cropped, scaled to 0–1 and normalised, `[1, 3, size, size]`.
 * The steps and their order are those of torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` on a Pillow image.
 */
export function toTensor(pixels: Pixels, spec: ImageSpec): Tensor {
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
export function toSquare(pixels: Pixels, spec: Pick<ImageSpec, 'size' | 'resize' | 'interpolation'>): Uint8Array {
  const [x, y] = axes(pixels.width, pixels.height, spec.size, spec.resize)
  return resizeWindow(pixels, x, y, spec.interpolation)
}

function axes(width: number, height: number, size: number, resize: ImageSpec['resize']): [Axis, Axis] {
  if (resize === 'shortest') {
    // torchvision's `_compute_resized_output_size`: the other side is int(size * long / short).
    const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height))
    return [cropped(width, width <= height ? size : long, size), cropped(height, height <= width ? size : long, size)]
  }
  const side = resize === 'pad' ? Math.max(width, height) : 0
  return [whole(width, side, size), whole(height, side, size)]
}

/** An axis that becomes `resized` pixels, of which the middle `size` are kept: `CenterCrop`, int(round((resized - size) / 2)). */
function cropped(pixels: number, resized: number, size: number): Axis {
  return { pixels, before: 0, after: 0, size: resized, start: roundHalfEven((resized - size) / 2), count: size }
}

/** An axis that becomes `size` pixels, after white was added on both sides until it had `side`. */
function whole(pixels: number, side: number, size: number): Axis {
  const white = Math.max(0, side - pixels)
  const before = white >> 1
  return { pixels, before, after: white - before, size, start: 0, count: size }
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
