/** Whatever a shard's bytes are, opening it gives a shard or a typed error, and nothing is read outside it. */
import { describe, expect, test } from 'vitest'
import { TermlensError } from '../../src/errors.ts'
import { sha256Hex } from '../../src/term-index/digest.ts'
import { ENTRY_SIZE, HEADER, HEADER_SIZE, SECTION, type SectionName } from '../../src/term-index/format.ts'
import { encodeShard, type Graph, parseShard } from '../../src/term-index/index.ts'
import { labelAt, vectorAt } from '../../src/term-index/labels.ts'
import { contentOf, generator, randomGraph, specOf } from './support.ts'

const DIMS = 19
const content = contentOf({ dims: DIMS })
const good = await encodeShard(content)
const codes = { mean: new Float32Array(DIMS).fill(0.01), bits: new Uint8Array(16 * 14) }
const graph = randomGraph(14, generator(12), { up: 0.5 })
const everything = await encodeShard({ ...content, codes, graph })

const parse = (bytes: Uint8Array<ArrayBuffer>, spec: Parameters<typeof parseShard>[3] = specOf(DIMS)) =>
  parseShard(bytes.buffer, bytes.byteOffset, bytes.length, spec)

/** The code of the error, or `ok`. Anything but a TermlensError fails the test. */
function outcome(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    parse(bytes)
    return 'ok'
  } catch (error) {
    if (error instanceof TermlensError) return error.code
    throw error
  }
}

/** A copy with some of its bytes written over. */
function changed(change: (view: DataView, bytes: Uint8Array) => void, from = good): Uint8Array<ArrayBuffer> {
  const copy = from.slice()
  change(new DataView(copy.buffer), copy)
  return copy
}

/** Where a section's entry is in the table, and its content in the shard. */
function locate(name: SectionName, from = good): { entry: number; offset: number; length: number } {
  const view = new DataView(from.buffer)
  for (let i = 0; i < view.getUint16(HEADER.sectionCount, true); i++) {
    const entry = HEADER_SIZE + ENTRY_SIZE * i
    if (view.getUint32(entry, true) !== SECTION[name]) continue
    return { entry, offset: view.getUint32(entry + 4, true), length: view.getUint32(entry + 8, true) }
  }
  throw new Error(`no section ${name}`)
}

test('what was encoded comes back', () => {
  const shard = parse(everything)
  expect(shard.meta).toEqual(content.meta)
  expect([shard.dims, shard.dtype, shard.terms, shard.rowCount]).toEqual([DIMS, 'i8', 7, 14])
  expect(labelAt(shard, 3, 'zh-Hant')).toEqual({ text: 'by térm 1', term: 'térm 1', name: '词1', flags: ['person'] })
  expect(labelAt(shard, 6, 'ZH')).toEqual({ text: 'térm 3', term: 'térm 3', flags: ['person', 'living'] })
  expect(labelAt(shard, 3, 'en')).not.toHaveProperty('name')
  expect(shard.themes).toEqual(content.themes)
  expect(shard.rows).toEqual(content.rows)
  expect(shard.rowScales).toEqual(content.rowScales)
  expect(shard.calibration).toEqual(content.calibration)
  expect(shard.codes).toEqual(codes)
  expect(shard.graph).toEqual(graph)
  expect(parse(good)).toMatchObject({ codes: null, graph: null })
  expect(vectorAt(shard, 5).reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5)
})

test('the same content gives the same bytes', async () => {
  expect(await encodeShard(contentOf({ dims: DIMS }))).toEqual(good)
})

test('every section has the digest of its bytes, and a flipped byte in any section breaks it', async () => {
  for (const { id, offset, length, sha256: digest } of parse(everything).sections) {
    const bytes = everything.slice(offset, offset + length)
    expect(await sha256Hex(bytes), `section ${id}`).toBe(digest)
    bytes[length >> 1]! ^= 1
    expect(await sha256Hex(bytes)).not.toBe(digest)
  }
})

test('an empty bank is a shard', async () => {
  const shard = parse(await encodeShard(contentOf({ dims: DIMS, terms: 0 })))
  expect([shard.terms, shard.rowCount]).toEqual([0, 0])
})

