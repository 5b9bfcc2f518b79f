/** Captions in workerd: by the binding of Workers AI and by endpoints, beside the prompt that is made here. */
import { env } from 'cloudflare:workers'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { describe, expect, test, vi } from 'vitest'
import type { AiBinding } from '../../src/caption/index.ts'
import { healthAnswer, interrogateAnswer } from '../../src/http/schemas.ts'
import { createVision, heapBytes, loadEncoder } from '../../src/vision.ts'
import { createWorker } from '../../src/worker-base.ts'
import { picture } from './pictures.ts'

const image = await picture('art-04414344e8.webp')
const WORKERS_AI = '[{"protocol": "workers-ai", "model": "@cf/llava-hf/llava-1.5-7b-hf"}]'

/** A Worker of its own with these settings. */
function workerWith(settings: { TERMLENS_CAPTIONERS?: string; AI?: AiBinding }) {
  const worker = createWorker({
    createVision: (spec, read) => createVision(spec, () => loadEncoder(read, spec, ortWasm)),
    heapBytes,
  })
  return (path: string, init?: RequestInit) =>
    worker.fetch(
      new Request(`https://termlens.test${path}`, init),
      { ASSETS: env.ASSETS, ...settings },
      {
        waitUntil: () => undefined,
      },
    )
}

const post = { method: 'POST', body: image }

describe('the binding of Workers AI', () => {
  test('gets the picture as PNG, and its words are the caption', async () => {
    const inputs: Record<string, unknown>[] = []
    const AI: AiBinding = {
      async run(_, input) {
        inputs.push(input)
        return Response.json({ description: 'a mill by a river' })
      },
    }
    const call = workerWith({ TERMLENS_CAPTIONERS: WORKERS_AI, AI })
    const body = interrogateAnswer.parse(await (await call('/v1/interrogate?mode=caption', post)).json())
    expect(body).toMatchObject({ prompt: 'a mill by a river', caption: { source: 'workers-ai' }, warnings: [] })
    expect((inputs[0]!.image as number[]).slice(0, 8)).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  })

  test('is told when the client leaves', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<AbortSignal>()
    const AI: AiBinding = {
      run(_, __, { signal }) {
        ask(signal)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    }
    const gone = new AbortController()
    const answer = workerWith({ TERMLENS_CAPTIONERS: WORKERS_AI, AI })('/v1/caption', { ...post, signal: gone.signal })
    const signal = await asked
    gone.abort()
    expect((await answer).status).toBe(499)
    expect(signal.aborted).toBe(true)
  })
})

test('a stream comes in pieces, then whole', async () => {
  const event = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
  const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(
    async () =>
      new Response(`${event('a ')}${event('mill')}data: [DONE]\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      }),
  )
  const setting = '[{"protocol": "openai", "url": "https://gpu.test/v1", "model": "m"}]'
  const text = await (await workerWith({ TERMLENS_CAPTIONERS: setting })('/v1/caption?stream=1', post)).text()
  expect(fetch).toHaveBeenCalledOnce()
  fetch.mockRestore()
  expect(text.match(/^event: .*/gm)).toEqual(['event: token', 'event: token', 'event: done'])
  expect(text).toContain('data: {"text":"a ","source":"openai"}')
  expect(text).toContain('"caption":{"text":"a mill","source":"openai"}')
})

test('a mistake in the settings is in the log and in /healthz, and prompts are made all the same', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const call = workerWith({ TERMLENS_CAPTIONERS: WORKERS_AI })
  const health = healthAnswer.strict().parse(await (await call('/healthz')).json())
  const told = log.mock.calls.flat().join()
  log.mockRestore()
  expect(health).toMatchObject({ status: 'degraded', mistakes: [{ code: 'setup_missing' }] })
  expect(told).toMatch(/"level":"error","code":"setup_missing","message":"The captioner .*needs the binding AI/)
  const body = interrogateAnswer.parse(await (await call('/v1/interrogate', post)).json())
  expect(body).toMatchObject({ caption: { source: 'retrieval' }, warnings: [{ code: 'caption_unavailable' }] })
})
