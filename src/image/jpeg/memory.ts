/** How a JPEG is decoded within the budget: at which scale, and where everything lies in the kernel's memory. */
import { FULL_SCALE_PIXELS, IMAGE_BUDGET, REDUCING_GAP } from '../caps.ts'
import type { Frame } from './header.ts'

/** Side of a decoded block: 8 is full scale, 4, 2 and 1 are 1/2, 1/4 and 1/8. */
export type BlockSide = 1 | 2 | 4 | 8

/** The fixed addresses of kernel/assembly/layout.ts. */
export const SCAN = 64
export const COMPONENTS = 1024
const COMPONENT_BYTES = 128
const PLACES = 2048
export const SCRATCH = 2304
const QUANT = 4096
const HUFFMAN = 8192
const HUFFMAN_BYTES = 1536
export const INPUT = 20_480
export const INPUT_BYTES = 32_768
/** What the picture's size decides begins here. */
const DYNAMIC = INPUT + INPUT_BYTES

const PAGE = 65_536
/** Vector stores may reach this far beyond the end of a row. */
const SLACK = 16

/** The fields of a component, as u32 indices; those of layout.ts. */
const FIELDS = [
  'h',
  'v',
  'n',
  'lineBlocks',
  'blocksX',
  'blocksY',
  'coefficients',
  'samples',
  'stride',
  'ringRows',
  'quant',
  'dcTable',
  'acTable',
  'prediction',
  'samplesX',
  'samplesY',
  'upsample',
  'significant',
  'place',
  'upRow',
  'xNum',
  'xDen',
  'yNum',
  'yDen',
] as const

export type ComponentLayout = Record<(typeof FIELDS)[number], number>

const UP_NONE = 0
const UP_H2V1 = 1
const UP_H2V2 = 2
const UP_H1V2 = 3
const UP_BOX = 4

export interface Layout {
  n: BlockSide
  /** Size of the decoded picture, before orientation. */
  width: number
  height: number
  /** MCUs across and down, and how many rows of the picture one row of them makes. */
  across: number
  down: number
  mcuRows: number
  components: ComponentLayout[]
  /** Where rows of RGBA appear, at most `mcuRows + 1` at a time. */
  rows: number
  /** Bytes of the kernel's memory, whole pages. */
  memoryBytes: number
}

/** The layout for decoding `frame` at n / 8; `thrifty` keeps subsampled components as small as they are stored. */
export function layoutFor(frame: Frame, n: BlockSide, thrifty = false): Layout {
  const hMax = Math.max(...frame.components.map((c) => c.h))
  const vMax = Math.max(...frame.components.map((c) => c.v))
  const across = Math.ceil(frame.width / (8 * hMax))
  const down = Math.ceil(frame.height / (8 * vMax))
  const width = Math.ceil((frame.width * n) / 8)
  const height = Math.ceil((frame.height * n) / 8)
  let next = DYNAMIC
  const take = (bytes: number) => {
    const at = next
    next += Math.ceil(bytes / 16) * 16
    return at
  }
  const components = frame.components.map((c, index): ComponentLayout => {
    const side = thrifty ? n : blockSide(c, n, hMax, vMax)
    const lineBlocks = across * c.h
    const blocks = lineBlocks * down * c.v
    const stride = lineBlocks * side + SLACK
    const ringRows = 2 * c.v * side
    const samplesX = Math.ceil((frame.width * c.h * side) / (hMax * 8))
    const upsample = upsampling(c.h * side, hMax * n, c.v * side, vMax * n, samplesX)
    return {
      h: c.h,
      v: c.v,
      n: side,
      lineBlocks,
      blocksX: Math.ceil((frame.width * c.h) / (8 * hMax)),
      blocksY: Math.ceil((frame.height * c.v) / (8 * vMax)),
      coefficients: frame.held ? take(blocks * side * side * 2) : 0,
      samples: take(stride * ringRows),
      stride,
      ringRows,
      quant: QUANT + index * 256,
      dcTable: 0,
      acTable: 0,
      prediction: 0,
      samplesX,
      samplesY: Math.ceil((frame.height * c.v * side) / (vMax * 8)),
      upsample,
      significant: frame.progressive && side > 1 && side < 8 ? take(blocks * 8) : 0,
      place: PLACES + Math.log2(side) * 64,
      upRow: upsample === UP_NONE ? 0 : take(width + hMax * 8 + SLACK),
      xNum: c.h * side,
      xDen: hMax * n,
      yNum: c.v * side,
      yDen: vMax * n,
    }
  })
  const mcuRows = vMax * n
  const rows = take(width * 4 * (mcuRows + 1) + SLACK)
  return { n, width, height, across, down, mcuRows, components, rows, memoryBytes: Math.ceil(next / PAGE) * PAGE }
}

