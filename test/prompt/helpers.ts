/** A small ranker over hand-made vectors, and the real token counter. */
import { readFileSync } from 'node:fs'
import { createTokenCounter } from '../../src/prompt/index.ts'
import type { Candidate, Flag, Ranker, RankOptions } from '../../src/types.ts'

export const counter = createTokenCounter(
  readFileSync(new URL('../../assets/tokenizer/clip-merges.bin', import.meta.url)),
)

/** Coordinates of a term; they are normalised. The first is how much it looks like `picture`. */
export type Row = {
  term: string
  text?: string
  name?: string
  flags?: Flag[]
  at: readonly number[]
  /** Added to the cosine: the calibrated score. */
  bonus?: number
}

export const DIMS = 64

export function unit(at: readonly number[]): Float32Array {
  const vector = Float32Array.from({ length: DIMS }, (_, i) => at[i] ?? 0)
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

/** The embedding of the picture in all tests. */
export const picture = unit([1])

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

/** What the static index does, by comparing every row. */
export function memoryRanker(banks: Record<string, readonly Row[]>): Ranker {
  async function candidates(bank: string, embedding: Float32Array, k: number, options: RankOptions = {}) {
    const { without = [], reverse = false, by = 'score', lang = 'en' } = options
    const rows: Candidate[] = banks[bank]!.map(({ term, text = term, name, flags = [], at, bonus = 0 }, row) => {
      const vector = unit(at)
      const similarity = dot(vector, embedding)
      const named = name !== undefined && lang === 'zh-CN' ? { name } : {}
      return { bank, row, term, text, flags, ...named, vector, similarity, score: similarity + bonus }
    })
    return rows
      .filter(({ flags }) => !flags.some((flag) => without.includes(flag)))
      .sort((a, b) => (reverse ? a[by] - b[by] : b[by] - a[by]) || a.row - b.row)
      .slice(0, k)
  }
  return {
    banks: () => Object.entries(banks).map(([name, rows]) => ({ name, terms: rows.length, rows: rows.length })),
    rank: async (...ask) => (await candidates(...ask)).map(({ vector: _, ...ranked }) => ranked),
    candidates,
  }
}

/** Coordinates with cosine `like` to the picture, and the rest along `axis` (1 to 63), or mostly along it and a little along `other`. */
export function at(like: number, axis: number, other = axis): number[] {
  const coordinates = new Array<number>(DIMS).fill(0)
  const rest = Math.sqrt(1 - like * like)
  coordinates[0] = like
  coordinates[other] = rest * 0.3
  coordinates[axis] = other === axis ? rest : rest * Math.sqrt(1 - 0.09)
  return coordinates
}

const artist = (term: string, name: string, by: number, inspired: number, axis: number): Row[] => [
  { term, text: `by ${term}`, name, flags: ['person'], at: at(by, axis) },
  { term, text: `inspired by ${term}`, name, flags: ['person'], at: at(inspired, axis) },
]

/** A gallery in miniature. Row by row in order of likeness, except where a test needs it otherwise. */
export const gallery = {
  medium: [
    { term: 'a watercolor painting', name: '水彩画', at: at(0.6, 11) },
    { term: 'an oil painting', name: '油画', at: at(0.5, 12) },
    { term: 'a photograph', name: '照片', at: at(0.4, 13) },
  ],
  artist: [
    ...artist('Winslow Homer', '温斯洛·霍默', 0.55, 0.54, 39),
    ...artist('Claude Monet', '克劳德·莫奈', 0.5, 0.49, 40),
    ...artist('Ansel Adams', '安塞尔·亚当斯', 0.2, 0.19, 41),
  ],
  movement: [
    { term: 'impressionism', name: '印象派', at: at(0.45, 14) },
    { term: 'luminism', at: at(0.44, 15) },
    { term: 'cubism', name: '立体主义', at: at(0.1, 16) },
  ],
  trending: [
    { term: 'artstation', text: 'trending on artstation', at: at(0.35, 17) },
    { term: 'behance', text: 'behance contest winner', at: at(0.34, 18) },
  ],
  flavor: [
    { term: 'soft light', name: '柔光', at: at(0.58, 19) },
    { term: 'soft lighting', at: at(0.57, 20) },
    { term: 'sea spray', name: '浪花', at: at(0.56, 21) },
    { term: 'wet on wet', at: at(0.53, 22) },
    { term: 'muted colors', name: '柔和的色彩', at: at(0.52, 23) },
    { term: 'misty morning', at: at(0.51, 24) },
    { term: 'Monet garden', flags: ['person'], at: at(0.47, 25) },
    { term: 'film photograph', at: at(0.46, 26) },
    { term: 'neon (glow)', at: at(0.3, 27) },
    { term: 'forbidden nude', flags: ['unsafe'], at: at(0.7, 28) },
    { term: 'lucky guess', flags: ['unproven'], at: at(0.69, 29) },
    { term: 'cyberpunk city', at: at(-0.3, 30) },
    { term: 'chrome robots', at: at(-0.2, 31) },
  ],
  negative: [
    { term: 'blurry', name: '模糊', at: at(0.2, 32) },
    { term: 'bad anatomy', at: at(-0.1, 33) },
    { term: 'watermark', at: at(-0.15, 34) },
    { term: 'extra limbs', at: at(0.05, 35) },
  ],
  subject: [
    { term: 'lighthouse', at: at(0.6, 36) },
    { term: 'sailing boat', at: at(0.45, 37) },
    { term: 'beacon', at: at(0.45, 36, 38) },
    { term: 'cat', at: at(0.05, 38) },
  ],
} satisfies Record<string, Row[]>

export const galleryRanker = memoryRanker(gallery)
export const caption = { text: 'a lighthouse on a cliff', source: 'option' }

/** Repeatable numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
