/**
 * Every shipped bank, built with a graph and searched by it in workerd: the same rows, similarities and scores as in Node, to the last bit, and
 * nearly those of exact search. Graphs are kept in .cache/, so that only the first run builds them.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bundle, removeBundle, root, start } from '../../index-build/bench/wrangler.ts'
import { build, readSpec } from '../../index-build/build.ts'
import { calibrationEmbeddings } from '../../index-build/calibration-pictures.ts'
import type { Engine } from '../../src/term-index/index.ts'
import { type Answer, answer, type Question } from './graph-worker.ts'

const assets = join(root, 'assets')
const model = 'termlens-lite0'
const outDir = await mkdtemp(join(tmpdir(), 'termlens-graph-'))
afterAll(() => rm(outDir, { recursive: true, force: true }))

test('in workerd as in Node', { timeout: 300_000 }, async () => {
  const modelDir = join(assets, 'models', model)
  const { name, digest, embedding_size } = await readSpec(modelDir)
  const calibration = await calibrationEmbeddings({ assets, model })
  const banksDir = join(assets, 'banks')
  const { manifest } = await build({ banksDir, modelDir, outDir, calibration, engine: 'graph' })
  expect(manifest.banks.map(({ engine }) => engine)).toEqual(manifest.banks.map(() => 'graph'))

  const ask = (engine: Engine): Question => ({
    manifest,
    spec: { name, digest, embedding_size },
    engine,
    queries: calibration.slice(0, 40).map((embedding) => Array.from(embedding)),
    k: 10,
    options: [{}, { by: 'similarity' }, { without: ['unsafe', 'unproven'] }, { reverse: true }],
  })
  const read = (file: string) => readFile(join(outDir, file))
  const [inNode, exact] = [await answer(ask('graph'), read), await answer(ask('exact'), read)]

  const made = await bundle('', 'test/term-index/graph-worker.ts')
  const workerd = await start(made)
  try {
    for (const { file } of manifest.banks) {
      await fetch(new URL(file, workerd.url), { method: 'PUT', body: new Uint8Array(await read(file)) })
    }
    const response = await fetch(workerd.url, { method: 'POST', body: JSON.stringify(ask('graph')) })
    const atEdge = (await response.json()) as Answer
    expect(atEdge).toEqual(inNode)
  } finally {
    await workerd.stop()
    await removeBundle(made)
  }
  const found = inNode.map((hits, i) => hits.filter(([row]) => exact[i]!.some(([other]) => other === row)).length)
  const wanted = exact.reduce((sum, hits) => sum + hits.length, 0)
  expect(found.reduce((sum, n) => sum + n, 0) / wanted).toBeGreaterThan(0.97)
})
