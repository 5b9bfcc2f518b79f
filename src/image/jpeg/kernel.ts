/** A JPEG being decoded: the compiled kernel, its memory, and what the markers have said so far. */
import { corrupt } from '../info.ts'
import type { Frame } from './header.ts'
import module from './kernel/jpeg.wasm'
import { INPUT, INPUT_BYTES, type Layout, writeLayout } from './memory.ts'

/** The exports of kernel/assembly/index.ts. */
export interface Kernel {
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

/** Everything about the JPEG being decoded. */
export interface Decoder {
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

/** A kernel of its own for each picture: it and its memory are garbage afterwards. */
export function start(bytes: Uint8Array, frame: Frame, layout: Layout): Decoder {
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

/** By the kernel's status. */
const FAILURES = [
  '',
  'The JPEG is cut short.',
  'The pixels of the JPEG are damaged.',
  'The pixels of the JPEG are damaged (restart marker).',
]

/** The error for what stopped the kernel. */
export const failed = (kernel: Kernel) => corrupt(FAILURES[kernel.status()]!)

/** The error for a file that ends too early. */
export const cutShort = () => corrupt(FAILURES[1]!)
