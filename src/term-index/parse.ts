/** Reads a shard in place and checks all of its structure: docs/index-format.md, sections 3 and 6. */
import { TermlensError } from '../errors.ts'
import type { ModelSpec } from '../types.ts'
import { checkCalibration, checkFloats, checkGraph, checkIds, checkRows, checkStrings } from './checks.ts'
import { toHex } from './digest.ts'
import type { Graph } from './encode.ts'
import {
  ALIGNMENT,
  align16,
  BYTE_ORDER,
  CRITICAL,
  codeStride,
  DTYPE,
  type Dtype,
  ENTRY_SIZE,
  GRAPH_SIZE,
  HEADER,
  HEADER_SIZE,
  MAGIC,
  MAX_DIMS,
  type Meta,
  NODE_SIZE,
  rowStride,
  SECTION,
  type SectionName,
  VERSION,
} from './format.ts'
import { parseMeta } from './meta.ts'

/** One entry of the section table. */
export interface Section {
  id: number
  /** From the start of the shard, in bytes. */
  offset: number
  length: number
  /** Hex. */
  sha256: string
}

/** A shard as views on the buffer it lies in; nothing is copied but META. */
export interface Shard {
  meta: Meta
  dims: number
  dtype: Dtype
  /** Bytes a row. */
  stride: number
  terms: number
  rowCount: number
  sections: readonly Section[]
  termOffsets: Uint32Array
  termText: Uint8Array
  names: { offsets: Uint32Array; text: Uint8Array } | null
  flags: Uint8Array
  themes: Uint16Array
  rowTerms: Uint32Array
  rowTemplates: Uint8Array
  rows: Uint8Array
  /** Of i8 rows, null otherwise. */
  rowScales: Float32Array | null
  calibration: { offset: Float32Array; scale: Float32Array } | null
  codes: { mean: Float32Array; bits: Uint8Array } | null
  graph: Graph | null
}

const fail = (message: string, cause?: unknown): never => {
  throw new TermlensError('index_invalid', `The shard is not valid: ${message}.`, { cause })
}

/**
 * @param buffer where the shard lies, @param start its first byte, a multiple of 16, @param length its bytes
 * @param spec the model in use; `null` (for tools) takes any
 * @throws TermlensError `index_invalid`, `index_version`, `index_model_mismatch`
 */
