/** Captions, answers and tags over HTTP: by endpoints where they answer, without them where that is possible. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { configure } from '../../src/caption/index.ts'
import {
  askAnswer,
  captionAnswer,
  healthAnswer,
  interrogateAnswer,
  problem,
  tagsAnswer,
} from '../../src/http/schemas.ts'
import type { Engine } from '../../src/interrogator.ts'
import type { ModelSpec, Ranked, Ranker } from '../../src/types.ts'
import { createVision } from '../../src/vision.ts'
import { cog } from '../caption/adapters/servers/cog.ts'
import { type Loopback, listen, send } from '../caption/adapters/servers/loopback.ts'
import { events, openaiStreamed } from '../caption/adapters/servers/openai.ts'
import { a1111 } from '../caption/adapters/servers/sdapi.ts'
import { answers, captions, picture, SECRET, type Subject } from '../caption/adapters/servers/subject.ts'
import { createService, digest, embedding, formOf } from './service.ts'

const servers: Loopback[] = []
afterEach(async () => {
  for (const server of servers) expect(await server.idle(), 'every connection is closed').toBe(true)
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(subject: Subject, own: object = {}) {
  const server = await listen(subject.handle)
  servers.push(server)
  return { server, entry: { timeout_ms: 5000, ...subject.settings(server.url), ...own } }
}

const down = { protocol: 'ollama', name: 'laptop', url: 'http://127.0.0.1:2', model: 'llava' }
const vector = Float32Array.from(embedding)

/** A service whose pictures all look the same, with these endpoints. */
function serviceOf(entries: unknown[] | string, parts: Partial<Engine> = {}) {
  const setting = typeof entries === 'string' ? entries : JSON.stringify(entries)
  return createService({
    see: async (_, __, ___, show) => {
      show?.(picture)
      return vector
    },
    parts: {
      ...configure(setting, { secret: (name) => (name === 'GPU_KEY' ? SECRET : undefined) }),
      look: async () => picture,
      ...parts,
    },
  })
}

const image = Uint8Array.of(1)
const bodyOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) })

async function expectUnavailable(response: Response, detail: RegExp, hint = /./) {
  const body = problem.strict().parse(await response.json())
  expect(body).toMatchObject({ status: 502, code: 'caption_unavailable', detail: expect.stringMatching(detail) })
  expect(body.hint).toMatch(hint)
}

