/** Ollama's native chat, as its API document has it: images without data URL, lines of JSON when streaming. */
import { z } from 'zod'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { answers, captions, inTurn, pictureBase64, SECRET, type Subject } from './subject.ts'

const request = z.strictObject({
  model: z.literal('llava'),
  messages: z.tuple([
    z.strictObject({
      role: z.literal('user'),
      content: z.string().min(1),
      images: z.tuple([z.literal(pictureBase64)]),
    }),
  ]),
  options: z.strictObject({ num_predict: z.int().min(1), temperature: z.literal(0.2) }),
  stream: z.boolean(),
})

const head = { model: 'llava', created_at: '2026-05-01T12:00:00.000000Z' }
const tail = {
  done_reason: 'stop',
  done: true,
  total_duration: 5_191_566_416,
  load_duration: 2_154_458,
  prompt_eval_count: 26,
  prompt_eval_duration: 383_809_000,
  eval_count: 9,
  eval_duration: 4_799_921_000,
}

const handle: Handler = (seen, server) => {
  expectEqual('route', `${seen.method} ${seen.path}`, 'POST /api/chat')
  const { messages, options, stream } = readBody(seen, request)
  const text = messages[0].content
  server.understood = { prompt: text, max_length: options.num_predict, question: text }
  const texts = text.endsWith('?') ? answers : captions
  if (stream) return { headers: { 'content-type': 'application/x-ndjson' }, pieces: lines(texts[0]!) }
  const content = ` ${inTurn(texts, server.answered)}`
  return { body: { ...head, message: { role: 'assistant', content, images: null }, ...tail } }
}

export function lines(text: string, end = true): string[] {
  const words = text
    .split(/(?<= )/)
    .map((content) => ({ ...head, message: { role: 'assistant', content }, done: false }))
  const rows = [...words, ...(end ? [{ ...head, message: { role: 'assistant', content: '' }, ...tail }] : [])]
  return rows
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
    .match(/[\s\S]{1,50}/g)!
}

const common = {
  settings: (url: string) => ({ protocol: 'ollama', url, model: 'llava', temperature: 0.2, key: 'GPU_KEY' }),
  handle,
  authorization: `Bearer ${SECRET}`,
  describe: { takes: { prompt: true, max_length: true } },
  answer: {},
  wrong: [
    { ...head, message: { role: 'assistant', content: '' }, ...tail },
    { ...head, message: { role: 'assistant' }, ...tail },
    { ...head, message: { role: 'assistant', content: 'half' }, done: false },
    { error: "model 'llava' not found" },
  ],
}

export const ollama: Subject = { ...common, label: 'ollama' }
export const ollamaStreamed: Subject = { ...common, label: 'ollama, streamed', streams: true }
