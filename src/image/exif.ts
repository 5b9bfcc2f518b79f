/** Finds the orientation in an EXIF block. */
import { ascii, type Orientation, u16be, u16le, u32be, u32le } from './info.ts'

const ORIENTATION = 0x0112
const SHORT = 3

/**
 * The orientation in a TIFF structure (TIFF 6.0 §2: byte order, magic 42, offset of the first directory), with or without
 * the `Exif\0\0` that JPEG puts before it. Anything odd counts as upright: viewers show such files, too.
 */
export function exifOrientation(bytes: Uint8Array): Orientation {
  const b = ascii(bytes, 0, 6) === 'Exif\0\0' ? bytes.subarray(6) : bytes
  if (b.length < 8) return 1
  const order = ascii(b, 0, 2)
  if (order !== 'II' && order !== 'MM') return 1
  const u16 = order === 'II' ? u16le : u16be
  const u32 = order === 'II' ? u32le : u32be
  const directory = u32(b, 4)
  if (u16(b, 2) !== 42 || directory + 2 > b.length) return 1
  const entries = u16(b, directory)
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12
    if (at + 12 > b.length) return 1
    if (u16(b, at) !== ORIENTATION) continue
    const value = u16(b, at + 8)
    return u16(b, at + 2) === SHORT && value >= 1 && value <= 8 ? (value as Orientation) : 1
  }
  return 1
}
