/** `npm start`: the Worker in workerd on this machine, with no account and no network. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { note } from './console.ts'

const HOST = '127.0.0.1'
const port = Number(process.env.PORT || 8787)
const wrangler = fileURLToPath(new URL('../node_modules/wrangler/bin/wrangler.js', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

/** Whether something listens on the port already: wrangler would say so only after its start. */
async function portIsFree(): Promise<boolean> {
  const probe = createServer()
  try {
    probe.listen(port, HOST)
    await once(probe, 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}

async function announce(): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://${HOST}:${port}/healthz`).catch(() => undefined)
    if (answer?.ok) return note(`Termlens is ready: http://localhost:${port}  (Ctrl-C stops it)`)
    if (answer) return note(`The Worker is up, but not well: ${await answer.text()}\nRun: npm run termlens -- doctor`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

if (!Number.isInteger(port) || port < 1 || port > 65535) {
  note(`PORT is ${process.env.PORT}, which is no port.`)
  process.exit(2)
}
if (!(await portIsFree())) {
  note(`Port ${port} is taken. Set another with the variable PORT.`)
  process.exit(1)
}

const child = spawn(
  process.execPath,
  [
    wrangler,
    'dev',
    '--ip',
    HOST,
    '--port',
    String(port),
    '--log-level',
    'warn',
    '--show-interactive-dev-session=false',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
  },
)
let stopping = false
/** wrangler takes its workerd with it on these signals, and on no other. */
function stop(signal: 'SIGINT' | 'SIGTERM'): void {
  stopping = true
  child.kill(signal)
}
process.on('SIGINT', () => stop('SIGINT'))
process.on('SIGTERM', () => stop('SIGTERM'))
process.on('SIGHUP', () => stop('SIGTERM'))
process.on('exit', () => child.kill('SIGTERM'))
// npm that is ended ends the shell that it ran this in, which passes nothing on.
const parent = process.ppid
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => process.ppid !== parent && !stopping && stop('SIGTERM'), 500).unref()
}
child.on('exit', (code) => process.exit(stopping ? 0 : (code ?? 1)))
await announce()