describe('interrogate', () => {
  test('takes the caption of the endpoint, and names it', async () => {
    const { entry } = await start(cog, { name: 'blip' })
    const { post } = serviceOf([entry])
    const body = interrogateAnswer
      .strict()
      .parse(await (await post('/v1/interrogate', formOf({ mode: 'caption' }))).json())
    expect(body).toMatchObject({ prompt: captions[0], caption: { text: captions[0], source: 'blip' }, warnings: [] })
  })

  test('without an endpoint retrieves one, and has nothing to warn of', async () => {
    const body = await bodyOf(await serviceOf([]).post('/v1/interrogate?mode=caption', image))
    expect(body).toMatchObject({ caption: { source: 'retrieval' }, warnings: [] })
  })

  test.each([
    ['an endpoint that is away', [down], /^No endpoint answered\. laptop: refused/],
    ['settings with a mistake', '[{', /^TERMLENS_CAPTIONERS is not JSON/],
  ])('with %s retrieves one, with a warning that says why', async (_, entries, message) => {
    const body = await bodyOf(await serviceOf(entries).post('/v1/interrogate?mode=caption', image))
    expect(body).toMatchObject({ status: 200, caption: { source: 'retrieval' } })
    expect(body).toMatchObject({
      warnings: [{ code: 'caption_unavailable', message: expect.stringMatching(message) }],
    })
  })

  test.each([
    ['an endpoint that is away', [down], /laptop: refused/],
    ['settings with a mistake', '[{', /not JSON/],
    ['no endpoint', [], /No endpoint that can describe pictures is configured/],
  ])('with %s and require_caption is an error', async (_, entries, detail) => {
    await expectUnavailable(await serviceOf(entries).post('/v1/interrogate?require_caption=true', image), detail)
  })

  test('require_caption is content with a caption of the caller, and not with an embedding', async () => {
    const { json, post } = serviceOf([])
    expect((await post('/v1/interrogate?require_caption=1&caption=a%20dog', image)).status).toBe(200)
    await expectUnavailable(
      await json('/v1/interrogate', { embedding, model: digest, require_caption: true }),
      /no_image/,
    )
  })

  test('a caption of the caller asks no endpoint', async () => {
    const { server, entry } = await start(cog)
    const body = await bodyOf(await serviceOf([entry]).post('/v1/interrogate?caption=a%20dog', image))
    expect(body).toMatchObject({ caption: { text: 'a dog', source: 'option' } })
    expect(server.requests).toEqual([])
  })

  test('asks before the picture is encoded, and waits for both', async () => {
    const { server, entry } = await start({
      ...cog,
      handle: () => ({ body: { status: 'succeeded', output: 'a cat' } }),
    })
    const { chain } = configure(JSON.stringify([entry]), { secret: () => SECRET })
    const asked = server.asked()
    const spec = { image: { size: 224, resize: 'shortest', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] } }
    const see = createVision(spec as unknown as ModelSpec, async () => ({
      async encode() {
        await asked
        return [vector]
      },
    }))
    const { post } = createService({ see, parts: { chain } })
    const photo = readFileSync(new URL('../fixtures/images/baseline-420.jpg', import.meta.url))
    const body = await bodyOf(await post('/v1/interrogate', new Uint8Array(photo)))
    expect(body).toMatchObject({ status: 200, caption: { text: 'a cat', source: 'cog' } })
    const sent = (JSON.parse(server.requests[0]!.body.toString()) as { input: { image: string } }).input.image
    expect(sent).toMatch(/^data:image\/png;base64,iVBORw0KGgo/)
  })

  test('who leaves ends the request to the endpoint, and is no failure', async () => {
    const { server, entry } = await start(cog)
    server.fault = () => true
    const { app, logged } = serviceOf([entry])
    const gone = new AbortController()
    const answer = app.request('/v1/interrogate', { method: 'POST', body: image, signal: gone.signal })
    await server.asked()
    gone.abort()
    expect((await answer).status).toBe(499)
    expect(logged).toEqual([])
  })

  test('a picture that cannot be encoded ends the request to the endpoint', async () => {
    const { server, entry } = await start(cog)
    server.fault = () => true
    const { chain } = configure(JSON.stringify([entry]), { secret: () => SECRET })
    const { post } = createService({
      see: async (_, __, ___, show) => {
        show!(picture)
        await server.asked()
        throw new Error('the encoder broke')
      },
      parts: { chain },
    })
    expect((await post('/v1/interrogate', image)).status).toBe(500)
  })
})

describe('caption', () => {
  test('answers all candidates and the best', async () => {
    const { entry } = await start(openaiStreamed, { name: 'vllm' })
    const response = await serviceOf([down, entry]).post('/v1/caption?n=3&style=short', image)
    const body = captionAnswer.strict().parse(await response.json())
    expect(body.caption).toEqual({ text: captions[0], source: 'vllm' })
    expect(body.candidates).toEqual(captions.map((text) => ({ text, similarity: null })))
    expect(body.warnings).toEqual([
      { code: 'endpoint_failed', message: 'laptop: refused (no connection could be made). vllm answered.' },
    ])
  })

  test('ranks them where something can', async () => {
    const { entry } = await start(openaiStreamed)
    const rankCaptions = async (_: Float32Array, texts: string[]) =>
      texts.map((text, at) => ({ text, similarity: at / 10 })).reverse()
    const body = await bodyOf(await serviceOf([entry], { rankCaptions }).post('/v1/caption?n=3', image))
    expect(body).toMatchObject({
      caption: { text: captions[2] },
      candidates: [{ text: captions[2], similarity: 0.2 }, { text: captions[1] }, { text: captions[0] }],
    })
  })

  test.each([
    ['prompt=Name%20the%20color.&max_length=7', 'Name the color.', 7],
    ['style=detailed', /in detail/, 320],
    ['style=detailed&max_length=50', /in detail/, 50],
  ])('%s is what the endpoint is told', async (query, prompt, max_length) => {
    const { server, entry } = await start(openaiStreamed)
    expect((await serviceOf([entry]).post(`/v1/caption?${query}`, image)).status).toBe(200)
    expect(server.understood).toMatchObject({ max_length })
    expect(server.understood.prompt).toMatch(prompt)
  })

  test.each([
    ['prompt=a&style=short', 'prompt'],
    ['n=9', 'n'],
    ['style=long', 'style'],
    ['stream=true&n=2', 'stream'],
  ])('%s is refused, and names the option', async (query, option) => {
    const body = await bodyOf(await serviceOf([down]).post(`/v1/caption?${query}`, image))
    expect(body).toMatchObject({ status: 422, code: 'option_invalid' })
    expect((body as unknown as { detail: string }).detail).toMatch(new RegExp(`^${option}: `))
  })

  test('without an endpoint is an error that says how to set one up', async () => {
    await expectUnavailable(await serviceOf([]).post('/v1/caption', image), /is configured/, /captioning\.md/)
    await expectUnavailable(await serviceOf('[{').post('/v1/caption', image), /not JSON/, /captioning\.md/)
  })

  test('an embedding is no picture', async () => {
    const body = await bodyOf(await serviceOf([down]).json('/v1/caption', { embedding, model: digest }))
    expect(body).toMatchObject({ status: 400, code: 'image_missing' })
  })
})

