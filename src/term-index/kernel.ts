/** The search kernel and the memory that it and all shards of one index share. */
import { TermlensError } from '../errors.ts'
import { align16, HEADER_SIZE, MAX_DIMS } from './format.ts'
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
  scanF16(rows: number, stride: number, count: number, query: number): void
  scanF32(rows: number, stride: number, count: number, query: number): void
  dotI8(row: number, query: number, stride: number): number
  dotF16(row: number, query: number, stride: number): number
  dotF32(row: number, query: number, stride: number): number
}

export interface Kernel {
  exports: KernelExports
  buffer: ArrayBuffer
  plan: MemoryPlan
}

/** Where things lie in the memory, in bytes. */
export interface MemoryPlan {
  /** The query as the scan reads it. */
  query: number
  /** Keys (f64) and ids (u32) of the rows found. */
  keys: number
  ids: number
  /** Start of each shard, in the order given. */
  shards: number[]
  /** Size of the memory. */
  bytes: number
}

const PAGE = 65_536

/** Lays out a memory for shards of these sizes; address 0 stays free, since it means "none". */
export function planMemory(shards: readonly { bytes: number; rows: number }[]): MemoryPlan {
  const mostRows = shards.reduce((most, { rows }) => Math.max(most, rows), 0)
  const query = HEADER_SIZE
  const keys = query + 4 * MAX_DIMS
  const ids = align16(keys + 8 * mostRows)
  let end = align16(ids + 4 * mostRows)
  const starts = shards.map(({ bytes }) => {
    const start = end
    end = align16(end + bytes)
    return start
  })
  return { query, keys, ids, shards: starts, bytes: Math.ceil(end / PAGE) * PAGE }
}

/**
 * Makes the memory, which never grows, and an instance of the kernel on it. Two kernels share nothing.
 * @throws TermlensError `index_invalid` where the host has no such memory
 */
export async function createKernel(plan: MemoryPlan): Promise<Kernel> {
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
  const instance = await WebAssembly.instantiate(wasm, { env: { memory } })
  return { exports: instance.exports as unknown as KernelExports, buffer: memory.buffer as ArrayBuffer, plan }
}
