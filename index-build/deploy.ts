/** `npm run deploy`: builds the index, verifies it and hands the rest to `wrangler deploy`. Stops at the first that fails. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { note } from './console.ts'
import { deployOptions } from './deploy-options.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const { index, wrangler } = deployOptions(process.argv.slice(2))

const steps = [
  ['the build of the index', path('./bin.js'), 'build', ...index],
  ['the verification of the index', path('./bin.js'), 'verify', ...index],
  ['wrangler deploy', path('../node_modules/wrangler/bin/wrangler.js'), 'deploy', ...wrangler],
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
