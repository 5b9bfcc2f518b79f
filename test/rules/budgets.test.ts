/** The budgets of the contract that files have: assets, both Workers entries, the install. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const MIB = 1024 * 1024

/** The files below `folder`; one that has two names counts once. */
async function sizes(folder: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const found = new Map<number, { path: string; bytes: number }>()
  for (const path of files) {
    const { ino, size } = await stat(path)
    found.set(ino, { path, bytes: size })
  }
  return [...found.values()]
}

test('every asset is at most 25 MiB', async () => {
  const large = (await sizes(join(root, 'assets'))).filter(({ bytes }) => bytes > 25 * MIB)
  expect(large).toEqual([])
})

test('the install is at most 800 MB', async () => {
  const total = (await sizes(join(root, 'node_modules'))).reduce((sum, { bytes }) => sum + bytes, 0)
  expect(total / 1e6).toBeLessThan(800)
})

/** What `wrangler deploy --dry-run` says of an entry: it bundles with no account and prints the size. */
async function dryRun(environment: string): Promise<{ gzipKiB: number; inputs: string[] }> {
  const outdir = await mkdtemp(join(tmpdir(), 'termlens-dry-run-'))
  const metafile = join(outdir, 'meta.json')
  try {
    const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [wrangler, 'deploy', '--dry-run', '--env', environment, '--outdir', outdir, '--metafile', metafile],
      { cwd: root, env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } },
    )
    const gzip = /gzip: ([\d.]+) KiB/.exec(stdout)?.[1]
    expect(gzip, stdout).toBeDefined()
    const { inputs } = JSON.parse(await readFile(metafile, 'utf8')) as { inputs: Record<string, unknown> }
    return { gzipKiB: Number(gzip), inputs: Object.keys(inputs) }
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

const SIGHT = /onnxruntime|src\/image\/|src\/vision/

test('the Worker deploys (dry run) and is at most 10 MiB gzipped', async () => {
  const { gzipKiB, inputs } = await dryRun('')
  expect(gzipKiB).toBeLessThan(10 * 1024)
  expect(inputs.some((input) => SIGHT.test(input))).toBe(true)
})

test('the free entry deploys (dry run), is at most 1 MiB gzipped and has neither encoder nor codecs', async () => {
  const { gzipKiB, inputs } = await dryRun('free')
  expect(gzipKiB).toBeLessThan(1024)
  expect(inputs.filter((input) => SIGHT.test(input))).toEqual([])
})
