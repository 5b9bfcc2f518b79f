/** Constants and shapes of the shard format: docs/index-format.md, sections 2 and 3. */
import type { Flag } from '../types.ts'

/** `\x89TLX\r\n\x1a\n` */
export const MAGIC: readonly number[] = [0x89, 0x54, 0x4c, 0x58, 0x0d, 0x0a, 0x1a, 0x0a]
export const BYTE_ORDER = 0x04030201
export const VERSION = 1
export const HEADER_SIZE = 64
export const ENTRY_SIZE = 48
export const ALIGNMENT = 16
export const MAX_DIMS = 4096
export const MAX_TEMPLATES = 255
export const MAX_THEMES = 65_535
/** Section ids below this must be known to a reader. */
export const CRITICAL = 0x8000

/** Byte offsets of the header's fields. */
export const HEADER = {
  byteOrder: 8,
  version: 12,
  sectionCount: 14,
  totalLength: 16,
  terms: 20,
  rows: 24,
  dims: 28,
  dtype: 30,
  modelDigest: 32,
} as const

/** Section ids. */
export const SECTION = {
  META: 1,
  TERM_OFFSETS: 2,
  TERM_TEXT: 3,
  NAME_OFFSETS: 4,
  NAME_TEXT: 5,
  TERM_FLAGS: 6,
  TERM_THEMES: 7,
  ROW_TERMS: 8,
  ROW_TEMPLATES: 9,
  ROWS: 10,
  ROW_SCALES: 11,
  CALIBRATION_OFFSET: 12,
  CALIBRATION_SCALE: 13,
  CODE_MEAN: 14,
  CODES: 15,
  GRAPH: 16,
  GRAPH_NODES: 17,
  GRAPH_OFFSETS: 18,
  GRAPH_LINKS: 19,
} as const

export type SectionName = keyof typeof SECTION

export type Dtype = 'i8' | 'f16' | 'f32'
/** Code of a dtype in the header, and bytes of one element. */
export const DTYPE: Readonly<Record<Dtype, { code: number; size: number }>> = {
  i8: { code: 1, size: 1 },
  f16: { code: 2, size: 2 },
  f32: { code: 3, size: 4 },
}

/** The fewest rows that a prefilter keeps, the share of a bank's rows (1 in so many), and how many for each row asked for. */
export const PREFILTER = { least: 4096, share: 8, perResult: 16 } as const

/** How many rows a graph search keeps for each row asked for, where that is more than the shard's `ef`. */
export const GRAPH_PER_RESULT = 4
/** Bytes of section GRAPH and of one node in GRAPH_NODES. */
export const GRAPH_SIZE = 8
export const NODE_SIZE = 8

/** Bits of a term's flags. */
export const FLAG: Readonly<Record<Flag, number>> = { person: 1, living: 2, unsafe: 4, unproven: 8 }

export type Rules = 'termlens' | 'original'

/** The JSON of section META. */
export interface Meta {
  bank: string
  model: { name: string; digest: string }
  templates: string[]
  themes: string[]
  /** BCP 47 language of the names; null without them. */
  names: string | null
  encoder: { gloss: string | null; rules: Rules }
}

export const BANK_NAME = /^[a-z][a-z0-9_-]{0,31}$/

/** The smallest multiple of 16 that is not less than `n`. */
export const align16 = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT

/** Bytes of one stored row. */
export const rowStride = (dims: number, dtype: Dtype): number => align16(dims * DTYPE[dtype].size)

/** Bytes of one 1-bit code. */
export const codeStride = (dims: number): number => align16(Math.ceil(dims / 8))

/** The bits of `flags`. */
export const flagMask = (flags: readonly Flag[]): number => flags.reduce((mask, flag) => mask | FLAG[flag], 0)

/** The flags whose bits are set, in the order of the bits. */
export const flagsOf = (mask: number): Flag[] =>
  (Object.keys(FLAG) as Flag[]).filter((flag) => (mask & FLAG[flag]) !== 0)
