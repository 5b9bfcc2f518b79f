/** A graph is searched as the specification says, finds k rows whatever flags leave out, and never leaves its shard. */
import { describe, expect, test } from 'vitest'
import { buildGraph } from '../../index-build/graph.ts'
import type { ShardContent } from '../../src/term-index/index.ts'
import { openIndex } from '../../src/term-index/index.ts'
import relaxed from '../../src/term-index/kernel/kernel-relaxed.wasm'
import {
  contentOf,
  generator,
  indexOf,
  openContent,
  plainGraphSearch,
  plainSearch,
  randomGraph,
  specOf,
  unit,
} from './support.ts'

const rowsOf = (hits: { row: number }[]) => hits.map(({ row }) => row)

/** Vectors in clusters, as those of terms are. */
function clustered(rows: number, dims: number, seed: number): Float32Array[] {
  const random = generator(seed)
  const centres = Array.from({ length: 30 }, () => unit(dims, random))
  return Array.from({ length: rows }, (_, i) => {
    const noise = unit(dims, random)
    const vector = centres[i % centres.length]!.map((x, j) => x + 0.8 * noise[j]!)
    const length = Math.hypot(...vector)
    return vector.map((x) => x / length)
  })
}

async function withGraph(content: ShardContent, ef: number): Promise<ShardContent> {
  return { ...content, graph: { ...(await buildGraph(content.rows, content.rowScales!, content.dims)), ef } }
}

describe.each([
  ['plain SIMD', undefined],
  ['relaxed SIMD', relaxed],
])('%s', (_, module) => {
  test.each([1, 19, 64, 256])('follows the links as a plain search does, %i dimensions', async (dims) => {
    const random = generator(dims)
    for (const terms of [1, 2, 40, 600]) {
      const content = contentOf({ dims, terms, seed: dims + terms })
      content.graph = randomGraph(2 * terms, random, { degree: terms > 40 ? 20 : 4 })
      const index = await openContent(content, module)
      for (const k of [1, 10, 33]) {
        for (const by of ['score', 'similarity'] as const) {
          for (const mask of [0, 4]) {
            const query = unit(dims, random)
            const found = await index.rank('test', query, k, { by, without: mask ? ['unsafe'] : [] })
            expect(rowsOf(found)).toEqual(plainGraphSearch(content, query, k, { by, mask }))
            const all = new Map(plainSearch(content, query, 2 * terms, { by }).map((hit) => [hit.row, hit]))
            for (const { row, similarity, score } of found) expect({ row, similarity, score }).toEqual(all.get(row))
          }
        }
      }
    }
  })

  test('in reverse every row is compared', async () => {
    const content = contentOf({ dims: 32, terms: 100 })
    content.graph = randomGraph(200, generator(1))
    const index = await openContent(content, module)
    const query = unit(32, generator(2))
    const found = await index.rank('test', query, 12, { reverse: true })
    expect(rowsOf(found)).toEqual(rowsOf(plainSearch(content, query, 12, { reverse: true })))
  })
})

test('a graph of hnswlib finds the nearest of clustered rows', async () => {
  const vectors = clustered(3000, 48, 5)
  const content = await withGraph(
    contentOf({ dims: 48, terms: 3000, templates: ['{}'], vectors, calibrated: false }),
    128,
  )
  const index = await openContent(content)
  const random = generator(6)
  let hits = 0
  for (let i = 0; i < 50; i++) {
    const query = unit(48, random)
    const best = new Set(rowsOf(plainSearch(content, query, 10)))
    hits += (await index.rank('test', query, 10)).filter(({ row }) => best.has(row)).length
  }
  expect(hits / 500).toBeGreaterThan(0.95)
})

