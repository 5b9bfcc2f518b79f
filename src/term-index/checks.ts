/** What the sections of a shard must hold, beyond their lengths. */
import type { Graph } from './encode.ts'
import { FLAG } from './format.ts'
import type { Shard } from './parse.ts'

type Fail = (message: string) => never

/** Of a graph, above the rows. */
const MAX_LEVELS = 255
const ALL_FLAGS = Object.values(FLAG).reduce((a, b) => a | b, 0)

/** Offsets begin at 0, never fall, end at the text's length, and cut valid UTF-8 only between characters. */
export function checkStrings(name: string, offsets: Uint32Array, text: Uint8Array, fail: Fail): void {
  if (offsets[0] !== 0 || offsets[offsets.length - 1] !== text.length) fail(`the offsets of ${name} do not span it`)
  for (let i = 1; i < offsets.length; i++) {
    const at = offsets[i]!
    if (at < offsets[i - 1]! || at > text.length) fail(`offset ${i} of ${name} is out of order`)
    if (at < text.length && (text[at]! & 0xc0) === 0x80) fail(`offset ${i} of ${name} lies inside a character`)
  }
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
  } catch {
    fail(`${name} is not UTF-8`)
  }
}

/** Indexes into other sections stay inside them; flags are known ones. */
export function checkIds(shard: Shard, fail: Fail): void {
  const { meta, terms, rowCount, flags, themes, rowTerms, rowTemplates } = shard
  for (let i = 0; i < terms; i++) {
    if (flags[i]! & ~ALL_FLAGS) fail(`term ${i} has unknown flags`)
    if (themes[i]! >= meta.themes.length) fail(`term ${i} has theme ${themes[i]} of ${meta.themes.length}`)
  }
  for (let i = 0; i < rowCount; i++) {
    if (rowTerms[i]! >= terms) fail(`row ${i} belongs to term ${rowTerms[i]} of ${terms}`)
    if (rowTemplates[i]! >= meta.templates.length)
      fail(`row ${i} has template ${rowTemplates[i]} of ${meta.templates.length}`)
  }
}

/** Scales are finite and not negative; float rows hold finite numbers only. */
export function checkRows(shard: Shard, fail: Fail): void {
  const { rows, rowScales } = shard
  if (rowScales) {
    for (let i = 0; i < rowScales.length; i++) {
      if (!(rowScales[i]! >= 0 && rowScales[i]! < Number.POSITIVE_INFINITY))
        fail(`the scale of row ${i} is ${rowScales[i]}`)
    }
  } else if (shard.dtype === 'f16') {
    const halves = new Uint16Array(rows.buffer, rows.byteOffset, rows.length / 2)
    for (const half of halves) if ((half & 0x7c00) === 0x7c00) fail('a row holds a number that is not finite')
  } else {
    checkFloats('ROWS', new Float32Array(rows.buffer, rows.byteOffset, rows.length / 4), fail)
  }
}

export function checkCalibration({ calibration }: Shard, fail: Fail): void {
  if (!calibration) return
  checkFloats('CALIBRATION_OFFSET', calibration.offset, fail)
  checkFloats('CALIBRATION_SCALE', calibration.scale, fail)
  if (calibration.scale.some((scale) => scale <= 0)) fail('a calibration scale is not positive')
}

export function checkFloats(name: string, values: Float32Array, fail: Fail): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!)) fail(`number ${i} of ${name} is ${values[i]}`)
}

/**
 * Each node lies one level above its lower node, for the same row; levels do not fall; links stay on their level. So a search that goes
 * from node to node, and down, reads nothing but nodes and ends.
 */
export function checkGraph({ entry, ef, nodes, offsets, links }: Graph, rows: number, fail: Fail): void {
  const upper = nodes.length / 2
  const count = rows + upper
  const levels = new Uint8Array(count)
  for (let i = 0; i < upper; i++) {
    const [row, lower] = [nodes[2 * i]!, nodes[2 * i + 1]!]
    const node = rows + i
    if (lower >= node) fail(`node ${node} of the graph lies above ${lower}, which is not before it`)
    if (row !== (lower < rows ? lower : nodes[2 * (lower - rows)])) fail(`node ${node} of the graph has row ${row}`)
    const level = levels[lower]! + 1
    if (level > MAX_LEVELS || level < levels[node - 1]!) fail(`node ${node} of the graph is on level ${level}`)
    levels[node] = level
  }
  if (entry >= count || levels[entry] !== levels[count - 1]) fail(`the graph begins at node ${entry}`)
  if (ef < 1) fail('the graph keeps no rows')
  if (offsets[0] !== 0 || offsets[count] !== links.length) fail('the offsets of GRAPH_LINKS do not span it')
  for (let node = 0; node < count; node++) {
    const [from, end] = [offsets[node]!, offsets[node + 1]!]
    if (end < from || end > links.length) fail(`offset ${node + 1} of GRAPH_LINKS is out of order`)
    for (let i = from; i < end; i++) {
      const link = links[i]!
      if (link >= count || levels[link] !== levels[node]) fail(`node ${node} of the graph has a link to ${link}`)
    }
  }
}