describe('refuses', () => {
  const cases: Record<string, [code: string, bytes: Uint8Array<ArrayBuffer>]> = {
    'nothing at all': ['index_invalid', new Uint8Array(0)],
    'a foreign file': ['index_invalid', changed((_, bytes) => bytes.set([0x89, 0x50, 0x4e, 0x47]))],
    'line ends rewritten on the way': ['index_invalid', changed((_, bytes) => bytes.set([0x0a, 0x1a, 0x0a, 0x01], 4))],
    'another byte order': ['index_invalid', changed((view) => view.setUint32(HEADER.byteOrder, 0x01020304, true))],
    'a newer version': ['index_version', changed((view) => view.setUint16(HEADER.version, 2, true))],
    'version 0': ['index_version', changed((view) => view.setUint16(HEADER.version, 0, true))],
    'another length': ['index_invalid', changed((view) => view.setUint32(HEADER.totalLength, good.length + 16, true))],
    'no dimensions': ['index_invalid', changed((view) => view.setUint16(HEADER.dims, 0, true))],
    'too many dimensions': ['index_invalid', changed((view) => view.setUint16(HEADER.dims, 4097, true))],
    'other dimensions': ['index_model_mismatch', changed((view) => view.setUint16(HEADER.dims, 20, true))],
    'an unknown row type': ['index_invalid', changed((view) => view.setUint16(HEADER.dtype, 4, true))],
    'another row type': ['index_invalid', changed((view) => view.setUint16(HEADER.dtype, 2, true))],
    'another model': ['index_model_mismatch', changed((view) => view.setUint8(HEADER.modelDigest, 0))],
    'more terms than there are': ['index_invalid', changed((view) => view.setUint32(HEADER.terms, 8, true))],
    'fewer terms than there are': ['index_invalid', changed((view) => view.setUint32(HEADER.terms, 6, true))],
    'a term count that overflows': ['index_invalid', changed((view) => view.setUint32(HEADER.terms, 0xffffffff, true))],
    'more rows than there are': ['index_invalid', changed((view) => view.setUint32(HEADER.rows, 15, true))],
    'a row count that overflows': ['index_invalid', changed((view) => view.setUint32(HEADER.rows, 0xffffffff, true))],
    'more sections than there are': ['index_invalid', changed((view) => view.setUint16(HEADER.sectionCount, 14, true))],
    'fewer sections than there are': [
      'index_invalid',
      changed((view) => view.setUint16(HEADER.sectionCount, 12, true)),
    ],
    'a table that does not fit': [
      'index_invalid',
      changed((view) => view.setUint16(HEADER.sectionCount, 0xffff, true)),
    ],
    'no sections': ['index_invalid', changed((view) => view.setUint16(HEADER.sectionCount, 0, true))],
    'an unknown critical section': [
      'index_version',
      changed((view) => view.setUint32(locate('CALIBRATION_SCALE').entry, 0x7fff, true)),
    ],
    'a section twice': ['index_invalid', changed((view) => view.setUint32(locate('TERM_TEXT').entry, 2, true))],
    'a misaligned section': [
      'index_invalid',
      changed((view) => view.setUint32(locate('ROWS').entry + 4, locate('ROWS').offset + 4, true)),
    ],
    'overlapping sections': [
      'index_invalid',
      changed((view) => view.setUint32(locate('ROWS').entry + 4, locate('ROW_TERMS').offset, true)),
    ],
    'a section past the end': [
      'index_invalid',
      changed((view) => view.setUint32(locate('CALIBRATION_SCALE').entry + 8, 0xfffffff0, true)),
    ],
    'reserved bits': ['index_invalid', changed((view) => view.setUint32(HEADER_SIZE + 12, 1, true))],
    'META that is not JSON': ['index_invalid', changed((view) => view.setUint8(locate('META').offset, 0x5b))],
    'text offsets that do not begin at 0': [
      'index_invalid',
      changed((view) => view.setUint32(locate('TERM_OFFSETS').offset, 1, true)),
    ],
    'text offsets that fall': [
      'index_invalid',
      changed((view) => view.setUint32(locate('TERM_OFFSETS').offset + 8, 3, true)),
    ],
    'a text offset past the end': [
      'index_invalid',
      changed((view) => view.setUint32(locate('TERM_OFFSETS').offset + 8, 0xffff, true)),
    ],
    'a text offset inside a character': [
      'index_invalid',
      changed((view) => view.setUint32(locate('TERM_OFFSETS').offset + 4, 2, true)),
    ],
    'text that is not UTF-8': ['index_invalid', changed((view) => view.setUint8(locate('NAME_TEXT').offset, 0xff))],
    'unknown flags': ['index_invalid', changed((view) => view.setUint8(locate('TERM_FLAGS').offset, 0x10))],
    'a theme that is not there': [
      'index_invalid',
      changed((view) => view.setUint16(locate('TERM_THEMES').offset, 2, true)),
    ],
    'a term that is not there': [
      'index_invalid',
      changed((view) => view.setUint32(locate('ROW_TERMS').offset, 7, true)),
    ],
    'a template that is not there': [
      'index_invalid',
      changed((view) => view.setUint8(locate('ROW_TEMPLATES').offset, 2)),
    ],
    'a scale that is not a number': [
      'index_invalid',
      changed((view) => view.setFloat32(locate('ROW_SCALES').offset + 4, Number.NaN, true)),
    ],
    'an infinite scale': [
      'index_invalid',
      changed((view) => view.setFloat32(locate('ROW_SCALES').offset, Number.POSITIVE_INFINITY, true)),
    ],
    'a negative scale': ['index_invalid', changed((view) => view.setFloat32(locate('ROW_SCALES').offset, -1, true))],
    'an offset that is not a number': [
      'index_invalid',
      changed((view) => view.setFloat32(locate('CALIBRATION_OFFSET').offset, Number.NaN, true)),
    ],
    'a calibration scale of 0': [
      'index_invalid',
      changed((view) => view.setFloat32(locate('CALIBRATION_SCALE').offset, 0, true)),
    ],
    'a mean that is not a number': [
      'index_invalid',
      changed((view) => view.setFloat32(locate('CODE_MEAN', everything).offset, Number.NaN, true), everything),
    ],
  }
  test.each(Object.entries(cases))('%s', (_, [code, bytes]) => {
    expect(outcome(bytes)).toBe(code)
  })

  test.each(['f16', 'f32'] as const)('%s rows that are not finite', async (dtype) => {
    const shard = await encodeShard(contentOf({ dims: DIMS, dtype }))
    expect(outcome(shard)).toBe('ok')
    const { offset } = locate('ROWS', shard)
    expect(outcome(changed((_, bytes) => bytes.fill(0xff, offset, offset + 4), shard))).toBe('index_invalid')
  })

  test('a graph stands beside i8 rows only, whole or not at all', async () => {
    const floats = contentOf({ dims: DIMS, dtype: 'f16' })
    expect(outcome(await encodeShard({ ...floats, graph }))).toBe('index_invalid')
    expect(
      outcome(changed((view) => view.setUint32(locate('GRAPH_LINKS', everything).entry, 0x8001, true), everything)),
    ).toBe('index_invalid')
    expect(outcome(await encodeShard({ ...contentOf({ dims: DIMS, terms: 0 }), graph }))).toBe('index_invalid')
  })

  const rows = 14
  const nodes = graph.nodes.length / 2
  const levelOne = [...graph.nodes.keys()].filter((i) => i % 2 === 1 && graph.nodes[i]! < rows).length
  test.each<[what: string, wrong: Partial<Graph>]>([
    ['a beginning that is no node', { entry: rows + nodes }],
    ['a beginning below the highest level', { entry: 0 }],
    ['no rows kept', { ef: 0 }],
    ['half a node', { nodes: graph.nodes.slice(0, -1) }],
    ['a node less', { nodes: graph.nodes.slice(0, -2) }],
    ['a node above one that comes later', { nodes: graph.nodes.with(1, rows) }],
    ['a node of another row than the one below', { nodes: graph.nodes.with(0, (graph.nodes[0]! + 1) % rows) }],
    ['a node of a row that is not there', { nodes: graph.nodes.with(0, rows).with(1, rows) }],
    ['a level before the one below it', { nodes: graph.nodes.with(2 * levelOne, 0).with(2 * levelOne + 1, 0) }],
    ['offsets that do not begin at 0', { offsets: graph.offsets.with(0, 1) }],
    ['offsets that fall', { offsets: graph.offsets.with(3, 0xffffffff) }],
    ['offsets that end early', { offsets: graph.offsets.with(rows + nodes, graph.links.length - 1) }],
    ['an offset too many', { offsets: Uint32Array.from([...graph.offsets, graph.links.length]) }],
    ['a link to no node', { links: graph.links.with(0, rows + nodes) }],
    ['a link to another level', { links: graph.links.with(0, rows) }],
    ['a link down', { links: graph.links.with(graph.links.length - 1, 0) }],
  ])('a graph with %s', async (_, wrong) => {
    expect(outcome(await encodeShard({ ...content, graph: { ...graph, ...wrong } }))).toBe('index_invalid')
  })

  test('META that is not as described', async () => {
    const { meta } = content
    for (const wrong of [
      { ...meta, bank: 'No Name' },
      { ...meta, bank: undefined },
      { ...meta, templates: [] },
      { ...meta, templates: ['{} and {}', 'by {}'] },
      { ...meta, templates: ['by', '{}'] },
      { ...meta, themes: [] },
      { ...meta, themes: [1, 2] },
      { ...meta, names: null },
      { ...meta, names: 3 },
      { ...meta, encoder: { gloss: null, rules: 'other' } },
      { ...meta, encoder: { rules: 'termlens' } },
      { ...meta, encoder: null },
    ]) {
      expect(outcome(await encodeShard({ ...content, meta: wrong as typeof meta })), JSON.stringify(wrong)).toBe(
        'index_invalid',
      )
    }
  })

  test('one half of a pair of sections', async () => {
    const { rowScales, ...withoutScales } = content
    expect(outcome(await encodeShard(withoutScales))).toBe('index_invalid')
    const { names, ...withoutNames } = content
    expect(outcome(await encodeShard(withoutNames))).toBe('index_invalid')
    // The last section renamed to one that may be skipped.
    expect(outcome(changed((view) => view.setUint32(locate('CALIBRATION_SCALE').entry, 0x8000, true)))).toBe(
      'index_invalid',
    )
    expect([rowScales, names]).not.toContain(undefined)
  })

  test('a shard that does not lie at a multiple of 16, or reaches past its buffer', () => {
    const buffer = new Uint8Array(good.length + 16)
    buffer.set(good, 8)
    expect(() => parseShard(buffer.buffer, 8, good.length, null)).toThrow('multiple of 16')
    expect(() => parseShard(buffer.buffer, 32, good.length, null)).toThrow('past its buffer')
  })
})