test('k rows come back where nearly all are kept out, and where links lead nowhere', async () => {
  const content = await withGraph(contentOf({ dims: 48, terms: 2000, templates: ['{}'] }), 16)
  content.flags.fill(1)
  const left = [10, 500, 1999]
  for (const row of left) content.flags[row] = 0
  const query = unit(48, generator(1))
  const find = async (k: number) =>
    rowsOf(await (await openContent(content)).rank('test', query, k, { without: ['person'] }))
  expect((await find(3)).toSorted((a, b) => a - b)).toEqual(left)
  // Asked for more than there are: those there are.
  expect((await find(10)).toSorted((a, b) => a - b)).toEqual(left)
  const { offsets } = content.graph!
  content.graph = { ...content.graph!, offsets: offsets.map(() => 0), links: new Uint32Array() }
  expect((await find(3)).toSorted((a, b) => a - b)).toEqual(left)
})

test('ties go to the lower row', async () => {
  const random = generator(3)
  const [a, b] = [unit(32, random), unit(32, random)]
  const vectors = Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b))
  const content = contentOf({ dims: 32, terms: 40, templates: ['{}'], vectors, calibrated: false })
  content.graph = randomGraph(40, random, { degree: 30, ef: 40 })
  const odd = Array.from({ length: 20 }, (_, i) => 2 * i + 1)
  expect(rowsOf(await (await openContent(content)).rank('test', a, 20))).toEqual(odd)
})

test('the engine can be forced, for all banks or for one, where the shard holds what it needs', async () => {
  const content = contentOf({ dims: 32, terms: 300, codes: true })
  // Links that lead to nothing but their own row: what a search finds shows which engine it was.
  content.graph = {
    ...randomGraph(600, generator(1)),
    entry: 7,
    ef: 1,
    nodes: new Uint32Array(),
    offsets: Uint32Array.from({ length: 601 }, (_, i) => i),
    links: Uint32Array.from({ length: 600 }, (_, i) => i),
  }
  const bare = { ...contentOf({ dims: 32, bank: 'bare' }) }
  const { manifest, files } = await indexOf([content, bare])
  const open = (engine?: Parameters<typeof openIndex>[0]['engine']) =>
    openIndex({ manifest, spec: specOf(32), read: async (file) => files.get(file)!, engine })
  const query = unit(32, generator(4))
  const best = rowsOf(plainSearch(content, query, 1))
  const first = async (engine?: Parameters<typeof open>[0]) => rowsOf(await (await open(engine)).rank('test', query, 1))
  expect(best).not.toEqual([7])
  expect(await first()).toEqual([7])
  expect(await first({ test: 'graph' })).toEqual([7])
  expect(await first('exact')).toEqual(best)
  expect(await first({ test: 'prefilter' })).toEqual(best)
  await expect(open('graph')).rejects.toMatchObject({ code: 'index_invalid' })
  await expect(open({ bare: 'prefilter' })).rejects.toThrow(/bare\..*does not hold what the engine prefilter needs/)
  expect((await open({ test: 'exact' })).bytes).toBeLessThanOrEqual((await open()).bytes)
})

test('whatever links a graph has, opening it fails with a typed error or a search of it ends', async () => {
  const random = generator(8)
  const content = contentOf({ dims: 16, terms: 30, named: false })
  const query = unit(16, random)
  let opened = 0
  for (let i = 0; i < 600; i++) {
    const graph = randomGraph(60, random, { ef: 5 })
    const { nodes, offsets, links } = graph
    const array = [nodes, offsets, links][Math.floor(random() * 3)]!
    const value = random() < 0.7 ? Math.floor(random() * 70) : Math.floor(random() * 2 ** 32)
    array[Math.floor(random() * array.length)] = value
    if (random() < 0.2) graph.entry = Math.floor(random() * 80)
    try {
      const found = await (await openContent({ ...content, graph })).rank('test', query, 5)
      expect(new Set(rowsOf(found)).size).toBe(5)
      opened++
    } catch (error) {
      expect(error).toMatchObject({ code: 'index_invalid' })
    }
  }
  expect(opened).toBeGreaterThan(50)
  expect(opened).toBeLessThan(550)
})
