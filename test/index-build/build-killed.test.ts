/** A build killed at any instant leaves the index that was there whole. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { build } from '../../index-build/build.ts'
import { openIndexFolder } from '../../index-build/index-folder.ts'
import { generator } from '../term-index/support.ts'
import { bankText, makeFolders, spec, vectorOf, writeCache } from './model-folder.ts'

const KILLS = 50
/** Processes that start while others work: most of their time is Node's own start. */
const AHEAD = 2
const child = fileURLToPath(new URL('build-child.ts', import.meta.url))
const hook = new URL(`file:${fileURLToPath(new URL('../../index-build/wasm-hook.ts', import.meta.url))}`).href

interface Waiting {
  process: ChildProcess
  ready: Promise<unknown>
}

const waiting: Waiting[] = []
afterAll(() => waiting.map(({ process }) => process.kill('SIGKILL')))

/** A process that has loaded all it needs and waits for what to build. */
async function nextChild(): Promise<ChildProcess> {
  while (waiting.length <= AHEAD) {
    const started = spawn(process.execPath, ['--import', hook, child], { stdio: ['pipe', 'pipe', 'inherit'] })
    started.stdin!.on('error', () => {})
    started.stdout!.setEncoding('utf8')
    waiting.push({ process: started, ready: once(started.stdout!, 'data') })
  }
  const next = waiting.shift()!
  await next.ready
  return next.process
}

/** Builds in a process of its own and kills it `delay` milliseconds after it began, or began to write. @returns the version it built, or null */
async function runAndKill(folders: object, from: 'start' | 'writing', delay: number): Promise<string | null> {
  const builder = await nextChild()
  let said = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const count = () => {
    timer ??= setTimeout(() => builder.kill('SIGKILL'), delay)
  }
  builder.stdout!.on('data', (text: string) => {
    said += text
    if (from === 'writing' && said.includes('writing')) count()
  })
  const closed = once(builder, 'close')
  builder.stdin!.write(JSON.stringify(folders))
  if (from === 'start') count()
  const [code] = await closed
  clearTimeout(timer)
  return code === 0 ? said.split('\n').at(-1)! : null
}

test(`killed ${KILLS} times at random`, { timeout: 240_000 }, async () => {
  const banks = Object.fromEntries(
    ['artist', 'flavor', 'medium', 'movement'].map((name) => [`${name}.txt`, bankText(name, 400)]),
  )
  const folders = await makeFolders(banks)
  const more = Array.from({ length: 10 * KILLS }, (_, i) => `another ${i}`)
  await writeCache(folders, more)
  const random = generator(11)
  const change = async () => {
    const term = `${more.pop()}\n`
    await appendFile(join(folders.banksDir, 'artist.txt'), term)
    await appendFile(join(folders.banksDir, 'movement.txt'), term)
  }

  const first = await runAndKill(folders, 'start', 60_000)
  expect(first).toMatch(/^[0-9a-f]{16}$/)
  // The instants are drawn from these milliseconds, half of them while files are written.
  const longest = { start: 400, writing: 40 }
  let killed = 0
  let changed = 0
  let before = first
  while (killed < KILLS) {
    await change()
    const from = killed % 2 === 0 ? 'start' : 'writing'
    const version = await runAndKill(folders, from, random() * longest[from])
    if (version === null) killed++
    // So that about a fifth of the builds come to their end, and the kills are spread over all of their work, whatever the machine does.
    longest[from] *= version === null ? 1.05 : 0.8
    const index = await openIndexFolder(folders.outDir, spec)
    for (const { name, rows } of index.banks()) {
      expect(await index.rank(name, vectorOf('anything'), rows)).toHaveLength(rows)
    }
    // What is served is one build's index, the old one or the new one, whole.
    expect(index.banks()[0]!.terms).toBe(index.banks()[3]!.terms)
    if (version !== null) expect(index.version).toBe(version)
    if (index.version !== before) changed++
    before = index.version
    expect(more.length).toBeGreaterThan(0)
  }
  const { version } = await build({ ...folders, calibration: null })
  expect((await openIndexFolder(folders.outDir, spec)).version).toBe(version)
  // Some came so early that the old index stayed.
  expect(changed).toBeLessThan(500 - more.length)
})
