/** Writes a shard: docs/index-format.md, section 3. The same content gives the same bytes. */

import { fromHex, sha256 } from './digest.ts'
import {
  align16,
  BYTE_ORDER,
  DTYPE,
  type Dtype,
  ENTRY_SIZE,
  HEADER,
  HEADER_SIZE,
  MAGIC,
  type Meta,
  SECTION,
  type SectionName,
  VERSION,
} from './format.ts'

/** Everything a shard holds. Arrays per term have the length of `terms`, arrays per row that of `rowTerms`. */
export interface ShardContent {
  meta: Meta
  dims: number
  dtype: Dtype
  terms: readonly string[]
  /** A name of each term in the language `meta.names`, empty where there is none. Left out when `meta.names` is null. */
  names?: readonly string[]
  flags: Uint8Array
  themes: Uint16Array
  rowTerms: Uint32Array
  rowTemplates: Uint8Array
  /** `rowStride(dims, dtype)` bytes a row. */
  rows: Uint8Array
  /** Of i8 rows. */
  rowScales?: Float32Array
  calibration?: { offset: Float32Array; scale: Float32Array }
  codes?: { mean: Float32Array; bits: Uint8Array }
  graph?: Graph
}

/** A graph to search by: docs/index-format.md, section 3.8. Nodes are numbered from 0, first the rows, then those of the upper levels. */
export interface Graph {
  /** Where a search begins. */
  entry: number
  /** How many rows a search keeps, at least. */
  ef: number
  /** Row and next lower node of each node of the upper levels. */
  nodes: Uint32Array
  /** The links of node i are those from `offsets[i]` to `offsets[i + 1]`. */
  offsets: Uint32Array
  /** Nodes. */
  links: Uint32Array
}

/** @returns the bytes of the shard */
export async function encodeShard(content: ShardContent): Promise<Uint8Array<ArrayBuffer>> {
  const { meta, dims, dtype } = content
  const sections: [SectionName, Uint8Array][] = [
    ['META', new TextEncoder().encode(JSON.stringify(meta))],
    ...strings('TERM_OFFSETS', 'TERM_TEXT', content.terms),
    ...(content.names ? strings('NAME_OFFSETS', 'NAME_TEXT', content.names) : []),
    ['TERM_FLAGS', content.flags],
    ['TERM_THEMES', bytesOf(content.themes)],
    ['ROW_TERMS', bytesOf(content.rowTerms)],
    ['ROW_TEMPLATES', content.rowTemplates],
    ['ROWS', content.rows],
  ]
  if (content.rowScales) sections.push(['ROW_SCALES', bytesOf(content.rowScales)])
  if (content.calibration) {
    sections.push(['CALIBRATION_OFFSET', bytesOf(content.calibration.offset)])
    sections.push(['CALIBRATION_SCALE', bytesOf(content.calibration.scale)])
  }
  if (content.codes) {
    sections.push(['CODE_MEAN', bytesOf(content.codes.mean)], ['CODES', content.codes.bits])
  }
  if (content.graph) {
    const { entry, ef, nodes, offsets, links } = content.graph
    sections.push(['GRAPH', bytesOf(Uint32Array.of(entry, ef))], ['GRAPH_NODES', bytesOf(nodes)])
    sections.push(['GRAPH_OFFSETS', bytesOf(offsets)], ['GRAPH_LINKS', bytesOf(links)])
  }

  const start = align16(HEADER_SIZE + ENTRY_SIZE * sections.length)
  const total = sections.reduce((offset, [, bytes]) => align16(offset + bytes.length), start)
  const shard = new Uint8Array(total)
  const view = new DataView(shard.buffer)

  shard.set(MAGIC, 0)
  view.setUint32(HEADER.byteOrder, BYTE_ORDER, true)
  view.setUint16(HEADER.version, VERSION, true)
  view.setUint16(HEADER.sectionCount, sections.length, true)
  view.setUint32(HEADER.totalLength, total, true)
  view.setUint32(HEADER.terms, content.terms.length, true)
  view.setUint32(HEADER.rows, content.rowTerms.length, true)
  view.setUint16(HEADER.dims, dims, true)
  view.setUint16(HEADER.dtype, DTYPE[dtype].code, true)
  shard.set(fromHex(meta.model.digest), HEADER.modelDigest)

  let offset = start
  for (const [i, [name, bytes]] of sections.entries()) {
    const entry = HEADER_SIZE + ENTRY_SIZE * i
    view.setUint32(entry, SECTION[name], true)
    view.setUint32(entry + 4, offset, true)
    view.setUint32(entry + 8, bytes.length, true)
    shard.set(await sha256(bytes), entry + 16)
    shard.set(bytes, offset)
    offset = align16(offset + bytes.length)
  }
  return shard
}

function strings(offsets: SectionName, text: SectionName, values: readonly string[]): [SectionName, Uint8Array][] {
  const encoder = new TextEncoder()
  const encoded = values.map((value) => encoder.encode(value))
  const ends = new Uint32Array(values.length + 1)
  for (const [i, bytes] of encoded.entries()) ends[i + 1] = ends[i]! + bytes.length
  const joined = new Uint8Array(ends[values.length]!)
  for (const [i, bytes] of encoded.entries()) joined.set(bytes, ends[i]!)
  return [
    [offsets, bytesOf(ends)],
    [text, joined],
  ]
}

const bytesOf = (array: Uint16Array | Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
