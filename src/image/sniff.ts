/** Tells what a file is from its bytes, and refuses what is not decoded here. */
import { TermlensError } from '../errors.ts'
import { avifInfo, brandOf } from './avif/header.ts'
import { checkCaps, MAX_BYTES } from './caps.ts'
import { gifInfo } from './gif/header.ts'
import { ascii, type ImageInfo } from './info.ts'
import { jpegInfo } from './jpeg/header.ts'
import { pngInfo, SIGNATURE } from './png/chunks.ts'
import { webpInfo } from './webp/header.ts'

/**
 * Format, size and orientation of an image file, from its bytes alone: names and declared types do not count.
 * Throws `image_too_large` (over 20 MB), `image_unsupported`, `image_heic`, `image_corrupt` (no readable header) and
 * `image_too_many_pixels` (over the cap of its format); no decoder has run by then.
 */
export function sniff(bytes: Uint8Array): ImageInfo {
  if (bytes.length > MAX_BYTES) {
    throw new TermlensError('image_too_large', `The file has ${bytes.length} bytes; 20 MB are the most.`)
  }
  const info = header(bytes)
  checkCaps(info)
  return info
}

function header(b: Uint8Array): ImageInfo {
  if (startsWith(b, [0xff, 0xd8, 0xff])) return jpegInfo(b)
  if (startsWith(b, SIGNATURE)) return pngInfo(b)
  if (ascii(b, 0, 4) === 'RIFF' && ascii(b, 8, 4) === 'WEBP') return webpInfo(b)
  if (/^GIF8[79]a/.test(ascii(b, 0, 6))) return gifInfo(b)
  if (ascii(b, 4, 4) === 'ftyp' && b.length >= 16) {
    const brand = brandOf(b)
    if (brand === 'avif') return avifInfo(b)
    if (brand === 'heic') throw new TermlensError('image_heic', 'The file is a HEIC picture.')
  }
  const name = nameOf(b)
  throw new TermlensError(
    'image_unsupported',
    b.length === 0
      ? 'The file is empty.'
      : name
        ? `The file is ${name}, not a picture that is read here.`
        : 'The file is no picture that is read here.',
  )
}

const startsWith = (b: Uint8Array, magic: readonly number[]): boolean => magic.every((v, i) => b[i] === v)

/** Magic bytes as Latin-1 text at an offset, and what such a file is called. */
const KNOWN: [at: number, magic: string, name: string][] = [
  [0, 'II*\0', 'a TIFF or a camera raw file'],
  [0, 'MM\0*', 'a TIFF or a camera raw file'],
  [0, 'II+\0', 'a BigTIFF'],
  [0, 'BM', 'a BMP'],
  [0, '%PDF', 'a PDF'],
  [0, '\0\0\x01\0', 'an ICO'],
  [0, '\xff\x0a', 'a JPEG XL'],
  [0, '\0\0\0\x0cJXL ', 'a JPEG XL'],
  [0, '\0\0\0\x0cjP  ', 'a JPEG 2000'],
  [0, '\xff\x4f\xff\x51', 'a JPEG 2000'],
  [0, '8BPS', 'a Photoshop document'],
  [0, 'qoif', 'a QOI'],
  [0, 'v/1\x01', 'an OpenEXR'],
  [0, '#?RADIANCE', 'a Radiance HDR'],
  [0, 'gimp xcf', 'a GIMP document'],
  [0, 'PK\x03\x04', 'a ZIP archive'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [4, 'ftyp', 'a video'],
  [0, '\x1aE\xdf\xa3', 'a video'],
  [0, 'RIFF', 'a sound or a video'],
]

function nameOf(b: Uint8Array): string | undefined {
  const known = KNOWN.find(([at, magic]) => ascii(b, at, magic.length) === magic)
  if (known) return known[2]
  if (/^P[1-7]\s/.test(ascii(b, 0, 3))) return 'a Netpbm picture'
  const text = new TextDecoder().decode(b.subarray(0, 1024)).trimStart().toLowerCase()
  if (text.startsWith('<svg') || (/^<(\?xml|!--|!doctype svg)/.test(text) && text.includes('<svg'))) return 'an SVG'
  if (/^<(!doctype html|html|head|body|\?xml|!--)/.test(text)) return 'a web page'
  const isText = b.subarray(0, 256).every((v) => (v >= 32 && v < 127) || v === 9 || v === 10 || v === 13)
  return b.length > 0 && isText ? 'a text' : undefined
}
