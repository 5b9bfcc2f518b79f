/** Graphs are equal byte for byte, stand for what hnswlib made, and are kept for rows that did not change. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../../index-build/build.ts'
import { encodeWithEngine, engineFor } from '../../index-build/engines.ts'
import { buildGraph, cachedGraph, GRAPH_SHAPE, indexRows } from '../../index-build/graph.ts'
import { openIndexFolder, openShard } from '../../index-build/index-folder.ts'
import { formatInspection, inspectIndex } from '../../index-build/inspect.ts'
import { formatVerify, verify } from '../../index-build/verify.ts'
import { encodeShard } from '../../src/term-index/index.ts'
import { contentOf, generator, unit } from '../term-index/support.ts'
import { bankText, makeFolders, pictures, spec, vectorOf } from './model-folder.ts'

const DIMS = 64
const content = contentOf({ dims: DIMS, terms: 700, templates: ['{}'], calibrated: false })
const { rows, rowScales } = content
const graph = await buildGraph(rows, rowScales!, DIMS)
const calibration = pictures(20)

test('built twice, and on any machine, the bytes are the same', async () => {
  expect(await buildGraph(rows, rowScales!, DIMS)).toEqual(graph)
  const digest = createHash('sha256').update(await encodeShard({ ...content, graph: { ...graph, ef: 64 } }))
  expect(digest.digest('hex')).toBe('38d71a5e94ff7fb9c045a56f672f7e16955911e96937d77021f83f99a511a906')
})

test('the graph is that of hnswlib: from row to row, and level to level', async () => {
  const { nodes, offsets, links, entry } = graph
  expect(offsets.length).toBe(700 + nodes.length / 2 + 1)
  expect(links.length / 700).toBeGreaterThan(GRAPH_SHAPE.links / 2)
  for (let node = 0; node < offsets.length - 1; node++) {
    const list = links.subarray(offsets[node]!, offsets[node + 1]!)
    expect(list.length).toBeLessThanOrEqual((node < 700 ? 2 : 1) * GRAPH_SHAPE.links)
    expect(new Set([...list, node]).size).toBe(list.length + 1)
  }
  expect(entry).toBeGreaterThanOrEqual(700)

  // Both searches see each row at the same distance, so that they find the same.
  const { hnsw } = await indexRows(rows, rowScales!, DIMS)
  hnsw.setEfSearch(40)
  const { index, bank } = await openShard(await encodeShard({ ...content, graph: { ...graph, ef: 40 } }), 'graph')
  const random = generator(5)
  let same = 0
  for (let i = 0; i < 50; i++) {
    const query = unit(DIMS, random)
    const theirs = new Set(hnsw.searchKnn(query, 10, undefined).neighbors)
    same += (await index.rank(bank, query, 10)).filter(({ row }) => theirs.has(row)).length
  }
  hnsw.delete()
  expect(same / 500).toBeGreaterThan(0.99)
})

test('what was built is kept, and not taken up where it does not fit', async () => {
  const { cacheDir } = await makeFolders({})
  const get = (some = rows) => cachedGraph(cacheDir, 'graph-test.bin', some, rowScales!, DIMS)
  expect(await get()).toEqual(graph)
  const path = join(cacheDir, 'graph-test.bin')
  const { mtimeMs } = await stat(path)
  expect(await get()).toEqual(graph)
  expect((await stat(path)).mtimeMs).toBe(mtimeMs)
  const whole = await readFile(path)
  for (const damaged of [whole.subarray(0, 40), whole.subarray(0, -4), Buffer.alloc(0)]) {
    await writeFile(path, damaged)
    expect(await get()).toEqual(graph)
  }
  const changed = rows.slice()
  changed[5]! ^= 1
  expect(await get(changed)).not.toEqual(undefined)
  expect((await readFile(path)).equals(whole)).toBe(false)
})

test('the engine follows from the size of a bank', () => {
  expect(engineFor(0)).toBe('exact')
  expect(engineFor(100_000 * 256)).toBe('exact')
  expect(engineFor(250_000 * 256)).toBe('graph')
})

test('a graph that finds too little is refused: an error where it was asked for, exact search where it was chosen', async () => {
  // Against other vectors than those of the rows nothing is found.
  const random = generator(3)
  const vectors = Array.from({ length: 700 }, () => unit(DIMS, random))
  const options = { vectors, pictures: calibration, cacheDir: null }
  await expect(encodeWithEngine(content, { ...options, engine: 'graph' })).rejects.toMatchObject({
    code: 'option_invalid',
    message: expect.stringMatching(/the engine graph finds .* % of the best 10.* of the bank test/),
  })
  await expect(encodeWithEngine(content, { ...options, engine: 'prefilter' })).rejects.toThrow(/engine prefilter finds/)
  expect(await encodeWithEngine(content, { ...options, engine: undefined })).toMatchObject({
    engine: 'exact',
    warnings: [],
  })
})

test('a bank built with a graph is searched by it, verified with every engine, and looked into', async () => {
  const banks = { 'flavor.txt': bankText('flavor', 600), 'medium.txt': bankText('medium', 5) }
  const folders = await makeFolders(banks)
  const seen: number[] = []
  const { manifest, warnings } = await build({
    ...folders,
    calibration,
    engine: 'graph',
    onProgress: ({ done }) => seen.push(done),
  })
  expect(warnings).toEqual([])
  expect(seen).toEqual([0, 100, 200, 300, 400, 500, 600, 600, 605])
  expect(manifest.banks.map(({ engine }) => engine)).toEqual(['graph', 'graph'])
  expect((await readdir(folders.cacheDir)).filter((file) => file.startsWith('graph'))).toHaveLength(2)

  const index = await openIndexFolder(folders.outDir, spec)
  expect(index.bytes).toBe(manifest.memory)
  const [best] = await index.rank('flavor', vectorOf('flavor term 77'), 1, { by: 'similarity' })
  expect(best).toMatchObject({ text: 'flavor term 77' })

  const report = await verify({ ...folders, indexDir: folders.outDir, queries: calibration })
  expect(report.ok).toBe(true)
  expect(report.banks.map(({ name, engine }) => `${name} ${engine}`)).toEqual([
    'flavor graph',
    'flavor exact',
    'medium graph',
    'medium exact',
  ])
  expect(report.banks[0]!.recall![10]).toBeGreaterThanOrEqual(0.95)
  const one = await verify({ ...folders, indexDir: folders.outDir, queries: calibration, engine: 'exact' })
  expect(one.banks.map(({ engine }) => engine)).toEqual(['exact', 'exact'])
  const forced = verify({ ...folders, indexDir: folders.outDir, queries: calibration, engine: 'prefilter' })
  await expect(forced).rejects.toMatchObject({ code: 'index_invalid' })
  const strict = { 1: 0, 10: 1.01, 32: 0 }
  const failed = await verify({ ...folders, indexDir: folders.outDir, queries: calibration, thresholds: strict })
  expect(formatVerify(failed)).toMatch(/FAILED flavor, graph: recall@10 by similarity/)

  const inspection = await inspectIndex(index, null)
  expect(inspection.banks[1]!.graph).toMatchObject({ links: 4 })
  expect(formatInspection(inspection, 'flavor')).toMatch(/graph: \d levels above the rows, [\d.]+ links a row/)
})

test('a build is stopped in the middle of a graph', async () => {
  const folders = await makeFolders({ 'flavor.txt': bankText('flavor', 1000) })
  const stop = new AbortController()
  let last = 0
  const building = build({
    ...folders,
    calibration,
    engine: 'graph',
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (last === 0) setTimeout(() => stop.abort(new Error('stopped')))
      last = done
    },
  })
  await expect(building).rejects.toThrow('stopped')
  expect(last).toBeLessThan(1000)
})

test('without pictures a graph is built, and the build says that its recall was not measured', async () => {
  const folders = await makeFolders({ 'flavor.txt': bankText('flavor', 50) })
  const { warnings } = await build({ ...folders, calibration: null, engine: 'graph' })
  expect(warnings).toEqual([expect.stringMatching(/engine graph finds of the bank flavor was not measured/)])
})
