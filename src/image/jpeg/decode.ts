/** JPEG to pixels: reads the markers, lets the kernel decode at the scale that the layout chose, and puts the rows upright. */
import { type Canvas, createCanvas, putRow, reducedPixels } from '../canvas.ts'
import { tooManyPixels } from '../caps.ts'
import { corrupt, type DecodedPixels, type ImageInfo, u16be } from '../info.ts'
import { DHT, DQT, DRI, EOI, type Frame, readFrame, SOS, segmentAt } from './header.ts'
import { cutShort, type Decoder, failed, start } from './kernel.ts'
import { type BlockSide, chooseLayout, type Layout, layoutFor } from './memory.ts'
import { readHuffman, readQuant, readScan } from './tables.ts'

/** Colour spaces; the numbers are those of kernel/assembly/rows.ts. */
const GREY = 0
const YCC = 1
const RGB = 2
const CMYK = 3
const YCCK = 4

/** More scans than any encoder writes: a few bytes of an empty one cost the time of all blocks. */
const MAX_SCANS = 100

/** Decodes a JPEG whose `info` was checked against the caps, reduced for a model of `side` pixels. Throws `image_corrupt`. */
export function decodeJpeg(bytes: Uint8Array, info: ImageInfo, side: number, signal?: AbortSignal): DecodedPixels {
  const frame = readFrame(bytes)
  const layout = chooseLayout(frame, bytes.length, side)
  if (!layout) throw tooManyPixels(info)
  return decodeWith(bytes, frame, layout, signal)
}

/** Decodes a JPEG at n / 8 of its size, whatever that takes. Throws `image_corrupt`. */
export function decodeJpegAt(bytes: Uint8Array, n: BlockSide): DecodedPixels {
  const frame = readFrame(bytes)
  return decodeWith(bytes, frame, layoutFor(frame, n))
}

function decodeWith(bytes: Uint8Array, frame: Frame, layout: Layout, signal?: AbortSignal): DecodedPixels {
  const d = start(bytes, frame, layout)
  const canvas = createCanvas(layout.width, layout.height, frame.orientation)
  const done = () => reducedPixels(canvas, frame.width, frame.height, 8 / layout.n, frame.orientation)
  let scans = 0
  for (let at = 2; ; ) {
    const segment = segmentAt(bytes, at)
    if (!segment) throw cutShort()
    const { marker, data } = segment
    at = segment.end
    if (marker === DQT) readQuant(d, data)
    else if (marker === DHT) readHuffman(d, data)
    else if (marker === DRI && data.length >= 2) d.restartEvery = u16be(data, 0)
    else if (marker === EOI) break
    else if (marker === SOS) {
      signal?.throwIfAborted()
      if (++scans > MAX_SCANS) throw corrupt(`The JPEG has more than ${MAX_SCANS} scans.`)
      if (!frame.held) {
        decodeRows(d, canvas, data, at)
        return done()
      }
      at = holdScan(d, data, at)
    }
  }
  if (d.started.size < frame.components.length) throw corrupt('The JPEG has no pixels.')
  signal?.throwIfAborted()
  for (let row = 0; row < layout.down; row++) {
    d.kernel.heldRow(row, frame.components.length)
    emit(d, canvas, row)
  }
  return done()
}

/** The only scan of a JPEG that has all components in it: row by row onto the canvas. */
function decodeRows(d: Decoder, canvas: Canvas, header: Uint8Array, at: number): void {
  const count = readScan(d, header).components.length
  d.next = at
  d.kernel.startScan(count, d.restartEvery)
  for (let row = 0; row < d.layout.down; row++) {
    if (!d.kernel.sequentialRow(row, d.layout.across, count)) throw failed(d.kernel)
    emit(d, canvas, row)
  }
}

/** Decodes a scan into the held coefficients, or skips it where the scale needs none of it. Returns where its data end. */
function holdScan(d: Decoder, header: Uint8Array, at: number): number {
  const { components, pass, from, to, low } = readScan(d, header)
  const unneeded = from > 0 && d.layout.components[components[0]!]!.n === 1
  if (unneeded) return skipScan(d.bytes, at)
  d.next = at
  d.kernel.startScan(components.length, d.restartEvery)
  if (!d.kernel.heldScan(components.length, pass, from, to, low, d.layout.across, d.layout.down)) throw failed(d.kernel)
  d.kernel.findMarker()
  return d.next - d.kernel.unread()
}

/** The next marker after `at` that is not a restart marker. */
function skipScan(bytes: Uint8Array, at: number): number {
  for (let i = bytes.indexOf(0xff, at); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
    const second = bytes[i + 1]
    if (second !== 0 && second !== 0xff && !(second !== undefined && second >= 0xd0 && second <= 0xd7)) return i
  }
  throw cutShort()
}

/**
 * Puts the rows that are complete after MCU row `row` onto the canvas: all but the last of them, which the triangle
 * filter cannot finish without the row below.
 */
function emit(d: Decoder, canvas: Canvas, row: number): void {
  const { layout, kernel } = d
  const from = row === 0 ? 0 : row * layout.mcuRows - 1
  const to = row === layout.down - 1 ? layout.height : Math.min(layout.height, (row + 1) * layout.mcuRows - 1)
  if (to <= from) return
  kernel.writeRows(from, to, layout.width, colorsOf(d.frame), layout.rows)
  const words = new Uint32Array(d.memory.buffer, layout.rows, (to - from) * layout.width)
  for (let y = from; y < to; y++) putRow(canvas, y, words.subarray((y - from) * layout.width), layout.width)
}

/** The colour space, guessed as libjpeg does (`default_decompress_parms` of jdapimin.c). */
function colorsOf(frame: Frame): number {
  const ids = String.fromCharCode(...frame.components.map((c) => c.id))
  if (ids.length === 1) return GREY
  if (ids.length === 4) return frame.adobe === 2 ? YCCK : CMYK
  if (frame.jfif) return YCC
  if (frame.adobe !== undefined) return frame.adobe === 0 ? RGB : YCC
  return ids === 'RGB' ? RGB : YCC
}
