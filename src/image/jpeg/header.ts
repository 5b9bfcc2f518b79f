/** The markers of a JPEG file (ITU T.81 annex B) up to its pixels. */
import { TermlensError } from '../../errors.ts'
import { exifOrientation } from '../exif.ts'
import { ascii, corrupt, type ImageInfo, type Orientation, u16be } from '../info.ts'

export const SOF0 = 0xc0
export const SOF1 = 0xc1
export const SOF2 = 0xc2
export const DHT = 0xc4
export const SOI = 0xd8
export const EOI = 0xd9
export const SOS = 0xda
export const DQT = 0xdb
export const DRI = 0xdd
const APP0 = 0xe0
const APP1 = 0xe1
const APP14 = 0xee

export interface FrameComponent {
  id: number
  /** Sampling factors, 1 to 4. */
  h: number
  v: number
  /** Number of the quantisation table. */
  quant: number
}

/** The frame header, and what the markers before the first scan say about the whole picture. */
export interface Frame {
  width: number
  height: number
  progressive: boolean
  components: FrameComponent[]
  /** The coefficients must be held: the passes or components come one after another. */
  held: boolean
  orientation: Orientation
  jfif: boolean
  /** The transform of an Adobe marker: 0 none, 1 YCbCr, 2 YCCK. */
  adobe: number | undefined
}

/** A marker and its parameters (empty for markers that have none); `end` is where the next one is looked for. */
export interface Segment {
  marker: number
  data: Uint8Array
  end: number
}

/** The segment at `at`, or nothing where the file ends before one. Bytes before the marker are skipped, as libjpeg does. */
export function segmentAt(b: Uint8Array, at: number): Segment | undefined {
  let start = at
  do {
    start = b.indexOf(0xff, start)
    if (start < 0) return undefined
    while (b[start] === 0xff) start++
  } while (b[start] === 0)
  const marker = b[start]
  if (marker === undefined) return undefined
  const alone = marker === SOI || marker === EOI || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)
  if (alone) return { marker, data: b.subarray(0, 0), end: start + 1 }
  if (start + 3 > b.length) return undefined
  const end = start + 1 + u16be(b, start + 1)
  if (end < start + 3 || end > b.length) return undefined
  return { marker, data: b.subarray(start + 3, end), end }
}

/** What `sniff` tells of a JPEG. Throws `image_corrupt` or `image_unsupported`. */
export function jpegInfo(b: Uint8Array): ImageInfo {
  const { width, height, orientation, held } = readFrame(b)
  return { format: 'jpeg', width, height, orientation, held }
}

/** Reads the markers up to the first scan (or the end of the file, if the frame header came). Throws as `jpegInfo`. */
export function readFrame(b: Uint8Array): Frame {
  let orientation: Orientation = 1
  let jfif = false
  let adobe: number | undefined
  let frame: Pick<Frame, 'width' | 'height' | 'progressive' | 'components'> | undefined
  let held = false
  for (let s = segmentAt(b, 2); s && s.marker !== EOI; s = segmentAt(b, s.end)) {
    const { marker, data } = s
    if (marker === SOS) {
      held = frame !== undefined && data[0] !== frame.components.length
      break
    }
    if (marker === APP0 && ascii(data, 0, 5) === 'JFIF\0') jfif = true
    else if (marker === APP1 && ascii(data, 0, 6) === 'Exif\0\0') orientation = exifOrientation(data)
    else if (marker === APP14 && ascii(data, 0, 5) === 'Adobe' && data.length >= 12) adobe = data[11]
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xc8 && marker !== 0xcc) {
      if (frame) throw corrupt('The JPEG has two frame headers.')
      frame = frameHeader(marker, data)
    }
  }
  if (!frame) throw corrupt('The JPEG has no frame header.')
  return { ...frame, held: held || frame.progressive, orientation, jfif, adobe }
}

/** SOFn (§B.2.2). */
function frameHeader(marker: number, data: Uint8Array): Pick<Frame, 'width' | 'height' | 'progressive' | 'components'> {
  if (marker > SOF2) {
    throw new TermlensError(
      'image_unsupported',
      'The JPEG is lossless, hierarchical or arithmetic-coded, which is not read here.',
    )
  }
  if (data.length < 6) throw corrupt('The JPEG frame header is damaged.')
  if (data[0] !== 8)
    throw new TermlensError('image_unsupported', `The JPEG has ${data[0]} bits a sample; 8 are read here.`)
  const height = u16be(data, 1)
  const width = u16be(data, 3)
  const count = data[5]!
  if (width === 0 || height === 0) throw corrupt('The JPEG has no size.')
  if (data.length !== 6 + 3 * count) throw corrupt('The JPEG frame header is damaged.')
  if (count !== 1 && count !== 3 && count !== 4) {
    throw new TermlensError('image_unsupported', `The JPEG has ${count} components; 1, 3 or 4 are read here.`)
  }
  const components = Array.from({ length: count }, (_, i) => {
    const [id, hv, quant] = data.subarray(6 + i * 3) as unknown as [number, number, number]
    // A component alone is not sampled relative to anything: its blocks come in order (§A.2.2).
    return { id, h: count === 1 ? 1 : hv >> 4, v: count === 1 ? 1 : hv & 15, quant }
  })
  for (const c of components) {
    if (c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.quant > 3) throw corrupt('The JPEG frame header is damaged.')
  }
  return { width, height, progressive: marker === SOF2, components }
}
