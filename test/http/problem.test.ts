/** Every failure that HTTP can give comes as RFC 9457 problem details with its own code, and tells nothing of the inside. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { loadEngine } from '../../src/engine.ts'
import { type ErrorCode, errorTable, TermlensError } from '../../src/errors.ts'
import { problem } from '../../src/http/schemas.ts'
import { decode } from '../../src/image/index.ts'
import { createQueue } from '../../src/vision.ts'
import { png } from '../workerd/hostile.ts'
import { createService, digest, embedding, formOf, type ServiceOptions } from './service.ts'

/** Codes of routes that are not there yet. */
const LATER: ErrorCode[] = [
  'url_forbidden',
  'url_failed',
  'caption_unavailable',
  'unauthorized',
  'forbidden',
  'rate_limited',
]
/** Codes that only the command line gives. */
const COMMAND_LINE: ErrorCode[] = ['bank_invalid', 'text_unknown', 'input_not_found', 'setup_missing']

const assets = new URL('../../assets/', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('index/manifest.json', assets), 'utf8'))
const spec = JSON.parse(await readFile(new URL(`models/${manifest.model.name}/model.json`, assets), 'utf8'))

/** An engine whose assets answer what `files` says, and otherwise a few bytes. */
const loading = (files: Record<string, unknown>): ServiceOptions => ({
  engine: () =>
    loadEngine(async (path) => {
      if (!(path in files)) return new Response(new Uint8Array(8))
      return files[path] === null ? new Response(null, { status: 404 }) : new Response(JSON.stringify(files[path]))
    }),
})

const withCodecs: ServiceOptions = {
  see: async (image) => {
    await decode(image, 224)
    throw new Error('not reached')
  },
}
const embed = (image: BodyInit) => (service: ReturnType<typeof createService>) => service.post('/v1/embed', image)
const banks = (service: ReturnType<typeof createService>) => service.app.request('/v1/banks')
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

const full: ServiceOptions = {
  see: async () => {
    const queue = createQueue(0)
    await queue()
    await queue()
    throw new Error('not reached')
  },
}

type Case = [
  code: ErrorCode,
  what: string,
  service: ServiceOptions,
  ask: (s: ReturnType<typeof createService>) => Response | Promise<Response>,
]

const cases: Case[] = [
  ['image_missing', 'an empty body', {}, embed('')],
  ['image_missing', 'JSON without an image', {}, ({ json }) => json('/v1/analyze', {})],
  ['image_too_large', 'more than 20 MB', {}, embed(new Uint8Array(21_000_000))],
  ['image_too_many_pixels', 'a PNG of 30,000 × 30,000', withCodecs, embed(png(30_000, 30_000, new Uint8Array(9)))],
  ['image_unsupported', 'a text', withCodecs, embed('hello, world')],
  ['image_heic', 'a HEIC', withCodecs, embed(ascii('\0\0\0\x18ftypheic\0\0\0\0mif1heic'))],
  ['image_corrupt', 'a PNG without its data', withCodecs, embed(png(50, 50, new Uint8Array(9)))],
  ['option_invalid', 'a number out of range', {}, ({ post }) => post('/v1/analyze', formOf({ top_k: '0' }))],
  ['mode_unknown', 'a mode that is none', {}, ({ post }) => post('/v1/interrogate', formOf({ mode: 'slow' }))],
  ['bank_unknown', 'a bank that is none', {}, ({ post }) => post('/v1/analyze', formOf({ banks: 'nonsense' }))],
  ['model_mismatch', 'another model', {}, ({ json }) => json('/v1/analyze', { embedding, model: 'cd'.repeat(32) })],
  ['embedding_invalid', 'a short embedding', {}, ({ json }) => json('/v1/analyze', { embedding: [1], model: digest })],
  ['not_found', 'a route that is none', {}, ({ app }) => app.request('/v1/nothing')],
  ['not_found', 'a page that is none', {}, ({ app }) => app.request('/nothing')],
  ['method_not_allowed', 'GET where POST is meant', {}, ({ app }) => app.request('/v1/embed')],
  ['method_not_allowed', 'POST where GET is meant', {}, ({ post }) => post('/healthz', '')],
  [
    'method_not_allowed',
    'POST to the page',
    { site: async () => new Response(null, { status: 405 }) },
    ({ post }) => post('/', ''),
  ],
  ['overloaded', 'a full queue', full, embed('x')],
  [
    'model_load_failed',
    'a model that is not there',
    loading({ 'index/manifest.json': manifest, [`models/${spec.name}/model.json`]: null }),
    banks,
  ],
  [
    'model_load_failed',
    'a model that cannot be read',
    { see: async () => Promise.reject(new TermlensError('model_load_failed', 'No.')) },
    embed('x'),
  ],
  ['index_invalid', 'no index', loading({ 'index/manifest.json': null }), banks],
  ['index_invalid', 'a manifest that is none', loading({ 'index/manifest.json': [] }), banks],
  [
    'index_version',
    'an index of another version',
    loading({ 'index/manifest.json': { ...manifest, version: 999 } }),
    banks,
  ],
  [
    'index_model_mismatch',
    'an index of another model',
    loading({
      'index/manifest.json': manifest,
      [`models/${spec.name}/model.json`]: { ...spec, digest: 'ef'.repeat(32) },
    }),
    banks,
  ],
  [
    'internal',
    'a bug',
    { see: async () => Promise.reject(new Error('secret of /home/me/termlens/src/x.ts')) },
    embed('x'),
  ],
]

describe('every failure is a problem', () => {
  test.each(cases)('%s: %s', async (code, _, options, ask) => {
    const [status] = errorTable[code]
    const service = createService(options)
    const response = await ask(service)
    const body = (await response.json()) as Record<string, string>
    expect(body).toMatchObject({ code, status, type: `/docs#${code}` })
    expect(problem.strict().safeParse(body).error).toBeUndefined()
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('X-Request-Id')).toBe(body.request_id)
    expect(body.hint!.length).toBeGreaterThan(0)
    expect(response.headers.has('Retry-After')).toBe(status === 503 || status === 429)
    expect(response.headers.has('Allow')).toBe(status === 405)
    expect(`${body.title} ${body.detail} ${body.hint}`).not.toMatch(
      /\bat .*:\d+|undefined|\[object|secret|node_modules|\/home\/|file:|\.ts\b/,
    )
    expect(service.logged).toEqual([expect.objectContaining({ code, status, request_id: body.request_id })])
  })

  test('and every code of src/errors.ts is among them', () => {
    const covered = new Set<string>([...cases.map(([code]) => code), ...LATER, ...COMMAND_LINE])
    expect(Object.keys(errorTable).filter((code) => !covered.has(code))).toEqual([])
    expect(cases.filter(([code]) => [...LATER, ...COMMAND_LINE].includes(code))).toEqual([])
  })
})

describe('logs', () => {
  test('hold neither image nor option nor query, and the stack of a bug', async () => {
    const { post, logged } = createService({ see: async () => Promise.reject(new Error('the inside')) })
    await post('/v1/interrogate?caption=private', formOf({ include: 'also private' }, ascii('PRIVATE BYTES')))
    expect(logged).toHaveLength(1)
    const line = JSON.stringify(logged[0])
    expect(line).not.toMatch(/private|holiday/i)
    expect(logged[0]).toMatchObject({
      level: 'error',
      path: '/v1/interrogate',
      error: expect.stringContaining('the inside'),
    })
  })

  test('say nothing of what went well', async () => {
    const { post, logged } = createService()
    expect((await post('/v1/interrogate', formOf({}))).status).toBe(200)
    expect(logged).toEqual([])
  })
})