export function parseShard(
  buffer: ArrayBuffer,
  start: number,
  length: number,
  spec: Pick<ModelSpec, 'digest' | 'embedding_size' | 'name'> | null,
): Shard {
  if (start % ALIGNMENT !== 0) fail('it does not lie at a multiple of 16')
  if (start < 0 || length < 0 || start + length > buffer.byteLength) fail('it reaches past its buffer')
  if (length < HEADER_SIZE) fail(`it has ${length} bytes, less than a header`)
  const view = new DataView(buffer, start, length)
  if (MAGIC.some((byte, i) => view.getUint8(i) !== byte)) fail('it does not begin with the magic of a Termlens index')
  // Read as this host reads the views below, so that a big-endian host is refused as well.
  if (new Uint32Array(buffer, start + HEADER.byteOrder, 1)[0] !== BYTE_ORDER) fail('the byte order is wrong')
  const version = view.getUint16(HEADER.version, true)
  if (version !== VERSION) {
    throw new TermlensError(
      'index_version',
      `The shard has version ${version} of the format; this reader knows ${VERSION}.`,
    )
  }
  const total = view.getUint32(HEADER.totalLength, true)
  if (total !== length) fail(`it should have ${total} bytes but has ${length}`)
  const dims = view.getUint16(HEADER.dims, true)
  if (dims < 1 || dims > MAX_DIMS) fail(`its vectors have ${dims} dimensions`)
  const dtypeCode = view.getUint16(HEADER.dtype, true)
  const dtype = (Object.keys(DTYPE) as Dtype[]).find((name) => DTYPE[name].code === dtypeCode)
  if (!dtype) return fail(`row type ${dtypeCode} is unknown`)
  const digest = toHex(new Uint8Array(buffer, start + HEADER.modelDigest, 32))
  if (spec && (digest !== spec.digest || dims !== spec.embedding_size)) {
    throw new TermlensError(
      'index_model_mismatch',
      `The index was built for the model ${digest.slice(0, 16)} (${dims} dimensions), not for ${spec.name} (${spec.digest.slice(0, 16)}, ${spec.embedding_size}).`,
    )
  }

  const terms = view.getUint32(HEADER.terms, true)
  const rowCount = view.getUint32(HEADER.rows, true)
  const sections = parseTable(view, length)
  const byId = new Map(sections.map((section) => [section.id, section]))

  /** The bytes of a section, whose length must be `expected` if given. */
  const bytes = (name: SectionName, expected?: number): Uint8Array | null => {
    const section = byId.get(SECTION[name])
    if (!section) return null
    if (expected !== undefined && section.length !== expected) {
      fail(`section ${name} should have ${expected} bytes but has ${section.length}`)
    }
    return new Uint8Array(buffer, start + section.offset, section.length)
  }
  const required = (name: SectionName, expected?: number) => bytes(name, expected) ?? fail(`section ${name} is missing`)
  const u32 = (a: Uint8Array) => new Uint32Array(buffer, a.byteOffset, a.length / 4)
  const f32 = (a: Uint8Array) => new Float32Array(buffer, a.byteOffset, a.length / 4)
  /** Two sections that come together or not at all. */
  const pair = (a: SectionName, aLength: number, b: SectionName, bLength?: number): [Uint8Array, Uint8Array] | null => {
    const first = bytes(a, aLength)
    const second = bytes(b, bLength)
    if (!first !== !second) fail(`section ${first ? b : a} is missing beside ${first ? a : b}`)
    return first && second ? [first, second] : null
  }

  /** The four sections of a graph, or none of them. */
  function parseGraph(): Graph | null {
    const head = bytes('GRAPH', GRAPH_SIZE)
    const nodes = bytes('GRAPH_NODES')
    const offsets = bytes('GRAPH_OFFSETS')
    const links = bytes('GRAPH_LINKS')
    if (!head && !nodes && !offsets && !links) return null
    if (!head || !nodes || !offsets || !links) return fail('a section of the graph is missing')
    if (nodes.length % NODE_SIZE !== 0) fail(`section GRAPH_NODES has ${nodes.length} bytes`)
    if (offsets.length !== 4 * (rowCount + nodes.length / NODE_SIZE + 1))
      fail(`section GRAPH_OFFSETS has ${offsets.length} bytes`)
    if (links.length % 4 !== 0) fail(`section GRAPH_LINKS has ${links.length} bytes`)
    const [entry, ef] = u32(head) as unknown as [number, number]
    return { entry, ef, nodes: u32(nodes), offsets: u32(offsets), links: u32(links) }
  }

  const meta = parseMeta(required('META'), fail)
  if (meta.model.digest !== digest) fail('META names another model than the header')
  const stride = rowStride(dims, dtype)
  const names = pair('NAME_OFFSETS', 4 * (terms + 1), 'NAME_TEXT')
  if (!names !== (meta.names === null)) fail('META and the sections do not agree about names')
  const scales = bytes('ROW_SCALES', 4 * rowCount)
  if (!scales !== (dtype !== 'i8'))
    fail(`section ROW_SCALES ${scales ? 'stands beside' : 'is missing for'} ${dtype} rows`)
  const calibration = pair('CALIBRATION_OFFSET', 4 * rowCount, 'CALIBRATION_SCALE', 4 * rowCount)
  const codes = pair('CODE_MEAN', 4 * dims, 'CODES', codeStride(dims) * rowCount)
  if (codes && dtype !== 'i8') fail('codes stand beside rows that are not i8')
  const graph = parseGraph()
  if (graph && dtype !== 'i8') fail('a graph stands beside rows that are not i8')
  const themes = required('TERM_THEMES', 2 * terms)

  const shard: Shard = {
    meta,
    dims,
    dtype,
    stride,
    terms,
    rowCount,
    sections,
    termOffsets: u32(required('TERM_OFFSETS', 4 * (terms + 1))),
    termText: required('TERM_TEXT'),
    names: names && { offsets: u32(names[0]), text: names[1] },
    flags: required('TERM_FLAGS', terms),
    themes: new Uint16Array(buffer, themes.byteOffset, terms),
    rowTerms: u32(required('ROW_TERMS', 4 * rowCount)),
    rowTemplates: required('ROW_TEMPLATES', rowCount),
    rows: required('ROWS', stride * rowCount),
    rowScales: scales && f32(scales),
    calibration: calibration && { offset: f32(calibration[0]), scale: f32(calibration[1]) },
    codes: codes && { mean: f32(codes[0]), bits: codes[1] },
    graph,
  }
  checkStrings('TERM_TEXT', shard.termOffsets, shard.termText, fail)
  if (shard.names) checkStrings('NAME_TEXT', shard.names.offsets, shard.names.text, fail)
  checkIds(shard, fail)
  checkRows(shard, fail)
  checkCalibration(shard, fail)
  if (shard.codes) checkFloats('CODE_MEAN', shard.codes.mean, fail)
  if (shard.graph) checkGraph(shard.graph, rowCount, fail)
  return shard
}

/** Sections in ascending order of id, one right after the other, the last one up to the end of the shard. */
function parseTable(view: DataView, length: number): Section[] {
  const count = view.getUint16(HEADER.sectionCount, true)
  let end = HEADER_SIZE + ENTRY_SIZE * count
  if (end > length) fail(`its table of ${count} sections does not fit`)
  const known = new Set<number>(Object.values(SECTION))
  const sections: Section[] = []
  for (let i = 0; i < count; i++) {
    const entry = HEADER_SIZE + ENTRY_SIZE * i
    const id = view.getUint32(entry, true)
    const offset = view.getUint32(entry + 4, true)
    const size = view.getUint32(entry + 8, true)
    if (view.getUint32(entry + 12, true) !== 0) fail(`entry ${i} of the section table has reserved bits set`)
    if (id <= (sections.at(-1)?.id ?? 0)) fail(`section ${id} is out of order`)
    if (offset !== align16(end)) fail(`section ${id} begins at ${offset}, not at ${align16(end)}`)
    end = offset + size
    if (end > length) fail(`section ${id} reaches past the end`)
    if (!known.has(id) && id < CRITICAL) {
      throw new TermlensError('index_version', `The shard has a section ${id} that this reader does not know.`)
    }
    sections.push({
      id,
      offset,
      length: size,
      sha256: toHex(new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + entry + 16, 32)),
    })
  }
  if (align16(end) !== length) fail(`its sections end at ${end}, its bytes at ${length}`)
  return sections
}
