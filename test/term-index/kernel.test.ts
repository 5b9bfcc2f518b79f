/** The kernel, both builds of it, finds exactly what a plain loop finds. */
import { describe, expect, test } from 'vitest'
import relaxed from '../../src/term-index/kernel/kernel-relaxed.wasm'
import { contentOf, generator, openContent, plainSearch, unit } from './support.ts'

const strip = (hits: { row: number; similarity: number; score: number }[]) =>
  hits.map(({ row, similarity, score }) => ({ row, similarity, score }))

describe.each([
  ['plain SIMD', undefined],
  ['relaxed SIMD', relaxed],
])('%s', (_, module) => {
  test.each(['i8', 'f16', 'f32'] as const)('equals a plain loop over %s rows of any length', async (dtype) => {
    for (const dims of [1, 3, 7, 8, 15, 16, 17, 31, 33, 48, 100, 255, 256, 511, 512, 1000]) {
      const content = contentOf({ dims, dtype, terms: 60, seed: dims })
      const index = await openContent(content, module)
      const random = generator(dims + 1)
      for (const k of [1, 10, 32, 120, 500]) {
        const query = unit(dims, random)
        for (const by of ['score', 'similarity'] as const) {
          for (const reverse of [false, true]) {
            const found = await index.rank('test', query, k, { by, reverse })
            expect(strip(found)).toEqual(plainSearch(content, query, k, { by, reverse }))
          }
        }
      }
    }
  })

  test('keeps flagged rows out inside the search, so that k rows come back', async () => {
    const content = contentOf({ dims: 64, terms: 300 })
    const index = await openContent(content, module)
    const random = generator(9)
    for (const [without, mask] of [
      [['person'], 1],
      [['living', 'unsafe'], 6],
      [['person', 'living', 'unsafe', 'unproven'], 15],
    ] as const) {
      const query = unit(64, random)
      const found = await index.rank('test', query, 30, { without })
      expect(found).toHaveLength(30)
      expect(strip(found)).toEqual(plainSearch(content, query, 30, { mask }))
      expect(
        found.flatMap(({ flags }) => flags).filter((flag) => (without as readonly string[]).includes(flag)),
      ).toEqual([])
    }
  })

  test('breaks ties by row number, forwards and in reverse', async () => {
    const random = generator(3)
    const [a, b] = [unit(32, random), unit(32, random)]
    const vectors = Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b))
    const index = await openContent(
      contentOf({ dims: 32, terms: 40, templates: ['{}'], vectors, calibrated: false }),
      module,
    )
    for (const k of [1, 5, 20, 33, 40]) {
      const best = (await index.rank('test', a, k)).map(({ row }) => row)
      const worst = (await index.rank('test', a, k, { reverse: true })).map(({ row }) => row)
      const odd = Array.from({ length: 20 }, (_, i) => 2 * i + 1)
      const even = Array.from({ length: 20 }, (_, i) => 2 * i)
      expect(best).toEqual([...odd, ...even].slice(0, k))
      expect(worst).toEqual([...even, ...odd].slice(0, k))
    }
  })

  test('is exact for rows in the worst order, extreme values, and queries with one large number', async () => {
    const random = generator(4)
    const dims = 256
    const query = unit(dims, random)
    // Each row is nearer than the one before, so that every one is taken in.
    const vectors = Array.from({ length: 200 }, (_, i) =>
      unit(dims, random).map((x, j) => x * (1 - i / 200) + (query[j]! * i) / 200),
    )
    const content = contentOf({ dims, terms: 100, vectors })
    content.rows.fill(0x80, 0, dims) // -128, which a writer does not make
    content.rows.fill(0x7f, dims, 2 * dims)
    const index = await openContent(content, module)
    const spike = new Float32Array(dims)
    spike[3] = 1
    const flat = new Float32Array(dims).fill(1 / 16)
    for (const q of [query, spike, flat, flat.map((x) => -x), new Float32Array(dims)]) {
      expect(strip(await index.rank('test', q, 50))).toEqual(plainSearch(content, q, 50))
      expect(strip(await index.rank('test', q, 50, { reverse: true }))).toEqual(
        plainSearch(content, q, 50, { reverse: true }),
      )
    }
  })

  test('the longest vectors do not overflow', async () => {
    const dims = 4096
    const vectors = [new Float32Array(dims).fill(1 / 64), new Float32Array(dims).fill(-1 / 64)]
    const content = contentOf({ dims, terms: 2, templates: ['{}'], vectors, calibrated: false })
    const [first, second] = await (await openContent(content, module)).rank('test', vectors[0]!, 2)
    expect(first!.similarity).toBeCloseTo(1, 6)
    expect(second!.similarity).toBeCloseTo(-1, 6)
  })
})

test('a row is its own nearest, with similarity 1', async () => {
  const content = contentOf({ dims: 256, terms: 50 })
  const index = await openContent(content)
  for (let row = 0; row < 100; row += 7) {
    const [best] = await index.rank('test', index.vector('test', row), 1, { by: 'similarity' })
    expect(best!.row).toBe(row)
    expect(best!.similarity).toBeCloseTo(1, 4)
  }
})
