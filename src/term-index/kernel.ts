/** The search kernel and the memory that it and all shards of one index share. */
import { TermlensError } from '../errors.ts'
import { ALIGNMENT, align16, codeStride, MAX_DIMS } from './format.ts'
import wasm from './kernel/kernel.wasm'

/** What kernel/assembly/kernel.ts exports. Addresses are bytes in the memory. */
export interface KernelExports {
  begin(
    keys: number,
    ids: number,
    k: number,
    sign: number,
    offsets: number,
    factors: number,
    terms: number,
    flags: number,
    mask: number,
  ): void
  finish(): number
  scanI8(rows: number, stride: number, count: number, scales: number, query: number, unit: number): void
  survey(rows: number, stride: number, count: number, scales: number, sums: number): number
  scanI8Coarse(
    rows: number,
    stride: number,
    count: number,
    scales: number,
    query: number,
    unit: number,
    coarse: number,
    step: number,
    sums: number,
    slack: number,
  ): void
  prefilter(
    codes: number,
    stride: number,
    count: number,
    query: number,
    dims: number,
    distances: number,
    histogram: number,
    list: number,
    keep: number,
  ): number
  scanI8List(
    rows: number,
    stride: number,
    list: number,
    count: number,
    scales: number,
    query: number,
    unit: number,
  ): void
  scanI8Graph(
    rows: number,
    stride: number,
    count: number,
    scales: number,
    query: number,
    unit: number,
    begins: number,
    links: number,
    nodes: number,
    entry: number,
    visited: number,
    keys: number,
    ids: number,
  ): void
  scanF16(rows: number, stride: number, count: number, query: number): void
  scanF32(rows: number, stride: number, count: number, query: number): void
  dotI8(row: number, query: number, stride: number): number
  dotF16(row: number, query: number, stride: number): number
  dotF32(row: number, query: number, stride: number): number
}

export interface Kernel {
  exports: KernelExports
  /** Everything lies in it. It never grows, so that views on `buffer` stay valid. */
  memory: WebAssembly.Memory
  buffer: ArrayBuffer
  plan: MemoryPlan
  /** Whether it is the relaxed-SIMD build, which has `scanI8Coarse`. */
  relaxed: boolean
}

/** Where things lie in the memory, in bytes. */
export interface MemoryPlan {
  /** The query as the scan reads it. */
  query: number
  /** The query in 7 bits. */
  coarse: number
  /** The query's 1-bit code; distances (u16), their histogram (u32), and the rows (u32) that a prefilter chose. */
  code: number
  distances: number
  histogram: number
  list: number
  /** Which rows a graph search has seen (a bit a row), and keys (f64) and ids (u32) of those whose links it has still to follow. */
  visited: number
  aheadKeys: number
  aheadIds: number
  /** Keys (f64) and ids (u32) of the rows found. */
  keys: number
  ids: number
  /** Sums of the rows (i32) of each shard, in the order given. */
  sums: number[]
  /** Start of each shard, in the order given. */
  shards: number[]
  /** Size of the memory. */
  bytes: number
}

const PAGE = 65_536

/** Lays out a memory for shards of these sizes; address 0 stays free, since it means "none". */
export function planMemory(shards: readonly { bytes: number; rows: number; engine?: string }[]): MemoryPlan {
  const mostRows = shards.reduce((most, { rows }) => Math.max(most, rows), 0)
  const mostOf = (name: string) =>
    shards.reduce((most, { rows, engine }) => (engine === name ? Math.max(most, rows) : most), 0)
  const mostFiltered = mostOf('prefilter')
  const mostLinked = mostOf('graph')
  let end = ALIGNMENT
  const take = (bytes: number): number => {
    const start = end
    end = align16(end + bytes)
    return start
  }
  return {
    query: take(4 * MAX_DIMS),
    coarse: take(MAX_DIMS),
    code: take(mostFiltered > 0 ? codeStride(MAX_DIMS) : 0),
    distances: take(2 * mostFiltered),
    histogram: take(mostFiltered > 0 ? 4 * (MAX_DIMS + 1) : 0),
    list: take(4 * mostFiltered),
    visited: take(8 * Math.ceil(mostLinked / 64)),
    aheadKeys: take(8 * mostLinked),
    aheadIds: take(4 * mostLinked),
    keys: take(8 * mostRows),
    ids: take(4 * mostRows),
    sums: shards.map(({ rows }) => take(4 * rows)),
    shards: shards.map(({ bytes }) => take(bytes)),
    bytes: Math.ceil(end / PAGE) * PAGE,
  }
}

/**
 * Makes the memory, which never grows, and an instance of the kernel on it. Two kernels share nothing.
 * @param relaxed the relaxed-SIMD build (kernel/kernel-relaxed.wasm), on hosts that compile it; it finds the same, faster
 * @throws TermlensError `index_invalid` where the host has no such memory
 */
export async function createKernel(plan: MemoryPlan, relaxed?: WebAssembly.Module): Promise<Kernel> {
  const pages = plan.bytes / PAGE
  let memory: WebAssembly.Memory
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  } catch (cause) {
    throw new TermlensError(
      'index_invalid',
      `The index needs ${plan.bytes} bytes of memory, which are not to be had.`,
      { cause },
    )
  }
  const instance = await WebAssembly.instantiate(relaxed ?? wasm, { env: { memory } })
  return {
    exports: instance.exports as unknown as KernelExports,
    memory,
    buffer: memory.buffer as ArrayBuffer,
    plan,
    relaxed: relaxed !== undefined,
  }
}
