/** The prefilter keeps the rows that the specification says, and scores them exactly. */
import { expect, test } from 'vitest'
import { encodeBits, prefilterSize } from '../../src/term-index/codes.ts'
import { codeStride } from '../../src/term-index/format.ts'
import type { ShardContent } from '../../src/term-index/index.ts'
import { contentOf, generator, openContent, plainSearch, unit } from './support.ts'

/** The rows that a prefilter keeps, without a kernel. */
function plainPrefilter(
  content: ShardContent,
  query: Float32Array,
  k: number,
  mask: number,
  reverse: boolean,
): Set<number> {
  const { codes, dims, flags, rowTerms } = content
  const size = codeStride(dims)
  const code = new Uint8Array(size)
  encodeBits(query, codes!.mean, code)
  const distance = (row: number) => {
    let bits = 0
    for (let i = 0; i < dims; i++) {
      const here = codes!.bits[row * size + (i >> 3)]! ^ code[i >> 3]!
      bits += (here >> (i & 7)) & 1
    }
    return bits
  }
  const sign = reverse ? -1 : 1
  return new Set(
    Array.from(rowTerms, (term, row) => ({ row, distance: distance(row), out: (flags[term]! & mask) !== 0 }))
      .filter(({ out }) => !out)
      .sort((a, b) => sign * (a.distance - b.distance) || a.row - b.row)
      .slice(0, prefilterSize(rowTerms.length, k))
      .map(({ row }) => row),
  )
}

test.each([19, 64, 200, 256, 300])('finds the best of the rows it keeps, %i dimensions', async (dims) => {
  const content = contentOf({ dims, terms: 5000, codes: true, named: false, seed: dims })
  const index = await openContent(content)
  const random = generator(dims)
  for (const mask of [0, 4]) {
    for (const reverse of [false, true]) {
      for (const by of ['score', 'similarity'] as const) {
        const query = unit(dims, random)
        const kept = plainPrefilter(content, query, 20, mask, reverse)
        expect(kept.size).toBe(4096)
        const expected = plainSearch(content, query, 10_000, { mask, reverse, by }).filter(({ row }) => kept.has(row))
        const found = await index.rank('test', query, 20, { by, reverse, without: mask ? ['unsafe'] : [] })
        expect(found.map(({ row, similarity, score }) => ({ row, similarity, score }))).toEqual(expected.slice(0, 20))
      }
    }
  }
})

test('a bank that it keeps whole is searched exactly', async () => {
  const content = contentOf({ dims: 48, terms: 100, codes: true })
  const index = await openContent(content)
  const query = unit(48, generator(1))
  const found = await index.rank('test', query, 500)
  expect(found.map(({ row }) => row)).toEqual(plainSearch(content, query, 500).map(({ row }) => row))
})

test('k rows come back where nearly all are kept out', async () => {
  const content = contentOf({ dims: 48, terms: 6000, templates: ['{}'], codes: true })
  content.flags.fill(1)
  for (const row of [10, 2000, 5999]) content.flags[row] = 0
  const found = await (await openContent(content)).rank('test', unit(48, generator(1)), 3, { without: ['person'] })
  expect(found.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual([10, 2000, 5999])
})

test('how many rows are kept', () => {
  expect([prefilterSize(0, 1), prefilterSize(100_000, 32), prefilterSize(10_000, 500)]).toEqual([4096, 12_500, 8000])
})
