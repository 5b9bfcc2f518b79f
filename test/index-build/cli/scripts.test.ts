/** The scripts of package.json: what they say where nothing is installed, what they hand on, and that nothing of them stays behind. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deployOptions } from '../../../index-build/deploy-options.ts'
import { root, testFolder } from './run.ts'

describe('before npm install', () => {
  test.each([
    ['start', 'npm start'],
    ['deploy', 'npm run deploy -- --env free'],
    ['bench', 'npm run bench'],
    ['termlens', 'npm run termlens -- doctor'],
  ])('%s says what to do', async (name, again) => {
    const clone = await testFolder()
    for (const file of ['package.json', 'index-build', 'src'])
      await cp(join(root, file), join(clone, file), { recursive: true })
    const { scripts } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8'))
    const command = [...scripts[name].split(' ').slice(1), ...(again.split(' -- ')[1]?.split(' ') ?? [])]
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: clone, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: `The packages are not installed.\nRun "npm install", then: ${again}\n`,
    })
  })
})

describe('deploy', () => {
  test.each([
    [[], [], ['--env', '']],
    [['--dry-run'], [], ['--env', '', '--dry-run']],
    [['--env', 'free'], [], ['--env', 'free']],
    [['--env=free'], [], ['--env=free']],
    [['-e', 'free'], [], ['-e', 'free']],
    [['--bank', 'a=a.txt', '--env=free', '--bank=b=b.txt'], ['--bank', 'a=a.txt', '--bank=b=b.txt'], ['--env=free']],
  ])('%j', (given, index, wrangler) => {
    expect(deployOptions(given)).toEqual({ index, wrangler })
  })
})

/** Signals of one process to another are not known to Windows. */
describe.skipIf(process.platform === 'win32')('npm start leaves no server behind', () => {
  const script = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    .scripts.start.split(' ')
    .slice(1)

  async function freePort(): Promise<number> {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
  const answers = (port: number) =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  async function until(wanted: boolean, port: number): Promise<void> {
    while ((await answers(port)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 200))
  }

  /** Starts `args`, and ends it by `signal` when the server answers. */
  async function startAndEnd(args: string[], signal: NodeJS.Signals): Promise<void> {
    const port = await freePort()
    const env = { ...process.env, PORT: String(port), npm_lifecycle_event: 'start' }
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['pipe', 'ignore', 'ignore'] })
    await until(true, port)
    child.kill(signal)
    await until(false, port)
  }

  test.each(['SIGTERM', 'SIGHUP'] as const)('that ends by %s', (signal) => startAndEnd(script, signal))

  test('whose parent is gone, as the shell that npm runs it in', () => {
    const waits = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(script)}); process.stdin.resume()`
    return startAndEnd(['-e', waits], 'SIGKILL')
  })
})
