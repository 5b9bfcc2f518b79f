/** What is refused before any decoder runs, and how large a decoded picture may become. Measured by test/image/memory.test.ts. */
import { TermlensError } from '../errors.ts'
import type { ImageInfo } from './info.ts'

/** Most bytes of a file: 20 MB. */
export const MAX_BYTES = 20_000_000

/** Compressed bytes, decoded pixels and the memories of the codec together stay below this: 30 MB of the isolate's 128. */
export const IMAGE_BUDGET = 30_000_000

/** Pictures up to this many pixels are decoded at full scale; larger ones reduced, as far as the model's side allows. */
export const FULL_SCALE_PIXELS = 2_000_000

/** A reduced picture keeps its shorter side at least this many times the model's side (Pillow calls it the reducing gap). */
export const REDUCING_GAP = 2

export interface Cap {
  /** Most pixels, width × height. */
  pixels: number
  /** Longest side in pixels. */
  side: number
}

/** The caps of each format. Two have one more, for pictures that a decoder has to hold whole (`ImageInfo.held`). */
export const caps = {
  jpeg: { pixels: 100_000_000, side: 65_500 },
  'jpeg-progressive': { pixels: 48_000_000, side: 65_500 },
  png: { pixels: 24_000_000, side: 65_500 },
  webp: { pixels: 48_000_000, side: 16_383 },
  'webp-lossless': { pixels: 3_500_000, side: 16_383 },
  avif: { pixels: 6_000_000, side: 16_383 },
  gif: { pixels: 16_000_000, side: 65_500 },
} as const satisfies Record<string, Cap>

/** The entry of `caps` that a picture falls under. */
export function capName({ format, held }: Pick<ImageInfo, 'format' | 'held'>): keyof typeof caps {
  if (held && format === 'jpeg') return 'jpeg-progressive'
  return held && format === 'webp' ? 'webp-lossless' : format
}

const NAMES: Record<keyof typeof caps, string> = {
  jpeg: 'a JPEG',
  'jpeg-progressive': 'a progressive JPEG',
  png: 'a PNG',
  webp: 'a WebP',
  'webp-lossless': 'a WebP that is lossless or has alpha',
  avif: 'an AVIF',
  gif: 'a GIF',
}

/** The error for a picture that is over its format's cap. */
export function tooManyPixels(info: ImageInfo): TermlensError {
  const name = capName(info)
  const { pixels, side } = caps[name]
  return new TermlensError(
    'image_too_many_pixels',
    `The picture has ${info.width} × ${info.height} pixels; ${NAMES[name]} may have ${megapixels(pixels)} and ${side} on a side.`,
  )
}

/** Throws `image_too_many_pixels` for a picture over its format's cap. */
export function checkCaps(info: ImageInfo): void {
  const { pixels, side } = caps[capName(info)]
  if (info.width * info.height > pixels || info.width > side || info.height > side) throw tooManyPixels(info)
}

const megapixels = (pixels: number): string => `${pixels / 1e6} megapixels`

/**
 * The largest whole factor by which a picture of `width` × `height` pixels may be reduced for a model input of `side`
 * pixels: 1 for small pictures, otherwise as far as the shorter side stays at `REDUCING_GAP` times `side`.
 */
export function reductionFor(width: number, height: number, side: number): number {
  if (width * height <= FULL_SCALE_PIXELS) return 1
  return Math.max(1, Math.floor(Math.min(width, height) / (REDUCING_GAP * side)))
}