test('an unknown section that may be skipped is skipped', async () => {
  const shard = changed((view) => view.setUint32(locate('GRAPH_LINKS', everything).entry, 0x8001, true), everything)
  expect(outcome(shard)).toBe('index_invalid') // its other half is left alone
  const extra = new Uint8Array(good.length + 64)
  // A table entry more needs 48 bytes in front of the sections: all of them move.
  const view = new DataView(extra.buffer)
  const count = new DataView(good.buffer).getUint16(HEADER.sectionCount, true)
  const first = HEADER_SIZE + ENTRY_SIZE * count
  extra.set(good.subarray(0, first))
  extra.set(good.subarray(first), first + ENTRY_SIZE)
  for (let i = 0; i < count; i++) {
    const at = HEADER_SIZE + ENTRY_SIZE * i + 4
    view.setUint32(at, view.getUint32(at, true) + ENTRY_SIZE, true)
  }
  view.setUint32(first, 0x8000, true)
  view.setUint32(first + 4, good.length + ENTRY_SIZE, true)
  view.setUint32(first + 8, 16, true)
  view.setUint16(HEADER.sectionCount, count + 1, true)
  view.setUint32(HEADER.totalLength, extra.length, true)
  expect(outcome(extra)).toBe('ok')
})

test('every truncation is refused, at every byte, whether or not the length in the header follows', () => {
  for (let length = 0; length < everything.length; length++) {
    expect(outcome(everything.slice(0, length))).toBe('index_invalid')
    if (length < HEADER_SIZE) continue
    const lying = changed((view) => view.setUint32(HEADER.totalLength, length, true), everything).slice(0, length)
    expect(outcome(lying), `${length} bytes`).toBe('index_invalid')
  }
})

test('a flipped bit anywhere gives a typed error or a shard that can be read', () => {
  const random = generator(5)
  for (let at = 0; at < everything.length; at++) {
    const bytes = changed((_, b) => (b[at]! ^= 1 << Math.floor(random() * 8)), everything)
    if (outcome(bytes) !== 'ok') continue
    const shard = parse(bytes)
    for (let row = 0; row < shard.rowCount; row++) {
      labelAt(shard, row, 'zh')
      vectorAt(shard, row)
    }
  }
})

test('20,000 shards of random damage give typed errors only', () => {
  const random = generator(6)
  for (let i = 0; i < 20_000; i++) {
    outcome(
      changed((view, bytes) => {
        for (let n = 0; n < 1 + random() * 4; n++) {
          const at = Math.floor(random() ** 2 * (bytes.length - 4))
          if (random() < 0.5) view.setUint32(at, Math.floor(random() * 2 ** 32))
          else bytes[at] = [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)]!
        }
      }, everything),
    )
  }
})