describe('caption as a stream', () => {
  const read = async (response: Response) =>
    (await response.text())
      .split('\n\n')
      .filter(Boolean)
      .map((event) => {
        const [name, data] = event.split('\n').map((line) => line.slice(line.indexOf(': ') + 2))
        return [name, JSON.parse(data!)]
      })

  test('gives pieces, then the whole answer', async () => {
    const { entry } = await start(openaiStreamed, { name: 'vllm' })
    const response = await serviceOf([entry]).post('/v1/caption?stream=true', image)
    expect(response.headers.get('Content-Type')).toBe('text/event-stream')
    const all = await read(response)
    const tokens = all.filter(([name]) => name === 'token').map(([, { text }]) => text)
    expect(tokens.length).toBeGreaterThan(2)
    expect(tokens.join('').trim()).toBe(captions[0])
    expect(all.at(-1)![0]).toBe('done')
    expect(captionAnswer.strict().parse(all.at(-1)![1]).caption).toEqual({ text: captions[0], source: 'vllm' })
  })

  test('from an endpoint that does not stream is the whole answer alone', async () => {
    const { entry } = await start(cog)
    const all = await read(await serviceOf([entry]).post('/v1/caption?stream=true', image))
    expect(all.map(([name]) => name)).toEqual(['done'])
  })

  test('that fails before the first piece is an ordinary error', async () => {
    await expectUnavailable(await serviceOf([down]).post('/v1/caption?stream=true', image), /laptop: refused/)
  })

  test('that breaks ends with the error', async () => {
    const { server, entry } = await start(openaiStreamed)
    server.fault = (response) => {
      send(response, { headers: { 'content-type': 'text/event-stream' }, pieces: events('a red', []) })
      return true
    }
    const { post, logged } = serviceOf([entry])
    const all = await read(await post('/v1/caption?stream=true', image))
    expect(all.map(([name]) => name)).toEqual(['token', 'token', 'error'])
    expect(problem.strict().parse(all.at(-1)![1])).toMatchObject({ code: 'caption_unavailable' })
    expect(logged).toMatchObject([{ level: 'error', code: 'caption_unavailable', path: '/v1/caption' }])
  })

  test('who leaves in the middle ends the request to the endpoint', async () => {
    const { server, entry } = await start(openaiStreamed)
    server.fault = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(events('a red', []).join(''))
      return true
    }
    const { post, logged } = serviceOf([entry])
    const response = await post('/v1/caption?stream=true', image)
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    expect(await server.idle()).toBe(true)
    expect(logged).toEqual([])
  })
})

describe('ask', () => {
  test('answers, each with its confidence where there is one', async () => {
    const { server, entry } = await start(openaiStreamed, { name: 'vllm' })
    const response = await serviceOf([entry]).post('/v1/ask', formOf({ question: 'How many?', n: '2' }))
    const body = askAnswer.strict().parse(await response.json())
    expect(body.answers).toEqual(answers.slice(0, 2).map((text) => ({ text, confidence: null })))
    expect(body.source).toBe('vllm')
    expect(server.understood.question).toBe('How many?')
  })

  test('needs a question, and an endpoint', async () => {
    const { post } = serviceOf([])
    expect(await bodyOf(await post('/v1/ask', image))).toMatchObject({
      code: 'option_invalid',
      detail: expect.stringMatching(/^question: /),
    })
    await expectUnavailable(
      await post('/v1/ask?question=Why', image),
      /answer questions is configured/,
      /captioning\.md/,
    )
  })
})