/**
 * The side of a component's blocks: subsampled components are decoded larger, so that they lose nothing to the scale that
 * the picture can show (libjpeg does so in `jpeg_calc_output_dimensions`, where both directions are subsampled alike).
 */
function blockSide(c: { h: number; v: number }, n: number, hMax: number, vMax: number): number {
  let side = n
  while (side < 8 && (c.h * side < hMax * n || c.v * side < vMax * n)) side *= 2
  return side
}

/** Which upsampling libjpeg-turbo would take (jinit_upsampler of jdsample.c), for `h` of `hFull` and `v` of `vFull` samples. */
function upsampling(h: number, hFull: number, v: number, vFull: number, samplesX: number): number {
  if (h === hFull && v === vFull) return UP_NONE
  const wideEnough = samplesX > 2
  if (h * 2 === hFull && v === vFull && wideEnough) return UP_H2V1
  if (h * 2 === hFull && v * 2 === vFull && wideEnough) return UP_H2V2
  return h === hFull && v * 2 === vFull ? UP_H1V2 : UP_BOX
}

/**
 * The layout for a model of `side` pixels: full scale for small pictures, else the smallest whose shorter side stays at
 * `REDUCING_GAP` times `side`, or smaller ones until it fits the budget with the file. Nothing where none does.
 */
export function chooseLayout(frame: Frame, fileBytes: number, side: number): Layout | undefined {
  const shorter = Math.min(frame.width, frame.height)
  const small = frame.width * frame.height <= FULL_SCALE_PIXELS
  const wanted: BlockSide = small
    ? 8
    : (([1, 2, 4] as const).find((n) => (shorter * n) / 8 >= REDUCING_GAP * side) ?? 8)
  for (const n of [8, 4, 2, 1] as const) {
    if (n > wanted) continue
    for (const thrifty of [false, true]) {
      const layout = layoutFor(frame, n, thrifty)
      if (layoutBytes(layout, fileBytes) <= IMAGE_BUDGET) return layout
    }
  }
  return undefined
}

/** What lives while a JPEG is decoded: the file, the kernel's memory and the pixels. */
export const layoutBytes = (layout: Layout, fileBytes: number): number =>
  fileBytes + layout.memoryBytes + layout.width * layout.height * 4

/** Writes the tables and components of a layout into the kernel's memory. */
export function writeLayout(memory: WebAssembly.Memory, layout: Layout): void {
  const bytes = new Uint8Array(memory.buffer)
  for (const n of [1, 2, 4, 8]) bytes.set(places(n), PLACES + Math.log2(n) * 64)
  layout.components.forEach((c, i) => {
    new Uint32Array(memory.buffer, COMPONENTS + i * COMPONENT_BYTES).set(FIELDS.map((field) => c[field]))
  })
}

/** Sets the quantisation table of component `index`: 64 factors in zigzag order. */
export function writeQuant(memory: WebAssembly.Memory, layout: Layout, index: number, zigzag: Uint16Array): void {
  const { n, quant } = layout.components[index]!
  const out = new Int32Array(memory.buffer, quant, n * n)
  places(n).forEach((to, k) => {
    if (to < n * n) out[to] = zigzag[k]!
  })
}

/** Sets the Huffman tables that component `index` uses, and returns the component's address. */
export function useTables(memory: WebAssembly.Memory, index: number, dc: number, ac: number): number {
  const at = COMPONENTS + index * COMPONENT_BYTES
  const words = new Uint32Array(memory.buffer, at, FIELDS.length)
  words[FIELDS.indexOf('dcTable')] = HUFFMAN + dc * HUFFMAN_BYTES
  words[FIELDS.indexOf('acTable')] = HUFFMAN + (4 + ac) * HUFFMAN_BYTES
  return at
}

/** For each zigzag index its index in a block of the n × n lowest coefficients; n * n for those outside it. */
function places(n: number): number[] {
  const out: number[] = []
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    const low = Math.max(0, diagonal - 7)
    const high = Math.min(7, diagonal)
    for (let i = low; i <= high; i++) {
      const row = diagonal % 2 === 0 ? high - i + low : i
      const column = diagonal - row
      out.push(row < n && column < n ? row * n + column : n * n)
    }
  }
  return out
}
