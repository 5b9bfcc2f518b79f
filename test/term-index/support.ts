/** Shards for tests, and the specification's arithmetic written the plain way to compare the kernel with. */

import { packCodes, packRows } from '../../index-build/rows.ts'
import {
  type Dtype,
  encodeShard,
  type Graph,
  type Manifest,
  openIndex,
  planMemory,
  type ShardContent,
  type StaticIndex,
  sha256Hex,
  VERSION,
} from '../../src/term-index/index.ts'

export const DIGEST = 'ab'.repeat(32)
export const specOf = (dims: number) => ({ name: 'test', digest: DIGEST, embedding_size: dims })

/** Equal numbers in every run, 0 to 1 (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A vector of unit length. */
export function unit(dims: number, random: () => number): Float32Array {
  const vector = Float32Array.from({ length: dims }, () => random() + random() + random() - 1.5)
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
  return vector.map((x) => x / length)
}

export interface ContentOptions {
  bank?: string
  dims?: number
  dtype?: Dtype
  terms?: number
  templates?: string[]
  calibrated?: boolean
  named?: boolean
  codes?: boolean
  seed?: number
  vectors?: Float32Array[]
}

/** A bank of random vectors. Term i has flags i mod 16 and theme i mod 2. */
export function contentOf(options: ContentOptions = {}): ShardContent {
  const {
    bank = 'test',
    dims = 19,
    dtype = 'i8',
    terms = 7,
    templates = ['{}', 'by {}'],
    calibrated = true,
    named = true,
  } = options
  const random = generator(options.seed ?? 1)
  const rows = terms * templates.length
  const vectors = options.vectors ?? Array.from({ length: rows }, () => unit(dims, random))
  const packed = packRows(vectors, dims, dtype)
  return {
    meta: {
      bank,
      model: { name: 'test', digest: DIGEST },
      templates,
      themes: ['', 'odd ones'],
      names: named ? 'zh-CN' : null,
      encoder: { gloss: null, rules: 'termlens' },
    },
    dims,
    dtype,
    terms: Array.from({ length: terms }, (_, i) => `térm ${i}`),
    ...(named && { names: Array.from({ length: terms }, (_, i) => (i % 3 === 0 ? '' : `词${i}`)) }),
    flags: Uint8Array.from({ length: terms }, (_, i) => i % 16),
    themes: Uint16Array.from({ length: terms }, (_, i) => i % 2),
    rowTerms: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / templates.length)),
    rowTemplates: Uint8Array.from({ length: rows }, (_, row) => row % templates.length),
    rows: packed.rows,
    ...(packed.scales && { rowScales: packed.scales }),
    ...(options.codes && packed.scales && { codes: packCodes(packed.rows, packed.scales, dims) }),
    ...(calibrated && {
      calibration: {
        offset: Float32Array.from({ length: rows }, () => random() / 10),
        scale: Float32Array.from({ length: rows }, () => 5 + 5 * random()),
      },
    }),
  }
}

export interface Files {
  manifest: Manifest
  files: Map<string, Uint8Array<ArrayBuffer>>
}

/** An index of these banks, as `build` would leave it. */
export async function indexOf(contents: readonly ShardContent[]): Promise<Files> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const banks: Manifest['banks'] = []
  for (const content of contents) {
    const shard = await encodeShard(content)
    const sha256 = await sha256Hex(shard)
    const name = content.meta.bank
    const file = `${name}.${sha256.slice(0, 16)}.tlx`
    files.set(file, shard)
    banks.push({
      name,
      file,
      sha256,
      bytes: shard.length,
      terms: content.terms.length,
      rows: content.rowTerms.length,
      engine: content.graph ? 'graph' : content.codes ? 'prefilter' : 'exact',
    })
  }
  const sum = (member: 'terms' | 'rows' | 'bytes') => banks.reduce((total, bank) => total + bank[member], 0)
  const manifest: Manifest = {
    format: 'termlens-index',
    version: VERSION,
    model: { name: 'test', digest: DIGEST, embedding_size: contents[0]?.dims ?? 19 },
    rules: 'termlens',
    banks,
    terms: sum('terms'),
    rows: sum('rows'),
    bytes: sum('bytes'),
    memory: planMemory(banks).bytes,
    created_by: 'test',
  }
  return { manifest, files }
}

export async function openContent(content: ShardContent, relaxedKernel?: WebAssembly.Module): Promise<StaticIndex> {
  const { manifest, files } = await indexOf([content])
  return openIndex({ manifest, spec: specOf(content.dims), read: async (file) => files.get(file)!, relaxedKernel })
}

