/**
 * Makes the graph of a bank with hnswlib-wasm, in the form that a shard stores: docs/index-format.md, section 3.8. One thread, a fixed seed and
 * WebAssembly arithmetic: equal rows give equal bytes on every machine.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { TermlensError } from '../src/errors.ts'
import { rowStride } from '../src/term-index/format.ts'
import type { Graph } from '../src/term-index/index.ts'
import { writeWhole } from './publish.ts'

/** The shape of a graph: links of a node on the upper levels (twice as many among the rows), breadth of the search that chooses them. */
export const GRAPH_SHAPE = { links: 16, breadth: 100, seed: 100 } as const

/** Rows between two reports of progress. */
const STEP = 100

/** A graph whose breadth of search is still to be chosen. */
export type GraphLinks = Omit<Graph, 'ef'>

/** The methods of hnswlib-wasm's index that are used. */
export interface Hnsw {
  initIndex(most: number, links: number, breadth: number, seed: number): void
  addPoint(vector: Float32Array, label: number, replace: boolean): void
  setEfSearch(ef: number): void
  searchKnn(query: Float32Array, k: number, filter: undefined): { distances: number[]; neighbors: number[] }
  writeIndex(file: string): unknown
  delete(): void
}

interface HnswModule {
  HierarchicalNSW: new (space: 'ip', dims: number, file: string) => Hnsw
  EmscriptenFileSystemManager: { initializeFileSystem(kind: 'IDBFS'): void }
}

/** What the module imports, as far as it is changed here; `env` and the WASI namespace are one object. */
interface Imports extends WebAssembly.Imports {
  env: WebAssembly.ModuleImports & {
    fd_write(fd: number, vectors: number, count: number, written: number): number
    syncIdb_js(): void
  }
}

/** @param onWrite takes what the module writes to files; the bytes are its own again afterwards */
async function loadHnswlib(onWrite: (bytes: Uint8Array) => void): Promise<HnswModule> {
  const { factory, wasm } = await readPackage()
  let memory: WebAssembly.Memory
  const instantiateWasm = (imports: Imports, done: (instance: WebAssembly.Instance) => void) => {
    const { fd_write } = imports.env
    // There is no IndexedDB to copy files to.
    imports.env.syncIdb_js = () => {}
    imports.env.fd_write = (fd, vectors, count, written) => {
      if (fd <= 2) return fd_write(fd, vectors, count, written)
      const view = new DataView(memory.buffer)
      let total = 0
      for (let at = vectors; at < vectors + 8 * count; at += 8) {
        const length = view.getUint32(at + 4, true)
        onWrite(new Uint8Array(memory.buffer, view.getUint32(at, true), length))
        total += length
      }
      view.setUint32(written, total, true)
      return 0
    }
    WebAssembly.instantiate(wasm, imports).then((instance) => {
      memory = instance.exports.memory as WebAssembly.Memory
      done(instance)
    })
    return {}
  }
  const host = globalThis as { window?: unknown; document?: unknown }
  const before = { window: host.window, document: host.document }
  // It is built for browsers and looks for these while it starts.
  host.window = globalThis
  host.document = {}
  try {
    return await factory({ instantiateWasm, print: () => {} })
  } finally {
    for (const name of ['window', 'document'] as const) {
      if (before[name] === undefined) delete host[name]
      else host[name] = before[name]
    }
  }
}

async function readPackage(): Promise<{ factory: (options: object) => Promise<HnswModule>; wasm: WebAssembly.Module }> {
  const file = 'hnswlib-wasm/dist/hnswlib-317962d7.js'
  try {
    const path = createRequire(import.meta.url).resolve(file)
    const wasm = /wasmBinaryFile = 'data:application\/octet-stream;base64,([^']+)'/.exec(await readFile(path, 'utf8'))
    const { default: factory } = await import(/* @vite-ignore */ pathToFileURL(path).href)
    return { factory, wasm: await WebAssembly.compile(Buffer.from(wasm![1]!, 'base64')) }
  } catch (cause) {
    throw new TermlensError('setup_missing', `A graph is built with ${file}, which could not be loaded.`, {
      cause,
      hint: 'Run "npm install": it is one of the development packages.',
    })
  }
}

