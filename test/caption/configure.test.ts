/** The settings become a chain; a mistake in them is told and stops nothing else. */
import { afterEach, expect, test } from 'vitest'
import { configure, MOST_BYTES } from '../../src/caption/configure.ts'
import { cog } from './adapters/servers/cog.ts'
import { type Loopback, listen } from './adapters/servers/loopback.ts'
import { picture, SECRET } from './adapters/servers/subject.ts'

const servers: Loopback[] = []
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))))

const host = { secret: () => SECRET }

test.each([undefined, '', ' ', '[]'])('%j asks for no endpoint', (setting) => {
  const { chain, mistake } = configure(setting, host)
  expect([chain.can('describe'), chain.links(), mistake]).toEqual([false, [], undefined])
})

test.each([
  ['no JSON', '[', /not JSON/],
  ['an unknown protocol', '[{"protocol": "telepathy"}]', /at \[0\]/],
  ['a secret that is not set', '[{"protocol": "cog", "url": "http://127.0.0.1:2", "key": "NIX"}]', /NIX/],
])('%s: the mistake is told, and every task refused with it', async (_, setting, message) => {
  const { chain, mistake } = configure(setting, { secret: () => undefined })
  expect(mistake).toMatchObject({ code: 'setup_missing', message: expect.stringMatching(message) })
  expect(chain.can('describe')).toBe(true)
  await expect(chain.describe({ image: picture, n: 1 })).rejects.toMatchObject({
    code: 'caption_unavailable',
    status: 502,
    message: expect.stringMatching(message),
    hint: expect.stringContaining('captioning.md'),
  })
})

test('a slow endpoint does not fill the memory: the next picture is refused at once, and has its turn later', async () => {
  const server = await listen(cog.handle)
  servers.push(server)
  const answers: (() => void)[] = []
  server.fault = (response, reply) => {
    answers.push(() => response.end(JSON.stringify(reply().body)))
    return true
  }
  const { chain } = configure(JSON.stringify([cog.settings(server.url)]), host)
  const large = { bytes: new Uint8Array(MOST_BYTES / 2 + 1), type: 'image/png' }
  const first = chain.describe({ image: large, n: 1 }).catch(() => undefined)
  await server.asked()
  await expect(chain.describe({ image: large, n: 1 })).rejects.toMatchObject({
    code: 'caption_unavailable',
    message: expect.stringContaining('busy'),
  })
  for (const answer of answers) answer()
  await first
  server.fault = () => false
  server.problems.length = 0
  expect((await chain.describe({ image: picture, n: 1 })).source).toBe('cog')
})
