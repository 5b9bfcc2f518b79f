/** A build killed at any instant leaves the index that was there whole. */
import { spawn } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { build } from '../../index-build/build.ts'
import { openIndexFolder } from '../../index-build/index-folder.ts'
import { generator } from '../term-index/support.ts'
import { bankText, makeFolders, spec, vectorOf, writeCache } from './model-folder.ts'

const KILLS = 10
const child = fileURLToPath(new URL('build-child.ts', import.meta.url))
const hook = fileURLToPath(new URL('../../index-build/wasm-hook.ts', import.meta.url))

test(`killed ${KILLS} times at random`, { timeout: 120_000 }, async () => {
  const banks = Object.fromEntries(
    ['artist', 'flavor', 'medium', 'movement'].map((name) => [`${name}.txt`, bankText(name, 400)]),
  )
  const folders = await makeFolders(banks)
  const versions = new Set([(await build({ ...folders, calibration: null })).version])
  const random = generator(11)
  let killed = 0

  for (let i = 0; i < KILLS; i++) {
    await appendFile(join(folders.banksDir, 'artist.txt'), `another ${i}\n`)
    await appendFile(join(folders.banksDir, 'movement.txt'), `another ${i}\n`)
    await writeCache(folders)
    const { code, version } = await runAndKill(folders, random)
    if (code !== 0) killed++
    if (version) versions.add(version)
    const index = await openIndexFolder(folders.outDir, spec)
    for (const { name, rows } of index.banks()) {
      expect(await index.rank(name, vectorOf('anything'), rows)).toHaveLength(rows)
    }
    // What is served is one build's index, the old one or the new one, whole.
    expect(index.banks()[0]!.terms).toBe(index.banks()[3]!.terms)
  }
  expect(killed).toBeGreaterThan(0)
  const { version } = await build({ ...folders, calibration: null })
  expect((await openIndexFolder(folders.outDir, spec)).version).toBe(version)
})

/** Starts a build in a process of its own and kills it some time after it began to work. */
function runAndKill(folders: object, random: () => number): Promise<{ code: number | null; version: string }> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(
      process.execPath,
      ['--import', new URL(`file:${hook}`).href, child, JSON.stringify(folders)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let version = ''
    process_.stdout.setEncoding('utf8')
    process_.stdout.on('data', (text: string) => {
      if (text.includes('begin')) setTimeout(() => process_.kill('SIGKILL'), random() * 150)
      version += text.replace('begin\n', '').trim()
    })
    process_.on('error', reject)
    process_.on('close', (code) => resolve({ code, version }))
  })
}
