/** The header of a WebP file (RFC 9649 §2). */
import { exifOrientation } from '../exif.ts'
import { ascii, corrupt, type ImageInfo, type Orientation, u16le, u32le } from '../info.ts'

const EXIF_FLAG = 0x08
const ALPHA_FLAG = 0x10

/** What `sniff` tells of a WebP; of an animated one, the size of its canvas. Throws `image_corrupt`. */
export function webpInfo(b: Uint8Array): ImageInfo {
  if (b.length < 30) throw corrupt('The WebP has no header.')
  const type = ascii(b, 12, 4)
  const [width, height] = type === 'VP8X' ? extended(b) : type === 'VP8L' ? lossless(b, 20) : lossy(b, 20)
  const orientation = type === 'VP8X' && b[20]! & EXIF_FLAG ? findOrientation(b) : 1
  return { format: 'webp', width, height, orientation, held: type === 'VP8L' || (type === 'VP8X' && isHeld(b)) }
}

/** VP8X (§2.7): canvas width and height less one, in 24 bits each. */
const extended = (b: Uint8Array): [number, number] => [
  1 + (u32le(b, 24) & 0xffffff),
  1 + (u16le(b, 27) | (b[29]! << 16)),
]

/** VP8L (§3.4): a signature byte, then width and height less one in 14 bits each. `at` is where the chunk's data begin. */
export function lossless(b: Uint8Array, at: number): [number, number] {
  if (b.length < at + 5 || b[at] !== 0x2f) throw corrupt('The WebP has a damaged header.')
  const bits = u32le(b, at + 1)
  return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)]
}

/** VP8 (RFC 6386 §9.1): a start code after the frame tag, then width and height in 14 bits each. */
export function lossy(b: Uint8Array, at: number): [number, number] {
  if (ascii(b, 12, 4) !== 'VP8X' && ascii(b, 12, 4) !== 'VP8 ') throw corrupt('The WebP holds no picture.')
  if (b.length < at + 10 || b[at + 3] !== 0x9d || b[at + 4] !== 0x01 || b[at + 5] !== 0x2a) {
    throw corrupt('The WebP has a damaged header.')
  }
  const width = u16le(b, at + 6) & 0x3fff
  const height = u16le(b, at + 8) & 0x3fff
  if (width === 0 || height === 0) throw corrupt('The WebP has no size.')
  return [width, height]
}

/** The chunks of a RIFF file: type, where the data begin, and their length. */
export function* riffChunks(b: Uint8Array): Generator<{ type: string; at: number; length: number }> {
  for (let at = 12; at + 8 <= b.length; ) {
    const length = u32le(b, at + 4)
    yield { type: ascii(b, at, 4), at: at + 8, length }
    at += 8 + length + (length & 1)
  }
}

/** libwebp holds lossless pictures whole, and alpha, which is one. */
function isHeld(b: Uint8Array): boolean {
  if (b[20]! & ALPHA_FLAG) return true
  for (const { type, at } of riffChunks(b)) {
    if (type === 'VP8L' || (type === 'ANMF' && ascii(b, at + 16, 4) === 'VP8L')) return true
  }
  return false
}

function findOrientation(b: Uint8Array): Orientation {
  for (const { type, at, length } of riffChunks(b)) {
    if (type === 'EXIF') return exifOrientation(b.subarray(at, at + length))
  }
  return 1
}
