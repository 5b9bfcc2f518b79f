/** Runs the real command in a process of its own, and makes folders for it to work in. */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
const bin = join(root, 'index-build/bin.js')

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  stdin?: Uint8Array
}

/** Starts `termlens …args` in `cwd`. Nothing of npm's own variables reaches it, and stdin is open until something is written. */
export function start(args: string[], { cwd = root, env = {} }: Omit<RunOptions, 'stdin'> = {}) {
  const { INIT_CWD: _, CI: __, TERMLENS_ASSETS: ___, ...inherited } = process.env
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...inherited, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
  return { child, finished }
}

/** Runs `termlens …args` to its end. */
export function termlens(args: string[], { stdin, ...options }: RunOptions = {}): Promise<Finished> {
  const { child, finished } = start(args, options)
  child.stdin.end(stdin)
  return finished
}

/** The JSON objects of an output that has one a line, and nothing else. */
export const lines = <T = Record<string, unknown>>(stdout: string): T[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T)

const picturesDir = join(root, 'test/fixtures/images')

/** The bytes of a picture of test/fixtures/images. */
export const picture = (name: string): Promise<Buffer> => readFile(join(picturesDir, name))

/** Writes `files` below `folder`: text, bytes, or the name of a fixture as `{ picture }`. */
export async function fill(
  folder: string,
  files: Record<string, string | Uint8Array | { picture: string }>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    const isPicture = typeof content === 'object' && 'picture' in content
    await writeFile(path, isPicture ? await picture(content.picture) : content)
  }
}

/** A new folder; whoever made it takes it away. */
export async function newFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'termlens cli ü '))
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) }
}

/** A new folder that is taken away with the test. */
export async function testFolder(): Promise<string> {
  const { folder, remove } = await newFolder()
  onTestFinished(remove)
  return folder
}

/** The first `count` terms of a bank, with its headers. */
function firstTerms(text: string, count: number): string {
  let left = count
  return text
    .split('\n')
    .filter((line) => line.startsWith('#') || (line !== '' && left-- > 0))
    .join('\n')
}

/** A copy of assets/ with two banks of a few terms and four calibration pictures, and no index yet. */
export async function tinyAssets(folder: string): Promise<string> {
  const [from, to] = [join(root, 'assets'), join(folder, 'assets')]
  for (const part of ['models', 'tokenizer']) await cp(join(from, part), join(to, part), { recursive: true })
  for (const bank of ['medium', 'movement']) {
    const text = await readFile(join(from, 'banks', `${bank}.txt`), 'utf8')
    await fill(to, { [`banks/${bank}.txt`]: firstTerms(text, 12) })
  }
  const list = (await readFile(join(from, 'calibration/calibration.jsonl'), 'utf8')).split('\n').slice(0, 4)
  await fill(to, { 'calibration/calibration.jsonl': `${list.join('\n')}\n` })
  for (const line of list) {
    const name = `calibration/${(JSON.parse(line) as { id: string }).id}.webp`
    await cp(join(from, name), join(to, name))
  }
  return to
}