/** Similarities of all rows by docs/index-format.md, section 4, with no kernel. */
export function plainSimilarities(content: ShardContent, query: Float32Array): number[] {
  const { dims, dtype, rows, rowTerms } = content
  const stride = rows.length / rowTerms.length
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length)
  const elements = (row: number, i: number): number => {
    const at = row * stride
    if (dtype === 'i8') return view.getInt8(at + i)
    return dtype === 'f16' ? view.getFloat16(at + 2 * i, true) : view.getFloat32(at + 4 * i, true)
  }
  if (dtype === 'i8') {
    const range = Math.min(32767, Math.floor((2 ** 31 - 1) / (128 * dims)))
    const max = Math.max(...query.map(Math.abs))
    const ints = Array.from(query, (x) => (max === 0 ? 0 : Math.floor(x * (range / max) + 0.5)))
    return Array.from(rowTerms, (_, row) => {
      let sum = 0
      for (let i = 0; i < dims; i++) sum += elements(row, i) * ints[i]!
      return sum * content.rowScales![row]! * (max / range)
    })
  }
  const f = Math.fround
  return Array.from(rowTerms, (_, row) => {
    const s = [0, 0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < dims; i++) s[i % 8] = f(s[i % 8]! + f(elements(row, i) * query[i]!))
    const [s0, s1, s2, s3, s4, s5, s6, s7] = s as [number, number, number, number, number, number, number, number]
    return f(f(f(s0 + s4) + f(s2 + s6)) + f(f(s1 + s5) + f(s3 + s7)))
  })
}

export interface PlainHit {
  row: number
  similarity: number
  score: number
}

/** The answer that a search must give. */
export function plainSearch(
  content: ShardContent,
  query: Float32Array,
  k: number,
  { mask = 0, reverse = false, by = 'score' }: { mask?: number; reverse?: boolean; by?: 'score' | 'similarity' } = {},
): PlainHit[] {
  const { calibration, flags, rowTerms } = content
  const sign = reverse ? -1 : 1
  return plainSimilarities(content, query)
    .map((similarity, row) => ({
      row,
      similarity,
      score: calibration ? (similarity - calibration.offset[row]!) * calibration.scale[row]! : similarity,
    }))
    .filter(({ row }) => (flags[rowTerms[row]!]! & mask) === 0)
    .sort((a, b) => sign * (b[by] - a[by]) || a.row - b.row)
    .slice(0, k)
}

/** A graph with random levels and links, some nodes without any: valid, and good for nothing but tests. */
export function randomGraph(rows: number, random: () => number, { degree = 6, ef = 20, up = 0.2 } = {}): Graph {
  const nodes: number[] = []
  const lists: number[][] = []
  const pick = (n: number) => Math.floor(random() * n)
  let level = Array.from({ length: rows }, (_, row) => ({ node: row, row }))
  let entry = 0
  while (level.length > 0) {
    const ids = level.map(({ node }) => node)
    for (const _ of ids) lists.push(Array.from({ length: pick(2 * degree) }, () => ids[pick(ids.length)]!))
    entry = ids[pick(ids.length)]!
    const upper = level.filter(() => random() < up)
    const first = ids.at(-1)! + 1
    for (const { node, row } of upper) nodes.push(row, node)
    level = upper.map(({ row }, i) => ({ node: first + i, row }))
  }
  const offsets = new Uint32Array(lists.length + 1)
  for (const [i, list] of lists.entries()) offsets[i + 1] = offsets[i]! + list.length
  return { entry, ef, nodes: Uint32Array.from(nodes), offsets, links: Uint32Array.from(lists.flat()) }
}

/** The rows that a graph search must answer with by docs/index-format.md, section 4, with no kernel. */
export function plainGraphSearch(
  content: ShardContent,
  query: Float32Array,
  k: number,
  { mask = 0, by = 'score' }: { mask?: number; by?: 'score' | 'similarity' } = {},
): number[] {
  const { flags, rowTerms } = content
  const { entry, ef, nodes, offsets, links } = content.graph!
  const count = rowTerms.length
  const order = plainSearch(content, query, count, { by }).map(({ row }) => row)
  const rank = new Uint32Array(count)
  for (const [place, row] of order.entries()) rank[row] = place
  const rowOf = (node: number) => (node < count ? node : nodes[2 * (node - count)]!)
  const linksOf = (node: number) => links.subarray(offsets[node]!, offsets[node + 1]!)
  const better = (a: number, b: number) => rank[a]! < rank[b]!

  let node = entry
  while (node >= count) {
    let best = node
    for (const link of linksOf(node)) if (better(rowOf(link), rowOf(best))) best = link
    node = best === node ? nodes[2 * (node - count) + 1]! : best
  }
  const most = Math.min(Math.max(ef, 4 * k), count)
  const kept: number[] = []
  const ahead: number[] = []
  const seen = new Set<number>()
  const byRank = (a: number, b: number) => rank[a]! - rank[b]!
  const reach = (row: number) => {
    if (seen.has(row)) return
    seen.add(row)
    if (kept.length === most && !better(row, kept.at(-1)!)) return
    ahead.push(row)
    if (flags[rowTerms[row]!]! & mask) return
    kept.push(row)
    kept.sort(byRank)
    if (kept.length > most) kept.pop()
  }
  reach(node)
  for (;;) {
    ahead.sort(byRank)
    const row = ahead.shift()
    if (row === undefined || (kept.length === most && !better(row, kept.at(-1)!))) break
    for (const link of linksOf(row)) reach(link)
  }
  if (kept.length >= Math.min(k, count)) return kept.slice(0, k)
  return plainSearch(content, query, k, { mask, by }).map(({ row }) => row)
}