/**
 * @param rows i8, as a shard stores them @param scales of the rows, one at least
 * @param onProgress rows finished; what it throws ends the work
 * @returns an index over the rows' vectors, labelled by row, and what writes it as a graph; `hnsw.delete()` frees it
 */
export async function indexRows(
  rows: Uint8Array,
  scales: Float32Array,
  dims: number,
  onProgress?: (done: number) => void,
): Promise<{ hnsw: Hnsw; write: () => GraphLinks }> {
  let feed = (_: Uint8Array) => {}
  const { HierarchicalNSW, EmscriptenFileSystemManager } = await loadHnswlib((bytes) => feed(bytes))
  quietly(() => EmscriptenFileSystemManager.initializeFileSystem('IDBFS'))
  const hnsw = new HierarchicalNSW('ip', dims, '')
  const { links, breadth, seed } = GRAPH_SHAPE
  hnsw.initIndex(scales.length, links, breadth, seed)
  const stride = rowStride(dims, 'i8')
  const vector = new Float32Array(dims)
  for (let row = 0; row < scales.length; row++) {
    const stored = new Int8Array(rows.buffer, rows.byteOffset + row * stride, dims)
    for (let i = 0; i < dims; i++) vector[i] = stored[i]! * scales[row]!
    hnsw.addPoint(vector, row, false)
    if (row % STEP !== STEP - 1) continue
    onProgress?.(row + 1)
    // For signals and bars, which a loop of minutes would keep waiting.
    await setImmediate()
  }
  const write = () => {
    const parsing = parseHnsw(scales.length, dims)
    const parser = feedOf(parsing)
    feed = parser.feed
    hnsw.writeIndex('graph')
    return parser.end()
  }
  return { hnsw, write }
}

/** Without what the module says on stdout, which belongs to reports. */
function quietly(task: () => void): void {
  const { log } = console
  console.log = () => {}
  try {
    task()
  } finally {
    console.log = log
  }
}

/** The graph of a bank's rows, without any cache. @param rows and further as for `indexRows` */
export async function buildGraph(
  rows: Uint8Array,
  scales: Float32Array,
  dims: number,
  onProgress?: (done: number) => void,
): Promise<GraphLinks> {
  const { hnsw, write } = await indexRows(rows, scales, dims, onProgress)
  try {
    return write()
  } finally {
    hnsw.delete()
  }
}

/**
 * Like `buildGraph`, kept in a file of `folder` for the next time with the same rows. @param name of the file
 * @param folder null to keep nothing
 */
export async function cachedGraph(
  folder: string | null,
  name: string,
  rows: Uint8Array,
  scales: Float32Array,
  dims: number,
  onProgress?: (done: number) => void,
): Promise<GraphLinks> {
  if (folder === null) return buildGraph(rows, scales, dims, onProgress)
  const key = createHash('sha256').update(JSON.stringify([FORMAT, GRAPH_SHAPE, dims]))
  const digest = key
    .update(rows)
    .update(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength))
    .digest()
  const known = await readFile(join(folder, name)).catch(() => undefined)
  const kept = known && unpack(known, digest)
  if (kept) return kept
  const graph = await buildGraph(rows, scales, dims, onProgress)
  await mkdir(folder, { recursive: true })
  await writeWhole(folder, name, pack(graph, digest))
  return graph
}

/** Of the cache's files. Changed with what this program makes of an hnswlib file. */
const FORMAT = 1

function pack({ entry, nodes, offsets, links }: GraphLinks, digest: Uint8Array): Uint8Array {
  const head = Uint32Array.of(entry, nodes.length, offsets.length, links.length)
  const body = [head, nodes, offsets, links].map((a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength))
  return Buffer.concat([digest, ...body])
}

function unpack(file: Buffer, digest: Uint8Array): GraphLinks | undefined {
  if (file.length < 48 || !file.subarray(0, 32).equals(digest)) return undefined
  const numbers = new Uint32Array(new Uint8Array(file).buffer, 32, (file.length >> 2) - 8)
  const [entry, nodes, offsets, links] = numbers as unknown as [number, number, number, number]
  if (numbers.length !== 4 + nodes + offsets + links) return undefined
  const from = (start: number, length: number) => numbers.slice(start, start + length)
  return { entry, nodes: from(4, nodes), offsets: from(4 + nodes, offsets), links: from(4 + nodes + offsets, links) }
}

