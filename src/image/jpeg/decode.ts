/** JPEG to pixels: reads the markers, lets the kernel decode at the scale that the layout chose, and puts the rows upright. */
import type { Pixels } from '../../types.ts'
import { type Canvas, createCanvas, putRow } from '../canvas.ts'
import { tooManyPixels } from '../caps.ts'
import { corrupt, type ImageInfo, u16be } from '../info.ts'
import { DHT, DQT, DRI, EOI, type Frame, readFrame, SOS, segmentAt } from './header.ts'
import module from './kernel/jpeg.wasm'
import {
  chooseLayout,
  INPUT,
  INPUT_BYTES,
  type BlockSide,
  type Layout,
  layoutFor,
  SCAN,
  SCRATCH,
  useTables,
  writeLayout,
  writeQuant,
} from './memory.ts'

/** The exports of kernel/assembly/index.ts. */
interface Kernel {
  status(): number
  unread(): number
  findMarker(): void
  setHuffman(index: number): number
  startScan(components: number, restartEvery: number): void
  sequentialRow(row: number, across: number, components: number): number
  heldScan(
    components: number,
    pass: number,
    from: number,
    to: number,
    shift: number,
    across: number,
    down: number,
  ): number
  heldRow(row: number, components: number): void
  writeRows(from: number, to: number, width: number, colors: number, out: number): void
}

const SEQUENTIAL = 0
const DC_FIRST = 1
const DC_REFINE = 2
const AC_FIRST = 3
const AC_REFINE = 4

const GREY = 0
const YCC = 1
const RGB = 2
const CMYK = 3
const YCCK = 4

const FAILURES = [
  '',
  'The JPEG is cut short.',
  'The pixels of the JPEG are damaged.',
  'The pixels of the JPEG are damaged (restart marker).',
]

/** Everything about the JPEG being decoded. */
interface Decoder {
  bytes: Uint8Array
  frame: Frame
  layout: Layout
  memory: WebAssembly.Memory
  kernel: Kernel
  /** Offset of the next compressed byte the kernel has not been given. */
  next: number
  quant: (Uint16Array | undefined)[]
  huffman: boolean[]
  restartEvery: number
  /** Components whose quantisation table was set, by index: it stays as it was at their first scan (T.81 §B.2.4.1). */
  started: Set<number>
}

/** Decodes a JPEG whose `info` was checked against the caps, reduced for a model of `side` pixels. Throws `image_corrupt`. */
export function decodeJpeg(bytes: Uint8Array, info: ImageInfo, side: number, signal?: AbortSignal): Pixels {
  const frame = readFrame(bytes)
  const layout = chooseLayout(frame, bytes.length, side)
  if (!layout) throw tooManyPixels(info)
  return decodeWith(bytes, frame, layout, signal)
}

/** Decodes a JPEG at n / 8 of its size, whatever that takes. Throws `image_corrupt`. */
export function decodeJpegAt(bytes: Uint8Array, n: BlockSide): Pixels {
  const frame = readFrame(bytes)
  return decodeWith(bytes, frame, layoutFor(frame, n))
}