describe('tags', () => {
  const banks = { long_hair: 3, hair: 2.6, '1girl': 2.4, hat: 0 }
  const rows = Object.entries(banks).map(([term, score], row): Ranked => {
    const name = term === 'hat' ? {} : { name: `[${term}]` }
    return { bank: 'tag', row, term: term.replace('_', ' '), text: term, flags: [], similarity: 0.1, score, ...name }
  })
  const ranker: Ranker = {
    banks: () => [{ name: 'tag', terms: rows.length, rows: rows.length }],
    rank: async () => [...rows].sort((a, b) => b.score - a.score),
    candidates: async () => [],
  }
  const tagged = { ranker: Object.assign(ranker, { version: '0123456789abcdef', terms: 4 }) }

  test('of the embedded model: by the usual thresholds, without ratings, with a warning', async () => {
    const response = await serviceOf([], tagged).post('/v1/tags?lang=zh-CN', image)
    const body = tagsAnswer.strict().parse(await response.json())
    expect(body).toMatchObject({
      string: 'long hair, hair, 1girl',
      rating: null,
      characters: null,
      tagger: { name: 'small', kind: 'embedded' },
      warnings: [{ code: 'tagger_embedded' }],
    })
    expect(body.tags[0]).toEqual({ tag: 'long hair', name: '[long_hair]', confidence: expect.closeTo(0.651, 3) })
  })

  test('of an endpoint: with its ratings', async () => {
    const { entry } = await start(a1111, { name: 'wd14' })
    const response = await serviceOf([entry], tagged).post('/v1/tags', formOf({ exclude: ['brick wall'] }))
    expect(tagsAnswer.strict().parse(await response.json())).toMatchObject({
      string: 'bicycle',
      tags: [{ tag: 'bicycle', confidence: 0.93 }],
      rating: { general: 0.98 },
      tagger: { name: 'wd14', kind: 'remote' },
      warnings: [],
    })
  })

  const away = { protocol: 'sdapi', name: 'wd14', url: 'http://127.0.0.1:2', tag: { route: 'sdnext', model: 'wd' } }

  test('of an endpoint that is away: the embedded ones, and why', async () => {
    const { post } = serviceOf([away], tagged)
    expect(await bodyOf(await post('/v1/tags', image))).toMatchObject({
      tagger: { kind: 'embedded' },
      warnings: [{ code: 'tagger_embedded', message: expect.stringMatching(/wd14: refused/) }],
    })
    await expectUnavailable(await post('/v1/tags?tagger=remote', image), /wd14: refused/)
  })

  test('of an embedding, and of the embedded model where it is asked for', async () => {
    const { server, entry } = await start(a1111)
    const { json, post } = serviceOf([entry], tagged)
    expect(await bodyOf(await json('/v1/tags', { embedding, model: digest }))).toMatchObject({
      string: 'long hair, hair, 1girl',
    })
    expect(await bodyOf(await post('/v1/tags?tagger=embedded&underscores=1', image))).toMatchObject({
      string: 'long_hair, hair, 1girl',
    })
    expect(server.requests).toEqual([])
  })

  test('options come as text and as JSON', async () => {
    const { json, post } = serviceOf([], tagged)
    const asked = { image: 'AQ==', general_threshold: 0.6, additional_tags: ['my style'], drop_overlap: true }
    expect(await bodyOf(await json('/v1/tags', asked))).toMatchObject({ string: 'my style, long hair' })
    expect(await bodyOf(await post('/v1/tags?general_threshold=.6&additional_tags=my%20style', image))).toMatchObject({
      string: 'my style, long hair',
    })
    expect(await bodyOf(await post('/v1/tags?general_threshold=1.1', image))).toMatchObject({ code: 'option_invalid' })
  })
})

describe('health', () => {
  const health = async (entries: unknown[] | string) =>
    healthAnswer.strict().parse(await (await serviceOf(entries).app.request('/healthz')).json())

  test('names the endpoints, what they can do and how they are', async () => {
    expect(await health([down])).toMatchObject({
      status: 'ok',
      captioners: [{ name: 'laptop', protocol: 'ollama', tasks: ['describe', 'answer'], breaker: 'closed' }],
      mistakes: [],
    })
  })

  test('says what is wrong with the settings', async () => {
    expect(await health('[{"protocol": "cog"}]')).toMatchObject({
      status: 'degraded',
      captioners: [],
      mistakes: [{ code: 'setup_missing', message: expect.stringMatching(/at \[0\]\.url/) }],
    })
  })
})
