/** What `sniff` finds out, and the small readers that the header parsers share. */
import { TermlensError } from '../errors.ts'
import type { Pixels } from '../types.ts'

export type Format = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif'

/** EXIF orientation (EXIF 2.32, tag 0x0112): 1 upright, 2 mirrored, 3 by 180°, 4 flipped, 5 to 8 with the sides exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

export interface ImageInfo {
  format: Format
  /** Stored width in pixels, before `orientation` is applied. */
  width: number
  /** Stored height in pixels, before `orientation` is applied. */
  height: number
  orientation: Orientation
  /**
   * A decoder has to hold the whole picture: JPEGs that are progressive or have a scan per component, interlaced PNGs
   * and GIFs, WebPs that are lossless or have alpha.
   */
  held: boolean
}

/** Pixels that may be a reduced picture. Without these two the picture is as large as its pixels. */
export interface DecodedPixels extends Pixels {
  /** Size of the picture before it was reduced, upright. */
  full?: { width: number; height: number }
  /** The part of the pixels that the picture covers, in pixels: at an edge, the last ones may reach beyond it. */
  box?: { x: number; y: number; width: number; height: number }
}

/** The error of every damaged file. */
export const corrupt = (message: string, cause?: unknown): TermlensError =>
  new TermlensError('image_corrupt', message, cause === undefined ? {} : { cause })

/** Big-endian 16 bits at `at`. The caller checks the range. */
export const u16be = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!

/** Big-endian 32 bits at `at`, unsigned. The caller checks the range. */
export const u32be = (b: Uint8Array, at: number): number => ((u16be(b, at) << 16) | u16be(b, at + 2)) >>> 0

/** Little-endian 16 bits at `at`. The caller checks the range. */
export const u16le = (b: Uint8Array, at: number): number => b[at]! | (b[at + 1]! << 8)

/** Little-endian 32 bits at `at`, unsigned. The caller checks the range. */
export const u32le = (b: Uint8Array, at: number): number => (u16le(b, at) | (u16le(b, at + 2) << 16)) >>> 0

/** `length` bytes at `at` as Latin-1 text: for tags and magic numbers. */
export const ascii = (b: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...b.subarray(at, at + length))
