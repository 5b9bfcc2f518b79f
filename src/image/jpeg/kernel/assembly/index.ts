// @ts-nocheck AssemblyScript
/**
 * The computing half of the JPEG decoder. The host reads the markers, lays out the memory (`layout.ts`) and calls these;
 * compressed bytes are fetched through `refill` as they are needed. Compiled to `../jpeg.wasm` by test/image/build-jpeg-kernel.ts.
 */
import { broken, buildHuffman, failure, findMarker, passRestart, startInput, unread } from './bits'
import { acFirst, acRefine, dcFirst, dcRefine, resetRun, sequentialBlock } from './blocks'
import { inverse } from './idct'
import {
  BLOCK, BLOCKS_X, BLOCKS_Y, COEFFICIENTS, COMPONENT_BYTES, COMPONENTS, H, HUFFMAN, HUFFMAN_BYTES, LINE_BLOCKS, N,
  PREDICTION, SAMPLES, SCAN, SIGNIFICANT, STRIDE, V,
} from './layout'

export { writeRows } from './rows'
export { findMarker, unread }

/** 0 while all is well; 1 the data ended early, 2 a code that does not exist, 3 a wrong restart marker. */
export function status(): i32 {
  return failure
}

/** Takes Huffman table `index` (0 to 3 DC, 4 to 7 AC) from SCRATCH. False where its counts are impossible. */
export function setHuffman(index: i32): bool {
  return buildHuffman(HUFFMAN + usize(index) * HUFFMAN_BYTES)
}

/** MCUs up to the next restart marker, MCUs between them (0: none come), and the number of the next one. */
let untilRestart: i32 = 0
let interval: i32 = 0
let restart: i32 = 0

/** Begins a scan of the first `components` of SCAN, with a restart marker every `every` MCUs (0: none). */
export function startScan(components: i32, every: i32): void {
  interval = every
  untilRestart = every
  restart = 0
  startInput()
  reset(components)
}

function reset(components: i32): void {
  for (let i = 0; i < components; i++) store<i32>(load<u32>(SCAN + i * 4), 0, PREDICTION)
  resetRun()
}

/** Before each MCU: goes past a restart marker where one is due. */
// @ts-ignore: decorator
@inline
function nextMcu(components: i32): void {
  if (interval == 0) return
  if (untilRestart == 0) {
    passRestart(restart)
    restart = (restart + 1) & 7
    untilRestart = interval
    reset(components)
  }
  untilRestart--
}

/** Decodes row `row` of MCUs, `across` of them with all `components`, into the rings of samples. False once broken. */
export function sequentialRow(row: i32, across: i32, components: i32): bool {
  for (let mcu = 0; mcu < across; mcu++) {
    nextMcu(components)
    for (let i = 0; i < components; i++) {
      const c = COMPONENTS + usize(i) * COMPONENT_BYTES
      const h = load<i32>(c, H)
      const v = load<i32>(c, V)
      const n = load<i32>(c, N)
      const stride = load<u32>(c, STRIDE)
      const ring = usize(load<u32>(c, SAMPLES)) + usize((row & 1) * v * n) * stride
      for (let y = 0; y < v; y++) {
        for (let x = 0; x < h; x++) {
          const more = sequentialBlock(c)
          inverse(c, BLOCK, ring + usize(y * n) * stride + usize((mcu * h + x) * n), stride, !more)
        }
      }
    }
    if (broken()) return false
  }
  return true
}

/** What a scan does with each block. */
const SEQUENTIAL = 0
const DC_FIRST = 1
const DC_REFINE = 2
const AC_FIRST = 3
const AC_REFINE = 4

let kind: i32 = 0
let bandFrom: i32 = 0
let bandTo: i32 = 0
let bitShift: i32 = 0

function heldBlock(c: usize, x: i32, y: i32): void {
  const index = usize(y) * load<u32>(c, LINE_BLOCKS) + x
  const n = load<u32>(c, N)
  const block = usize(load<u32>(c, COEFFICIENTS)) + index * n * n * 2
  const bitSets = usize(load<u32>(c, SIGNIFICANT))
  const significant = bitSets ? bitSets + index * 8 : 0
  if (kind == DC_FIRST) dcFirst(c, block, bitShift)
  else if (kind == DC_REFINE) dcRefine(block, bitShift)
  else if (kind == AC_FIRST) acFirst(c, block, significant, bandFrom, bandTo, bitShift)
  else if (kind == AC_REFINE) acRefine(c, block, significant, bandFrom, bandTo, bitShift)
  else {
    sequentialBlock(c)
    memory.copy(block, BLOCK, n * n * 2)
  }
}

/**
 * Decodes a whole scan into the coefficients that are held. `pass` is one of the constants above, `from` to `to` its
 * coefficients, `shift` the bits that are still missing after it; `across` × `down` MCUs. False once broken.
 */
export function heldScan(
  components: i32, pass: i32, from: i32, to: i32, shift: i32, across: i32, down: i32,
): bool {
  kind = pass
  bandFrom = from
  bandTo = to
  bitShift = shift
  const first = usize(load<u32>(SCAN))
  if (components == 1) {
    // A component alone comes block by block, without the padding of MCUs (T.81 §A.2.2).
    const width = load<i32>(first, BLOCKS_X)
    const height = load<i32>(first, BLOCKS_Y)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        nextMcu(1)
        heldBlock(first, x, y)
        if (broken()) return false
      }
    }
    return true
  }
  for (let row = 0; row < down; row++) {
    for (let mcu = 0; mcu < across; mcu++) {
      nextMcu(components)
      for (let i = 0; i < components; i++) {
        const c = usize(load<u32>(SCAN + i * 4))
        const h = load<i32>(c, H)
        const v = load<i32>(c, V)
        for (let y = 0; y < v; y++) for (let x = 0; x < h; x++) heldBlock(c, mcu * h + x, row * v + y)
      }
      if (broken()) return false
    }
  }
  return true
}

/** Turns row `row` of MCUs of all `components` from held coefficients into the rings of samples. */
export function heldRow(row: i32, components: i32): void {
  for (let i = 0; i < components; i++) {
    const c = COMPONENTS + usize(i) * COMPONENT_BYTES
    const v = load<i32>(c, V)
    const n = load<u32>(c, N)
    const stride = load<u32>(c, STRIDE)
    const blocks = load<u32>(c, LINE_BLOCKS)
    const ring = usize(load<u32>(c, SAMPLES)) + usize((row & 1) * v) * n * stride
    for (let y = 0; y < v; y++) {
      let block = usize(load<u32>(c, COEFFICIENTS)) + usize(row * v + y) * blocks * n * n * 2
      for (let x: u32 = 0; x < blocks; x++, block += n * n * 2) {
        inverse(c, block, ring + usize(y) * n * stride + x * n, stride, false)
      }
    }
  }
}
