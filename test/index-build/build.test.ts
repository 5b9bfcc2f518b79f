/** Building an index: the same bytes every time, and never a broken one in place. */
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BuildOptions, build } from '../../index-build/build.ts'
import { openIndexFolder } from '../../index-build/index-folder.ts'
import { ARTIST, bankText, type Folders, makeFolders, pictures, spec, vectorOf, writeCache } from './model-folder.ts'

const BANKS = { 'artist.txt': ARTIST, 'flavor.txt': bankText('flavor', 50) }
const calibration = pictures(20)
const run = (folders: Folders, options: Partial<BuildOptions> = {}) => build({ ...folders, calibration, ...options })

/** File name to content. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, (await readFile(join(folder, file))).toString('base64')])),
  )
}

test('an index opens, knows its banks, and finds a term by its own vector', async () => {
  const folders = await makeFolders(BANKS)
  const { manifest, version, written, warnings } = await run(folders)
  expect(warnings).toEqual([])
  expect(written).toEqual(manifest.banks.map(({ file }) => file))
  expect(manifest).toMatchObject({
    rules: 'termlens',
    terms: 53,
    rows: 56,
    model: { name: 'test-model', embedding_size: 64 },
  })
  const index = await openIndexFolder(folders.outDir, spec, { lang: 'zh' })
  expect(index.version).toBe(version)
  expect(index.bytes).toBe(manifest.memory)
  expect(index.banks()).toEqual([
    { name: 'artist', terms: 3, rows: 6 },
    { name: 'flavor', terms: 50, rows: 50 },
  ])
  const [best] = await index.rank('artist', vectorOf('inspired by Ann Example: soft light'), 1, { by: 'similarity' })
  expect(best).toMatchObject({
    row: 1,
    text: 'inspired by Ann Example',
    term: 'Ann Example',
    name: '安',
    flags: ['person'],
  })
  expect(best!.similarity).toBeGreaterThan(0.999)
})

test('built twice, or built again after a change and back, the bytes are the same', async () => {
  const [a, b] = [await makeFolders(BANKS), await makeFolders(BANKS)]
  await run(a)
  await run(b)
  expect(await contents(a.outDir)).toEqual(await contents(b.outDir))
  await appendFile(join(b.banksDir, 'flavor.txt'), 'one more\n')
  await writeCache(b)
  const changed = await run(b)
  expect(changed.written).toEqual([changed.manifest.banks[1]!.file])
  // A full build of the changed banks gives what the incremental one gave.
  const full = await makeFolders({ ...BANKS, 'flavor.txt': `${BANKS['flavor.txt']}one more\n` })
  await run(full)
  const { 'manifest.previous.json': _, ...incremental } = await contents(b.outDir)
  for (const [file, bytes] of Object.entries(await contents(full.outDir))) expect(incremental[file]).toBe(bytes)
})

test('the shards of the release before stay, older ones go', async () => {
  const folders = await makeFolders(BANKS)
  const files: string[] = []
  for (let i = 0; i < 4; i++) {
    await appendFile(join(folders.banksDir, 'flavor.txt'), `more ${i}\n`)
    await writeCache(folders)
    const { manifest, removed } = await run(folders)
    files.push(manifest.banks[1]!.file)
    expect(removed).toEqual(i >= 2 ? [files[i - 2]] : [])
    // Building again without a change keeps the release before.
    expect((await run(folders)).removed).toEqual([])
  }
  const there = await readdir(folders.outDir)
  expect(files.map((file) => there.includes(file))).toEqual([false, false, true, true])
  // The manifest of the release before is whole: putting it back is a rollback.
  await writeFile(join(folders.outDir, 'manifest.json'), await readFile(join(folders.outDir, 'manifest.previous.json')))
  expect((await openIndexFolder(folders.outDir, spec)).manifest.banks[1]!.file).toBe(files[2])
})

test('files that a build left when it was cut are swept; a damaged shard is written again', async () => {
  const folders = await makeFolders(BANKS)
  const { manifest } = await run(folders)
  await writeFile(join(folders.outDir, '.flavor.0123456789abcdef.tlx.x.tmp'), 'half')
  await writeFile(join(folders.outDir, manifest.banks[0]!.file), 'damaged')
  expect((await run(folders)).written).toEqual([manifest.banks[0]!.file])
  expect((await readdir(folders.outDir)).filter((file) => file.endsWith('.tmp'))).toEqual([])
  await openIndexFolder(folders.outDir, spec)
})

test('CRLF banks give the same index', async () => {
  const windows = Object.fromEntries(
    Object.entries(BANKS).map(([file, text]) => [file, `\uFEFF${text.replaceAll('\n', '\r\n')}`]),
  )
  const [a, b] = [await makeFolders(BANKS), await makeFolders(windows)]
  await run(a)
  await run(b)
  expect(await contents(a.outDir)).toEqual(await contents(b.outDir))
})

describe('rules original', () => {
  test('has no glosses and no calibration, and keeps rows as 16-bit floats', async () => {
    const folders = await makeFolders(BANKS)
    const { manifest } = await run(folders, { rules: 'original' })
    expect(manifest.rules).toBe('original')
    const shard = (await openIndexFolder(folders.outDir, spec)).shard('artist')
    expect(shard).toMatchObject({
      dtype: 'f16',
      calibration: null,
      meta: { encoder: { gloss: null, rules: 'original' } },
    })
    const index = await openIndexFolder(folders.outDir, spec)
    const [best] = await index.rank('artist', vectorOf('by Ann Example'), 1)
    expect(best).toMatchObject({ text: 'by Ann Example' })
  })
})

test('a bank built for a prefilter is searched through it, and can be searched without', async () => {
  const folders = await makeFolders(BANKS)
  const { manifest } = await run(folders, { engine: 'prefilter' })
  expect(manifest.banks.map(({ engine }) => engine)).toEqual(['prefilter', 'prefilter'])
  const query = vectorOf('anything')
  // Small banks are kept whole by the prefilter: both engines answer the same.
  const answers = []
  for (const engine of [undefined, 'exact' as const]) {
    const index = await openIndexFolder(folders.outDir, spec, { engine })
    answers.push(await index.rank('flavor', query, 10))
  }
  expect(answers[0]).toEqual(answers[1])
})

test('a user’s list is a bank like any other', async () => {
  const folders = await makeFolders(BANKS)
  const file = join(folders.root, 'mine.txt')
  await writeFile(file, 'sea, sky\nflavor term 3\nFlavor-term 3\n')
  await writeCache(folders, ['sea, sky'])
  const { warnings } = await run(folders, { userBanks: [{ name: 'mine', file }] })
  expect(warnings).toEqual([expect.stringContaining('mine.txt:3')])
  const index = await openIndexFolder(folders.outDir, spec)
  expect(await index.rank('mine', vectorOf('sea, sky'), 1)).toMatchObject([{ text: 'sea, sky', flags: [] }])
})

describe('fails with the old index in place', () => {
  test.each<[what: string, code: string, spoil: (folders: Folders) => Promise<unknown>]>([
    ['an unknown text', 'text_unknown', ({ banksDir }) => appendFile(join(banksDir, 'flavor.txt'), 'unheard of\n')],
    ['a bad bank', 'bank_invalid', ({ banksDir }) => appendFile(join(banksDir, 'flavor.txt'), 'a, b\n')],
    ['no model', 'setup_missing', ({ modelDir }) => rm(join(modelDir, 'model.json'))],
    ['a bad model', 'model_load_failed', ({ modelDir }) => writeFile(join(modelDir, 'model.json'), '{}')],
    ['no vectors', 'setup_missing', ({ modelDir }) => rm(join(modelDir, 'texts.bin'))],
    ['vectors cut short', 'setup_missing', ({ modelDir }) => writeFile(join(modelDir, 'texts.bin'), Buffer.alloc(128))],
  ])('%s', async (_, code, spoil) => {
    const folders = await makeFolders(BANKS)
    await run(folders)
    const before = await contents(folders.outDir)
    await spoil(folders)
    await expect(run(folders)).rejects.toMatchObject({ code })
    expect(await contents(folders.outDir)).toEqual(before)
  })

  test('an unknown text is named, with its bank', async () => {
    const folders = await makeFolders(BANKS)
    await appendFile(join(folders.banksDir, 'flavor.txt'), 'unheard of\n')
    await expect(run(folders)).rejects.toThrow(/flavor\.txt: 1 texts? .*"unheard of"/)
  })

  test('a build that is stopped', async () => {
    const folders = await makeFolders(BANKS)
    await run(folders)
    const before = await contents(folders.outDir)
    await appendFile(join(folders.banksDir, 'flavor.txt'), 'more\n')
    await writeCache(folders)
    const stop = new AbortController()
    const done: number[] = []
    const building = run(folders, {
      signal: stop.signal,
      onProgress: (progress) => {
        done.push(progress.done)
        if (progress.bank === 'flavor') stop.abort(new Error('stopped'))
      },
    })
    await expect(building).rejects.toThrow('stopped')
    expect(done).toEqual([0, 6, 57])
    const after = await contents(folders.outDir)
    expect(after).toMatchObject(before)
    expect(after['manifest.json']).toBe(before['manifest.json'])
  })
})

test('progress counts rows and ends at the total', async () => {
  const seen: string[] = []
  await run(await makeFolders(BANKS), { onProgress: ({ bank, done, total }) => seen.push(`${bank} ${done}/${total}`) })
  expect(seen).toEqual(['artist 0/56', 'flavor 6/56', ' 56/56'])
})
