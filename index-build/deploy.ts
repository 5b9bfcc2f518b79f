/** `npm run deploy`: builds the index, verifies it and hands the rest to `wrangler deploy`. Stops at the first that fails. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { note } from './console.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const given = process.argv.slice(2)
const environment = given.includes('--env') ? [] : ['--env', '']

const steps = [
  ['the build of the index', path('./bin.js'), 'build'],
  ['the verification of the index', path('./bin.js'), 'verify'],
  ['wrangler deploy', path('../node_modules/wrangler/bin/wrangler.js'), 'deploy', ...environment, ...given],
] as const

for (const [name, ...command] of steps) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: path('..'),
    stdio: 'inherit',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
  if (status !== 0) {
    note(`Nothing was deployed: ${name} failed.`)
    process.exit(status ?? 1)
  }
}
