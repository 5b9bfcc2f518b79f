import { expect, test } from 'vitest'
import { build } from '../../index-build/build.ts'
import { openIndexFolder } from '../../index-build/index-folder.ts'
import { formatInspection, formatNeighbours, inspectIndex, neighbours } from '../../index-build/inspect.ts'
import { ARTIST, bankText, makeFolders, pictures, spec } from './model-folder.ts'

const folders = await makeFolders({ 'artist.txt': ARTIST, 'flavor.txt': bankText('flavor', 100) })
await build({ ...folders, calibration: pictures(30) })
const index = await openIndexFolder(folders.outDir, spec)

test('sections, sizes and themes', async () => {
  const { banks, version, bytes } = await inspectIndex(index, null)
  expect(version).toBe(index.version)
  expect(bytes).toBe(index.manifest.bytes)
  const [artist] = banks
  expect(artist).toMatchObject({
    name: 'artist',
    terms: 3,
    rows: 6,
    dtype: 'i8',
    templates: ['by {}', 'inspired by {}'],
    themes: [
      { theme: 'one', terms: 2 },
      { theme: 'two', terms: 1 },
    ],
    hubs: null,
  })
  const rows = artist!.sections.find(({ name }) => name === 'ROWS')
  expect(rows).toMatchObject({ length: 6 * 64 })
})

test('hub terms, before and after calibration', async () => {
  const { banks } = await inspectIndex(index, pictures(30))
  const { hubs } = banks[1]!
  expect(hubs!.pictures).toBe(30)
  expect(hubs!.terms.length).toBeGreaterThanOrEqual(5)
  const counts = hubs!.terms.slice(0, 5).map(({ before }) => before)
  expect(counts).toEqual(counts.toSorted((a, b) => b - a))
  expect(Math.max(...counts)).toBeLessThanOrEqual(30)
})

test('neighbours of a term leave out the term itself', async () => {
  const found = await neighbours(index, 'artist', 'ann-example', 3)
  expect(found.map(({ term }) => term)).not.toContain('Ann Example')
  expect(found).toHaveLength(3)
  expect(found[0]!.similarity).toBeGreaterThanOrEqual(found[1]!.similarity)
  await expect(neighbours(index, 'artist', 'nobody', 3)).rejects.toMatchObject({ code: 'option_invalid' })
  await expect(neighbours(index, 'nothing', 'nobody', 3)).rejects.toMatchObject({ code: 'bank_unknown' })
  expect(formatNeighbours(found).split('\n')).toHaveLength(5)
})

test('reads as text', async () => {
  const text = formatInspection(await inspectIndex(index, pictures(5)), 'artist')
  expect(text).toMatch(/^index [0-9a-f]{16} for test-model/)
  for (const part of ['ROW_SCALES', 'two', 'most frequent', 'artist']) expect(text).toContain(part)
})