/** Asks for bytes of a file: so many to read, or so many to pass over where negative. */
type Parsing = Generator<number, GraphLinks, DataView>

/** Feeds a parser with the pieces of a file. */
function feedOf(parsing: Parsing): { feed: (bytes: Uint8Array) => void; end: () => GraphLinks } {
  let next = parsing.next()
  let have = 0
  let buffer = new Uint8Array(next.done ? 0 : Math.abs(next.value))
  const feed = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      if (next.done) throw corrupt('it goes on past its end')
      const wanted = Math.abs(next.value)
      const part = bytes.subarray(at, at + wanted - have)
      if (next.value > 0) buffer.set(part, have)
      have += part.length
      at += part.length
      if (have < wanted) continue
      next = parsing.next(new DataView(buffer.buffer, 0, next.value > 0 ? wanted : 0))
      have = 0
      if (!next.done && next.value > buffer.length) buffer = new Uint8Array(next.value)
    }
  }
  const end = () => {
    if (!next.done) throw corrupt('it is cut short')
    return next.value
  }
  return { feed, end }
}

const corrupt = (why: string): Error => new Error(`hnswlib-wasm wrote a file that is not as expected: ${why}.`)

/** Byte offsets in the header of an hnswlib file (wasm32), which has 56 bytes. */
const HNSW = { count: 8, elementSize: 12, labelAt: 16, vectorAt: 20, topLevel: 24, entry: 28, perUpper: 32, perRow: 36 }
const HNSW_HEADER = 56

/** Reads an hnswlib file, whose elements are rows. */
function* parseHnsw(rows: number, dims: number): Parsing {
  const header = yield HNSW_HEADER
  const of = (field: keyof typeof HNSW) => header.getUint32(HNSW[field], true)
  const [perUpper, perRow, top, entryRow] = [of('perUpper'), of('perRow'), of('topLevel'), of('entry')]
  const linkBytes = 4 + 4 * perRow
  if (of('count') !== rows || of('vectorAt') !== linkBytes || of('labelAt') !== linkBytes + 4 * dims)
    throw corrupt('its header')

  /** For each level, the rows on it, rising, and the rows that each links to. */
  const levels: { rows: number[]; links: Uint32Array[] }[] = Array.from({ length: top + 1 }, () => ({
    rows: [],
    links: [],
  }))
  const add = (level: number, row: number, list: DataView, at: number) => {
    const count = list.getUint16(at, true)
    levels[level]!.rows.push(row)
    levels[level]!.links.push(Uint32Array.from({ length: count }, (_, i) => list.getUint32(at + 4 + 4 * i, true)))
  }
  for (let row = 0; row < rows; row++) {
    add(0, row, yield linkBytes, 0)
    yield -4 * dims
    if ((yield 4).getUint32(0, true) !== row) throw corrupt(`its element ${row} has another label`)
  }
  const blockBytes = 4 + 4 * perUpper
  for (let row = 0; row < rows; row++) {
    const length = (yield 4).getUint32(0, true)
    if (length === 0) continue
    const blocks = yield length
    for (let level = 1; level <= length / blockBytes; level++) add(level, row, blocks, (level - 1) * blockBytes)
  }
  return number(levels, entryRow, rows)
}

/** Numbers the nodes level by level, and lays their links one after another. */
function number(levels: { rows: number[]; links: Uint32Array[] }[], entryRow: number, rows: number): GraphLinks {
  const nodes: number[] = []
  const lists: Uint32Array[] = []
  let below = new Map<number, number>()
  for (const [level, { rows: here, links }] of levels.entries()) {
    const first = level === 0 ? 0 : rows + nodes.length / 2
    const nodeOf = new Map(here.map((row, i) => [row, first + i]))
    if (level > 0) for (const row of here) nodes.push(row, below.get(row)!)
    for (const list of links) lists.push(level === 0 ? list : list.map((row) => nodeOf.get(row)!))
    below = nodeOf
  }
  const offsets = new Uint32Array(lists.length + 1)
  for (const [i, list] of lists.entries()) offsets[i + 1] = offsets[i]! + list.length
  const links = new Uint32Array(offsets.at(-1)!)
  for (const [i, list] of lists.entries()) links.set(list, offsets[i]!)
  return { entry: below.get(entryRow)!, nodes: Uint32Array.from(nodes), offsets, links }
}