function decodeWith(bytes: Uint8Array, frame: Frame, layout: Layout, signal?: AbortSignal): Pixels {
  const d = start(bytes, frame, layout)
  const canvas = createCanvas(layout.width, layout.height, frame.orientation)
  for (let at = 2; ; ) {
    const segment = segmentAt(bytes, at)
    if (!segment) throw corrupt(FAILURES[1]!)
    const { marker, data } = segment
    at = segment.end
    if (marker === DQT) readQuant(d, data)
    else if (marker === DHT) readHuffman(d, data)
    else if (marker === DRI && data.length >= 2) d.restartEvery = u16be(data, 0)
    else if (marker === EOI) break
    else if (marker === SOS) {
      signal?.throwIfAborted()
      if (!frame.held) {
        decodeRows(d, canvas, data, at)
        return canvas.pixels
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
  return canvas.pixels
}

/** A kernel of its own for each picture: it and its memory are garbage afterwards. */
function start(bytes: Uint8Array, frame: Frame, layout: Layout): Decoder {
  const memory = new WebAssembly.Memory({ initial: layout.memoryBytes / 65_536 })
  const d: Omit<Decoder, 'kernel'> = {
    bytes,
    frame,
    layout,
    memory,
    next: 0,
    quant: [],
    huffman: [],
    restartEvery: 0,
    started: new Set(),
  }
  const input = new Uint8Array(memory.buffer, INPUT, INPUT_BYTES)
  const refill = () => {
    const part = bytes.subarray(d.next, d.next + INPUT_BYTES)
    input.set(part)
    d.next += part.length
    return part.length
  }
  const instance = new WebAssembly.Instance(module, { env: { memory }, host: { refill } })
  writeLayout(memory, layout)
  // The refill closure counts in `d` itself, so the decoder is that very object.
  return Object.assign(d, { kernel: instance.exports as unknown as Kernel })
}

/** DQT (T.81 §B.2.4.1). */
function readQuant(d: Decoder, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    const wide = data[at]! >> 4
    const index = data[at]! & 15
    const bytes = wide ? 128 : 64
    if (wide > 1 || index > 3 || at + 1 + bytes > data.length)
      throw corrupt('A quantisation table of the JPEG is damaged.')
    const from = at + 1
    d.quant[index] = Uint16Array.from({ length: 64 }, (_, i) => (wide ? u16be(data, from + i * 2) : data[from + i]!))
    at += 1 + bytes
  }
}

/** DHT (T.81 §B.2.4.2). */
function readHuffman(d: Decoder, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    const kind = data[at]! >> 4
    const index = data[at]! & 15
    const symbols = data.subarray(at + 1, at + 17).reduce((sum, n) => sum + n, 0)
    const end = at + 17 + symbols
    if (kind > 1 || index > 3 || symbols > 256 || end > data.length)
      throw corrupt('A Huffman table of the JPEG is damaged.')
    const scratch = new Uint8Array(d.memory.buffer, SCRATCH, 272).fill(0)
    scratch.set(data.subarray(at + 1, end))
    if (!d.kernel.setHuffman(kind * 4 + index)) throw corrupt('A Huffman table of the JPEG is damaged.')
    d.huffman[kind * 4 + index] = true
    at = end
  }
}

interface Scan {
  /** Indices of the frame's components. */
  components: number[]
  from: number
  to: number
  /** Successive approximation: bits missing before this scan (0: it is the first) and after it. */
  high: number
  low: number
  needsDc: boolean
  needsAc: boolean
}

/** SOS (T.81 §B.2.3): checks it, and points the kernel's components to their tables. */
function readScan(d: Decoder, data: Uint8Array): Scan {
  const count = data[0] ?? 0
  if (count < 1 || count > 4 || data.length < 4 + count * 2) throw corrupt('A scan header of the JPEG is damaged.')
  const [from = 0, to = 0, approximation = 0] = data.subarray(1 + count * 2)
  const { progressive } = d.frame
  const scan: Scan = progressive
    ? {
        components: [],
        from,
        to,
        high: approximation >> 4,
        low: approximation & 15,
        needsDc: from === 0 && approximation < 16,
        needsAc: from > 0,
      }
    : { components: [], from: 0, to: 63, high: 0, low: 0, needsDc: true, needsAc: true }
  if (progressive && (from > to || to > 63 || scan.low > 13 || (from === 0 && to > 0) || (from > 0 && count > 1))) {
    throw corrupt('A scan header of the JPEG is damaged.')
  }
  let blocks = 0
  for (let i = 0; i < count; i++) {
    const index = d.frame.components.findIndex((c) => c.id === data[1 + i * 2])
    const component = d.frame.components[index]
    const [dc, ac] = [data[2 + i * 2]! >> 4, data[2 + i * 2]! & 15]
    if (!component || scan.components.includes(index)) throw corrupt('A scan of the JPEG names no component.')
    if ((scan.needsDc && !d.huffman[dc]) || (scan.needsAc && !d.huffman[4 + ac]))
      throw corrupt('The JPEG lacks a Huffman table.')
    if (!d.started.has(index)) {
      const table = d.quant[component.quant]
      if (!table) throw corrupt('The JPEG lacks a quantisation table.')
      writeQuant(d.memory, d.layout, index, table)
      d.started.add(index)
    }
    blocks += component.h * component.v
    scan.components.push(index)
    const address = useTables(d.memory, index, dc & 3, ac & 3)
    new Uint32Array(d.memory.buffer, SCAN, 4)[i] = address
  }
  if (count > 1 && blocks > 10) throw corrupt('The JPEG has too many blocks in an MCU.')
  return scan
}

/** The only scan of a JPEG that has all components in it: row by row onto the canvas. */
function decodeRows(d: Decoder, canvas: Canvas, header: Uint8Array, at: number): void {
  const count = readScan(d, header).components.length
  d.next = at
  d.kernel.startScan(count, d.restartEvery)
  for (let row = 0; row < d.layout.down; row++) {
    if (!d.kernel.sequentialRow(row, d.layout.across, count)) throw corrupt(FAILURES[d.kernel.status()]!)
    emit(d, canvas, row)
  }
}

/** Decodes a scan into the held coefficients, or skips it where the scale needs none of it. Returns where its data end. */
function holdScan(d: Decoder, header: Uint8Array, at: number): number {
  const scan = readScan(d, header)
  const { components, from, to, high, low } = scan
  const unneeded = from > 0 && d.layout.components[components[0]!]!.n === 1
  if (unneeded) return skipScan(d.bytes, at)
  d.next = at
  d.kernel.startScan(components.length, d.restartEvery)
  const pass = !d.frame.progressive
    ? SEQUENTIAL
    : from === 0
      ? high
        ? DC_REFINE
        : DC_FIRST
      : high
        ? AC_REFINE
        : AC_FIRST
  if (!d.kernel.heldScan(components.length, pass, from, to, low, d.layout.across, d.layout.down)) {
    throw corrupt(FAILURES[d.kernel.status()]!)
  }
  d.kernel.findMarker()
  return d.next - d.kernel.unread()
}

/** The next marker after `at` that is not a restart marker. */
function skipScan(bytes: Uint8Array, at: number): number {
  for (let i = bytes.indexOf(0xff, at); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
    const second = bytes[i + 1]
    if (second !== 0 && second !== 0xff && !(second !== undefined && second >= 0xd0 && second <= 0xd7)) return i
  }
  throw corrupt(FAILURES[1]!)
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
