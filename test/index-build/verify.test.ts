/** Verify passes an index as built, and finds what is wrong with one that is not. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { build } from '../../index-build/build.ts'
import { fallsShort } from '../../index-build/recall.ts'
import { formatVerify, verify } from '../../index-build/verify.ts'
import { bankText, makeFolders, pictures, spec, writeCache } from './model-folder.ts'

const BANKS = { 'flavor.txt': bankText('flavor', 500), 'medium.txt': bankText('medium', 5) }
const queries = pictures(30)

async function built(rules: 'termlens' | 'original' = 'termlens') {
  const folders = await makeFolders(BANKS)
  const { manifest } = await build({ ...folders, calibration: queries, rules })
  return { ...folders, indexDir: folders.outDir, manifest }
}

test('an index as built passes, with its recall', async () => {
  const report = await verify({ ...(await built()), queries })
  expect(report).toMatchObject({ ok: true, queries: 30, problems: [] })
  const [flavor, medium] = report.banks
  expect(flavor).toMatchObject({ name: 'flavor', rows: 500, dtype: 'i8', engine: 'exact', problems: [] })
  expect(flavor!.recall![10]).toBeGreaterThan(0.98)
  expect(flavor!.calibrated![32]).toBeGreaterThan(0.98)
  // More asked for than there are: all are found.
  expect(medium!.recall).toMatchObject({ 10: 1, 32: 1 })
  expect(formatVerify(report)).toContain('All checks passed.')
})

test('16-bit rows find exactly what float rows find', async () => {
  const report = await verify({ ...(await built('original')), queries })
  expect(report.banks.map(({ recall, calibrated }) => [recall, calibrated])).toEqual([
    [{ 1: 1, 10: 1, 32: 1 }, null],
    [{ 1: 1, 10: 1, 32: 1 }, null],
  ])
})

test('every engine of a bank is measured', async () => {
  const folders = await makeFolders(BANKS)
  await build({ ...folders, calibration: queries, engine: 'prefilter' })
  const report = await verify({ ...folders, indexDir: folders.outDir, queries })
  expect(report.ok).toBe(true)
  expect(report.banks.map(({ name, engine }) => `${name} ${engine}`)).toEqual([
    'flavor prefilter',
    'flavor exact',
    'medium prefilter',
    'medium exact',
  ])
  expect(report.banks[0]!.recall).toEqual(report.banks[1]!.recall)
})

test('without pictures recall is left out, and said to be', async () => {
  const report = await verify({ ...(await built()), queries: null })
  expect(report).toMatchObject({ ok: true, queries: 0, banks: [{ recall: null }, { recall: null }] })
  expect(formatVerify(report)).toContain('recall not measured')
})

test('recall below a threshold fails', async () => {
  const report = await verify({ ...(await built()), queries, thresholds: { 1: 0, 10: 1.01, 32: 0 } })
  expect(report.ok).toBe(false)
  expect(formatVerify(report)).toMatch(
    /FAILED flavor: recall@10 by similarity is .*\nFAILED flavor: recall@10 by score/,
  )
})

describe('finds', () => {
  test('a bank that changed after the build', async () => {
    const folders = await built()
    await appendFile(join(folders.banksDir, 'flavor.txt'), 'one more\n')
    await writeCache(folders)
    const report = await verify({ ...folders, queries })
    expect(report).toMatchObject({
      ok: false,
      banks: [{ problems: [expect.stringContaining('another version of the bank')] }, { problems: [] }],
    })
  })

  test('a bank that is not in the index', async () => {
    const folders = await built()
    await writeFile(join(folders.banksDir, 'tag.txt'), '#: bank tag\nflavor term 1\n')
    expect(await verify({ ...folders, queries })).toMatchObject({
      ok: false,
      problems: ['the bank tag is not in the index'],
    })
  })

  test('a flipped byte, anywhere in a shard', async () => {
    const folders = await built()
    const path = join(folders.indexDir, folders.manifest.banks[1]!.file)
    const bytes = await readFile(path)
    for (let at = 0; at < bytes.length; at += 37) {
      bytes[at]! ^= 4
      await writeFile(path, bytes)
      await expect(verify({ ...folders, queries: null }), `byte ${at}`).rejects.toMatchObject({ name: 'TermlensError' })
      bytes[at]! ^= 4
    }
  })

  test('no index, and a manifest that is not JSON', async () => {
    const folders = await built()
    await writeFile(join(folders.indexDir, 'manifest.json'), '{')
    await expect(verify({ ...folders, queries })).rejects.toMatchObject({ code: 'index_invalid' })
    await rm(join(folders.indexDir, 'manifest.json'))
    await expect(verify({ ...folders, queries })).rejects.toMatchObject({ code: 'setup_missing' })
  })

  test('the index of another model', async () => {
    const folders = await built()
    await writeFile(join(folders.modelDir, 'model.json'), JSON.stringify({ ...spec, digest: 'cd'.repeat(32) }))
    await expect(verify({ ...folders, queries })).rejects.toMatchObject({ code: 'index_model_mismatch' })
  })
})

test('with few pictures a threshold is that of whole rows', () => {
  const recall = { 1: 0.75, 10: 0.975, 32: 1 }
  expect(fallsShort(recall, 1, 0.9, 4)).toBe(false)
  expect(fallsShort(recall, 10, 0.98, 4)).toBe(false)
  expect(fallsShort(recall, 1, 0.9, 20)).toBe(true)
  expect(fallsShort(recall, 10, 0.98, 200)).toBe(true)
  expect(fallsShort({ ...recall, 10: 0.98 }, 10, 0.98, 200)).toBe(false)
})
