/**
 * `node index-build/run.js NAME …` runs a program of this folder. Plain JavaScript with nothing to install, so that it can say what is
 * missing where they could not.
 */
const OLDEST = [22, 18] // the first Node that reads TypeScript as it is
const PROGRAMS = {
  termlens: ['./cli.ts', 'npm run termlens --'],
  start: ['./start.ts', 'npm start'],
  deploy: ['./deploy.ts', 'npm run deploy --'],
  bench: ['./bench/main.ts', 'npm run bench --'],
}

const [name] = process.argv.splice(2, 1)
const [program, script] = PROGRAMS[name] ?? []
const [major, minor] = process.versions.node.split('.').map(Number)

function leave(code, message) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

function isInstalled() {
  try {
    return Boolean(import.meta.resolve('commander'))
  } catch {
    return false
  }
}

if (!program) leave(2, `There is no program "${name}". There are ${Object.keys(PROGRAMS).join(', ')}.`)
const again = [script, ...process.argv.slice(2)].join(' ').replace(/ --$/, '')
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  leave(
    3,
    `Node ${process.versions.node} is older than ${OLDEST.join('.')}.\nRun "npm install", which brings a Node of its own, then: ${again}`,
  )
}
if (!isInstalled()) leave(3, `The packages are not installed.\nRun "npm install", then: ${again}`)
await import('./wasm-hook.ts')
await import(program)
