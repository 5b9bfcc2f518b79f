/** The markers that change how a JPEG is decoded: quantisation tables, Huffman tables and scan headers. */
import { corrupt, u16be } from '../info.ts'
import type { Decoder } from './kernel.ts'
import { SCAN, SCRATCH, useTables, writeQuant } from './memory.ts'

/** DQT (T.81 §B.2.4.1). */
export function readQuant(d: Decoder, data: Uint8Array): void {
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
export function readHuffman(d: Decoder, data: Uint8Array): void {
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

/** What a scan does with the coefficients; the numbers are those of kernel/assembly/index.ts. */
const SEQUENTIAL = 0
const DC_FIRST = 1
const DC_REFINE = 2
const AC_FIRST = 3
const AC_REFINE = 4

export interface Scan {
  /** Indices of the frame's components. */
  components: number[]
  pass: number
  /** The first and the last coefficient it holds, in zigzag order. */
  from: number
  to: number
  /** Bits that are still missing after it (successive approximation, T.81 §G.1.1.1.2). */
  low: number
}

/** SOS (T.81 §B.2.3): checks it, and points the kernel's components to their tables. */
export function readScan(d: Decoder, data: Uint8Array): Scan {
  const count = data[0] ?? 0
  if (count < 1 || count > 4 || data.length < 4 + count * 2) throw corrupt('A scan header of the JPEG is damaged.')
  const [from = 0, to = 0, approximation = 0] = data.subarray(1 + count * 2)
  const high = approximation >> 4
  const scan: Scan = { components: [], pass: SEQUENTIAL, from: 0, to: 63, low: 0 }
  if (d.frame.progressive) {
    Object.assign(scan, { from, to, low: approximation & 15 })
    scan.pass = from === 0 ? (high ? DC_REFINE : DC_FIRST) : high ? AC_REFINE : AC_FIRST
    if (from > to || to > 63 || scan.low > 13 || (from === 0 && to > 0) || (from > 0 && count > 1)) {
      throw corrupt('A scan header of the JPEG is damaged.')
    }
  }
  const needsDc = scan.pass === SEQUENTIAL || scan.pass === DC_FIRST
  const needsAc = scan.pass === SEQUENTIAL || from > 0
  let blocks = 0
  for (let i = 0; i < count; i++) {
    const index = d.frame.components.findIndex((c) => c.id === data[1 + i * 2])
    const component = d.frame.components[index]
    const [dc, ac] = [data[2 + i * 2]! >> 4, data[2 + i * 2]! & 15]
    if (!component || scan.components.includes(index)) throw corrupt('A scan of the JPEG names no component.')
    if ((needsDc && !d.huffman[dc]) || (needsAc && !d.huffman[4 + ac])) throw corrupt('The JPEG lacks a Huffman table.')
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
