/** The free entry starts in workerd as it is configured: what a dry run does not show. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

test('wrangler dev --env free answers, and says that it takes embeddings', async () => {
  const port = await freePort()
  const wrangler = fileURLToPath(new URL('../../node_modules/wrangler/bin/wrangler.js', import.meta.url))
  const child = spawn(
    process.execPath,
    [
      wrangler,
      'dev',
      '--env',
      'free',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--show-interactive-dev-session=false',
    ],
    {
      cwd: root,
      stdio: 'ignore',
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
    },
  )
  try {
    const url = `http://127.0.0.1:${port}`
    await expect
      .poll(
        () =>
          fetch(`${url}/healthz`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 60_000 },
      )
      .toBe(200)
    const refused = await fetch(`${url}/v1/interrogate`, { method: 'POST', body: 'GIF89a' })
    expect(await refused.json()).toMatchObject({
      code: 'image_unsupported',
      hint: expect.stringContaining('embeddings only'),
    })
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}, 90_000)
