import { afterEach, expect, test } from 'vitest'
import { parseCaptioners } from '../../../src/caption/adapters/settings.ts'
import { createChain, type Reason, toCaptioner } from '../../../src/caption/chain.ts'
import { TermlensError } from '../../../src/errors.ts'
import { cog } from './servers/cog.ts'
import { huggingFaceAnswer } from './servers/hugging-face.ts'
import { kserve } from './servers/kserve.ts'
import { type Loopback, listen, send } from './servers/loopback.ts'
import { events, openai } from './servers/openai.ts'
import { captions, picture, SECRET, type Subject } from './servers/subject.ts'

const servers: Loopback[] = []
afterEach(async () => {
  for (const server of servers) expect(await server.idle(), 'every connection is closed').toBe(true)
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(subject: Subject, own: Record<string, unknown> = {}) {
  const server = await listen(subject.handle)
  servers.push(server)
  return { server, entry: { timeout_ms: 10_000, ...subject.settings(server.url), ...own } }
}

const host = { secret: () => SECRET }
const chainOf = (entries: unknown[], deadline_ms = 20_000) =>
  createChain(parseCaptioners(JSON.stringify(entries)), host, { deadline_ms })
const down = (name: string) => ({ protocol: 'ollama', name, url: 'http://127.0.0.1:2', model: 'llava' })
const request = { image: picture, n: 1 }

test('the first that answers is named, with those that did not and why', async () => {
  const { entry } = await start(cog, { name: 'blip' })
  const { value, source, failures } = await chainOf([down('laptop'), entry]).describe(request)
  expect(value).toEqual([captions[0]])
  expect(source).toBe('blip')
  expect(failures).toEqual([
    { name: 'laptop', code: 'refused', message: 'no connection could be made', detail: 'ECONNREFUSED' },
  ])
})

test('a hanging endpoint leaves time for the next', async () => {
  const slow = await start(openai, { timeout_ms: 200 })
  slow.server.fault = () => true
  const { entry } = await start(cog)
  const { source, failures } = await chainOf([slow.entry, entry]).describe(request)
  expect({ source, codes: failures.map(({ code }) => code) }).toEqual({ source: 'cog', codes: ['timeout'] })
})

test('an endpoint is asked only for what it can do', async () => {
  const answering = await start(huggingFaceAnswer)
  const tagging = await start(kserve)
  const chain = chainOf([answering.entry, tagging.entry])
  expect((await chain.tag({ image: picture })).source).toBe('kserve')
  expect((await chain.describe(request)).source).toBe('kserve')
  expect((await chain.answer({ ...request, question: 'How many?' })).source).toBe('hugging-face')
  expect(answering.server.requests).toHaveLength(1)
  expect(chain.links().map(({ tasks }) => tasks)).toEqual([['answer'], ['describe', 'answer', 'tag']])
})

test('when none answers, the error names all and why', async () => {
  const broken = await start(cog)
  broken.server.fault = (response) => {
    send(response, { body: { status: 'failed', error: 'CUDA out of memory' } })
    return true
  }
  const error = await chainOf([down('laptop'), broken.entry])
    .describe(request)
    .catch((error: unknown) => error)
  expect(error).toBeInstanceOf(TermlensError)
  const { code, status, message, cause } = error as TermlensError
  expect({ code, status }).toEqual({ code: 'caption_unavailable', status: 502 })
  expect(message).toBe(
    'No endpoint answered. laptop: refused (no connection could be made); cog: bad_answer (the prediction failed).',
  )
  expect((cause as Reason[])[1]!.detail).toBe('CUDA out of memory')
})

test('without an endpoint for the task, the error says so', async () => {
  const { entry } = await start(cog)
  const chain = chainOf([entry])
  await expect(chain.tag({ image: picture })).rejects.toMatchObject({
    code: 'caption_unavailable',
    message: 'No endpoint that can tag pictures is configured.',
  })
  expect([chain.can('describe'), chain.can('tag'), chainOf([]).can('describe')]).toEqual([true, false, false])
})

test('the deadline ends the whole chain', async () => {
  const first = await start(cog)
  const second = await start(cog)
  first.server.fault = () => true
  second.server.fault = () => true
  const begin = Date.now()
  const error = await chainOf([first.entry, second.entry], 300)
    .describe(request)
    .catch((error: TermlensError) => error)
  expect(Date.now() - begin).toBeLessThan(8000)
  expect((error as TermlensError).message).toContain('cog: timeout')
  expect(second.server.connections).toBe(0)
})

test('a caller who leaves ends the whole chain', async () => {
  const first = await start(cog)
  const second = await start(cog)
  first.server.fault = () => true
  const caller = new AbortController()
  const ended = chainOf([first.entry, second.entry]).describe(request, { signal: caller.signal })
  await first.server.asked()
  caller.abort()
  await expect(ended).rejects.toThrow('cog: cancelled')
  expect(second.server.connections).toBe(0)
})

test('a stream cut in the middle is followed by the next endpoint, and tokens say whose they are', async () => {
  const first = await start(openai, { name: 'first' })
  const second = await start(openai, { name: 'second' })
  first.server.fault = (response) => {
    send(response, { headers: { 'content-type': 'text/event-stream' }, pieces: events('a red', []) })
    return true
  }
  const tokens: Record<string, string> = {}
  const onToken = (token: string, source: string) => {
    tokens[source] = (tokens[source] ?? '') + token
  }
  const { value, failures } = await chainOf([first.entry, second.entry]).describe({ ...request, onToken })
  expect(value).toEqual([captions[0]])
  expect(failures.map(({ code, message }) => [code, message])).toEqual([['bad_answer', 'the stream ended early']])
  expect(tokens).toEqual({ first: 'a red', second: captions[0] })
})

test('an endpoint that is down is not asked any more, and is back when it answers again', async () => {
  const { server, entry } = await start(cog, { name: 'gpu' })
  const chain = chainOf([entry, { ...entry, name: 'spare' }])
  server.fault = (response, _, count) => {
    if (count % 2 === 0) return false
    send(response, { status: 401, body: {} })
    return true
  }
  for (let count = 0; count < 5; count++) expect((await chain.describe(request)).source).toBe('spare')
  expect(chain.links().map(({ name, breaker }) => [name, breaker])).toEqual([
    ['gpu', 'open'],
    ['spare', 'closed'],
  ])
  server.fault = () => false
  const { failures } = await chain.describe(request)
  expect(failures[0]).toMatchObject({ name: 'gpu', code: 'breaker_open' })
  expect(server.requests).toHaveLength(11)
})

test('as a captioner it gives one caption and its source', async () => {
  const { entry } = await start(cog, { name: 'blip' })
  const captioner = toCaptioner(chainOf([entry]))
  expect(await captioner.caption(picture, { max_length: 20 })).toEqual({ text: captions[0], source: 'blip' })
})

test.each<[string, unknown, object, RegExp]>([
  [
    'a secret that is not set',
    { ...down('gpu'), key: 'GPU_KEY' },
    { secret: () => undefined },
    /"gpu" needs the secret GPU_KEY, which is not set/,
  ],
  [
    'a secret that no header can carry',
    { ...down('gpu'), key: 'GPU_KEY' },
    { secret: () => 'top\nsecret' },
    /characters in the secret GPU_KEY/,
  ],
  [
    'a binding that is not there',
    { protocol: 'workers-ai', model: '@cf/a/b' },
    { secret: () => undefined },
    /needs the binding AI/,
  ],
])('%s is said at the start', (_, entry, host, message) => {
  const create = () => createChain(parseCaptioners(JSON.stringify([entry])), host as Parameters<typeof createChain>[1])
  expect(create).toThrow(message)
  expect(create).not.toThrow(/top/)
})
