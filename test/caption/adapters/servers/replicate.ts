/** Replicate's predictions, as its HTTP API reference has them: finished at once, or `starting` and then polled. */
import { z } from 'zod'
import { expectEqual, type Handler, type Loopback, readBody, type Seen } from './loopback.ts'
import { blip, blipInput, llava, llavaInput, llavaTemplates } from './prediction.ts'
import { SECRET, type Subject } from './subject.ts'

/** The addresses in `urls` lead elsewhere: nobody may go there with the token. */
const body = (id: string, status: string, output: unknown) => ({
  id,
  version: '5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa',
  model: 'salesforce/blip',
  source: 'api',
  status,
  input: {},
  output,
  error: null,
  logs: '',
  data_removed: false,
  metrics: status === 'succeeded' ? { predict_time: 0.4, total_time: 1.2 } : {},
  created_at: '2026-05-01T12:00:00.000Z',
  urls: { get: 'http://192.0.2.1/predictions/x', cancel: 'http://192.0.2.1/predictions/x/cancel' },
})

function checkCreate({ headers }: Seen): void {
  if (!/^wait=([1-9]|[1-5]\d|60)$/.test(headers.prefer ?? '')) throw new Error(`prefer ${headers.prefer}`)
  if (!/^\d+s$/.test(headers['cancel-after'] ?? '')) throw new Error(`cancel-after ${headers['cancel-after']}`)
}

const VERSION = '2e1dddc8621f72155f24cf2e0adbde548458d3cab9f00c0139eea840d0ac4746'

const atOnce: Handler = (seen, server) => {
  expectEqual('route', `${seen.method} ${seen.path}`, 'POST /v1/predictions')
  checkCreate(seen)
  const { input } = readBody(seen, z.strictObject({ version: z.literal(VERSION), input: blipInput }))
  return {
    status: 201,
    body: body('rrr4z55ocneqzikepnug6xezpe', 'succeeded', blip(input, server, server.answered)),
  }
}

/** Unfinished at first, finished when polled. */
const polled: Handler = (seen, server) => {
  if (seen.method === 'POST' && seen.path === '/v1/models/yorickvp/llava-13b/predictions') {
    checkCreate(seen)
    const { input } = readBody(seen, z.strictObject({ input: llavaInput }))
    const outputs = outputsOf(server)
    outputs.push(llava(input, server, outputs.length + 1))
    return { status: 201, body: body(`prediction${outputs.length - 1}`, 'starting', null) }
  }
  const id = /^\/v1\/predictions\/prediction(\d)(\/cancel)?$/.exec(seen.path)
  if (!id) throw new Error(`route ${seen.method} ${seen.path}`)
  expectEqual('method', seen.method, id[2] ? 'POST' : 'GET')
  if (id[2]) return { body: body(`prediction${id[1]}`, 'canceled', null) }
  return { body: body(`prediction${id[1]}`, 'succeeded', outputsOf(server)[Number(id[1])]) }
}

const outputs = new WeakMap<Loopback, string[][]>()
function outputsOf(server: Loopback): string[][] {
  if (!outputs.has(server)) outputs.set(server, [])
  return outputs.get(server)!
}

export const replicate: Subject = {
  label: 'replicate, waited for',
  settings: (url) => ({ protocol: 'replicate', url: `${url}/v1`, version: VERSION, key: 'GPU_KEY' }),
  handle: atOnce,
  authorization: `Bearer ${SECRET}`,
  billed: true,
  describe: { takes: { prompt: false, max_length: false } },
  answer: {},
  wrong: [
    body('abc', 'failed', null),
    body('abc', 'canceled', null),
    body('abc', 'aborted', null),
    body('abc', 'succeeded', null),
    body('abc', 'succeeded', []),
    body('abc', 'succeeded', { text: 'a bicycle' }),
    body('abc', 'dreaming', 'a bicycle'),
    body('../../account', 'starting', null),
  ],
}

export const replicatePolled: Subject = {
  ...replicate,
  label: 'replicate, polled',
  settings: (url) => ({
    protocol: 'replicate',
    url: `${url}/v1`,
    model: 'yorickvp/llava-13b',
    key: 'GPU_KEY',
    ...llavaTemplates,
  }),
  handle: polled,
  describe: { takes: { prompt: true, max_length: true } },
}
