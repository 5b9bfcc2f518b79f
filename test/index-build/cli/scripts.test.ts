/** The scripts of package.json: what they say where nothing is installed, what they hand on, and that nothing of them stays behind. */
import { spawn, spawnSync } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
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

/** Killing a process by its signal is not known to Windows. */
describe.skipIf(process.platform === 'win32')('npm start', () => {
  const answers = (port: number) =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  const until = async (wanted: boolean, port: number) => {
    const end = Date.now() + 30_000
    while ((await answers(port)) !== wanted && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 200))
    return answers(port)
  }

  test.each([
    ['SIGTERM', 8931],
    ['SIGHUP', 8932],
    ['SIGKILL', 8933],
  ] as const)('that ends by %s leaves no server behind', async (signal, port) => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const args = scripts.start.split(' ').slice(1)
    // In the place of npm: a parent that only waits.
    const parent = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(args)}, { stdio: 'ignore' }); process.stdin.resume()`
    const child = spawn(process.execPath, ['-e', parent], {
      cwd: root,
      env: { ...process.env, PORT: String(port), npm_lifecycle_event: 'start' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    expect(await until(true, port)).toBe(true)
    child.kill(signal)
    expect(await until(false, port)).toBe(false)
  })
})
