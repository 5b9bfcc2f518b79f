#!/usr/bin/env node
const OLDEST = [22, 18] // the first Node that reads TypeScript as it is
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `Node ${process.versions.node} is older than ${OLDEST.join('.')}.\nCall the command through npm, whose install brings its own Node: npm run termlens -- ${process.argv.slice(2).join(' ')}\n`,
  )
  process.exit(3)
}
await import('./wasm-hook.ts')
await import('./cli.ts')
