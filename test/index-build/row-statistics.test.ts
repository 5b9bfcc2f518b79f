/** Numbers of rows that were measured before are taken up, and are the same as if they were measured. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseBank } from '../../index-build/banks.ts'
import { rowStatistics } from '../../index-build/row-statistics.ts'
import { rowTexts } from '../../index-build/rows.ts'
import { ARTIST, pictures, vectorOf } from './model-folder.ts'

const encoder = { encode: async (texts: string[]) => texts.map(vectorOf) }
const labels = { artist: { 'Ann Example': 9 }, subject: { cat: 3 } }
const vectorsOf = (text: string) => rowTexts(parseBank(text, 'artist.txt'), null).map(vectorOf)
const measure = (text: string, cacheDir: string | null, changes = {}) =>
  rowStatistics(parseBank(text, 'artist.txt'), vectorsOf(text), {
    pictures: pictures(9),
    labels,
    encoder,
    cacheDir,
    ...changes,
  })

test('with a cache and without, the numbers are the same, before and after a change', async () => {
  const cacheDir = join(await mkdtemp(join(tmpdir(), 'rows ')), 'cache')
  const changed = ARTIST.replace('Bob Example', 'Bea Example')
  for (const text of [ARTIST, ARTIST, changed, `${ARTIST}One More\n`]) {
    expect(await measure(text, cacheDir)).toEqual(await measure(text, null))
  }
  expect((await measure(ARTIST, null)).evidence).toHaveLength(6)
})

test('numbers measured before are not measured again, unless what they are measured with changed', async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'rows '))
  const right = await measure(ARTIST, cacheDir)
  const path = join(cacheDir, 'rows-artist.json')
  const cache = JSON.parse(await readFile(path, 'utf8'))
  for (const numbers of Object.values<number[]>(cache.rows)) numbers.fill(0.5)
  await writeFile(path, JSON.stringify(cache))
  expect((await measure(ARTIST, cacheDir)).mean).toEqual(new Float64Array(6).fill(0.5))
  expect(await measure(ARTIST, cacheDir, { pictures: pictures(8) })).toEqual(
    await measure(ARTIST, null, { pictures: pictures(8) }),
  )
  expect(await measure(ARTIST, cacheDir, { labels: null })).toEqual(await measure(ARTIST, null, { labels: null }))
  await writeFile(path, '{ cut sh')
  expect(await measure(ARTIST, cacheDir)).toEqual(right)
})
