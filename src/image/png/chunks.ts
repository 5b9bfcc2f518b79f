/** The structure of a PNG file (W3C PNG, third edition, §5 and §11): header, palette, transparency, and where the pixels lie. */
import { exifOrientation } from '../exif.ts'
import { ascii, corrupt, type ImageInfo, type Orientation, u16be, u32be } from '../info.ts'

export const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** Colour types (§11.2.1): bit 0 palette, bit 1 colour, bit 2 alpha. */
export const GREY = 0
export const RGB = 2
export const PALETTE = 3
export const GREY_ALPHA = 4
export const RGBA = 6

/** Bit depths allowed for each colour type (§11.2.1, table 12). */
const DEPTHS: Record<number, readonly number[]> = {
  [GREY]: [1, 2, 4, 8, 16],
  [RGB]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [RGBA]: [8, 16],
}

export interface PngHeader {
  width: number
  height: number
  depth: number
  color: number
  interlaced: boolean
}

export interface Png extends PngHeader {
  orientation: Orientation
  /** RGB triplets, for `PALETTE`. */
  palette: Uint8Array | undefined
  /** The tRNS chunk: alpha of the palette entries, or the one transparent value. */
  transparency: Uint8Array | undefined
  /** Where the first IDAT chunk begins. */
  pixelsAt: number
}

/** Reads IHDR, which must come first. Throws `image_corrupt`. */
export function readHeader(b: Uint8Array): PngHeader {
  if (b.length < 33 || u32be(b, 8) !== 13 || ascii(b, 12, 4) !== 'IHDR') throw corrupt('The PNG has no header.')
  const width = u32be(b, 16)
  const height = u32be(b, 20)
  const [depth = 0, color = 0, compression, filter, interlace = 0] = b.subarray(24, 29)
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) throw corrupt('The PNG has no size.')
  if (!DEPTHS[color]?.includes(depth)) throw corrupt(`A PNG of colour type ${color} cannot have ${depth} bits.`)
  if (compression !== 0 || filter !== 0 || interlace > 1) throw corrupt('The PNG header names unknown methods.')
  return { width, height, depth, color, interlaced: interlace === 1 }
}

/** What `sniff` tells of a PNG. Only the header has to be there. */
export function pngInfo(b: Uint8Array): ImageInfo {
  const { width, height, interlaced } = readHeader(b)
  let orientation: Orientation = 1
  for (const { type, data } of chunks(b)) if (type === 'eXIf') orientation = exifOrientation(data)
  return { format: 'png', width, height, orientation, held: interlaced }
}

/** Reads all that decoding needs. Strict: every chunk whole, IEND there, IDATs in one run. Throws `image_corrupt`. */
export function parsePng(b: Uint8Array): Png {
  const png: Png = { ...readHeader(b), orientation: 1, palette: undefined, transparency: undefined, pixelsAt: 0 }
  let ended = false
  let last = 'IHDR'
  for (const { type, data, whole, at } of chunks(b)) {
    if (!whole) throw corrupt('The PNG is cut short.')
    if (type === 'IDAT') {
      if (png.pixelsAt > 0 && last !== 'IDAT') throw corrupt('The PNG has its pixels in several places.')
      png.pixelsAt ||= at
    } else if (type === 'PLTE') {
      if (data.length === 0 || data.length % 3 !== 0 || data.length > 768) throw corrupt('The PNG palette is damaged.')
      png.palette = data
    } else if (type === 'tRNS') png.transparency = data
    else if (type === 'eXIf') png.orientation = exifOrientation(data)
    else if (type === 'IEND') ended = true
    else if ((type.charCodeAt(0) & 0x20) === 0 && type !== 'IHDR')
      throw corrupt('The PNG has an unknown critical chunk.')
    last = type
  }
  if (!ended) throw corrupt('The PNG is cut short.')
  if (png.pixelsAt === 0) throw corrupt('The PNG has no pixels.')
  if (png.color === PALETTE && !png.palette) throw corrupt('The PNG has no palette.')
  checkTransparency(png)
  return png
}

/** tRNS holds one sample for grey and three for RGB (§11.3.1.1); one that is too short is an error, in other types it is ignored. */
function checkTransparency(png: Png): void {
  const length = png.transparency?.length ?? 0
  if (png.color === GREY_ALPHA || png.color === RGBA) png.transparency = undefined
  if (!png.transparency) return
  if ((png.color === GREY && length < 2) || (png.color === RGB && length < 6)) {
    throw corrupt('The PNG transparency is damaged.')
  }
}

interface Chunk {
  type: string
  data: Uint8Array
  /** False for a last one that is cut. */
  whole: boolean
  at: number
}

/** The data of the IDAT chunks, in order: one zlib stream. */
export function* pixelData(b: Uint8Array, png: Png): Generator<Uint8Array> {
  for (const { type, data } of chunks(b, png.pixelsAt)) {
    if (type !== 'IDAT') return
    yield data
  }
}

/** The chunks from `at` up to IEND or the end of the file. Checksums are not looked at. */
function* chunks(b: Uint8Array, at = 8): Generator<Chunk> {
  while (at < b.length) {
    if (at + 12 > b.length) {
      yield { type: '', data: b.subarray(b.length), whole: false, at }
      return
    }
    const length = u32be(b, at)
    const type = ascii(b, at + 4, 4)
    const end = at + 12 + length
    yield { type, data: b.subarray(at + 8, Math.min(at + 8 + length, b.length)), whole: end <= b.length, at }
    if (type === 'IEND') return
    at = end
  }
}

/** The transparent sample values of tRNS for grey (one) and RGB (three), at the picture's own depth. */
export function transparentSamples(png: Png): number[] | undefined {
  if (!png.transparency || png.color === PALETTE) return undefined
  const t = png.transparency
  return png.color === GREY ? [u16be(t, 0)] : [u16be(t, 0), u16be(t, 2), u16be(t, 4)]
}
