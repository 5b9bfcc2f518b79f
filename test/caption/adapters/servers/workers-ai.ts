/** Workers AI over REST and by its binding, as the model pages and the binding's own source have them. */
import { z } from 'zod'
import type { AiBinding } from '../../../../src/caption/adapters/types.ts'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { answers, captions, inTurn, picture, pictureDataUrl, SECRET, type Subject } from './subject.ts'

const llava = z.strictObject({
  image: z.array(z.int().min(0).max(255)),
  prompt: z.string().min(1),
  max_tokens: z.int().min(1),
})

const chat = z.strictObject({
  messages: z.tuple([
    z.strictObject({
      role: z.literal('user'),
      content: z.tuple([
        z.strictObject({ type: z.literal('text'), text: z.string().min(1) }),
        z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: z.literal(pictureDataUrl) }) }),
      ]),
    }),
  ]),
  max_tokens: z.int().min(1),
})

const wrap = (result: unknown) => ({ result, success: true, errors: [], messages: [] })

const text = (prompt: string, count: number) => ` ${inTurn(prompt.endsWith('?') ? answers : captions, count)}`

const rest: Handler = (seen, server) => {
  expectEqual(
    'route',
    `${seen.method} ${seen.path}`,
    'POST /client/v4/accounts/0123abcd/ai/run/@cf/llava-hf/llava-1.5-7b-hf',
  )
  return { body: wrap({ description: runLlava(readBody(seen, llava), server) }) }
}

const restChat: Handler = (seen, server) => {
  expectEqual(
    'route',
    `${seen.method} ${seen.path}`,
    'POST /client/v4/accounts/0123abcd/ai/run/@cf/meta/llama-4-scout-17b-16e-instruct',
  )
  const { messages, max_tokens } = readBody(seen, chat)
  const prompt = messages[0].content[0].text
  server.understood = { prompt, max_length: max_tokens, question: prompt }
  return { body: wrap({ response: text(prompt, server.answered), usage: { total_tokens: 9 } }) }
}

/** What the binding's fetcher gets: the result comes back without the wrapper of REST. */
const bound: Handler = (seen, server) => {
  const call = z.strictObject({
    model: z.literal('@cf/llava-hf/llava-1.5-7b-hf'),
    input: llava,
    options: z.strictObject({ returnRawResponse: z.literal(true) }),
  })
  return { body: { description: runLlava(readBody(seen, call).input, server) } }
}

function runLlava({ image, prompt, max_tokens }: z.output<typeof llava>, server: Parameters<Handler>[1]): string {
  expectEqual('image', Buffer.from(image).equals(picture.bytes), true)
  server.understood = { prompt, max_length: max_tokens, question: prompt }
  return text(prompt, server.answered)
}

/** A stand-in for `env.AI` that hands everything to the server at `url`. */
const binding = (url: string): AiBinding => ({
  run: (model, input, { signal, ...options }) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input, options }),
      redirect: 'manual',
      signal,
    }),
})

const describe = { takes: { prompt: true, max_length: true } }
const account = (url: string) => `${url}/client/v4/accounts/0123abcd`
const wrongResults = [{ description: '' }, { response: null }, { response: ['a'] }, { caption: 'a bicycle' }]

export const workersAi: Subject = {
  label: 'workers-ai, REST',
  settings: (url) => ({
    protocol: 'workers-ai',
    url: account(url),
    model: '@cf/llava-hf/llava-1.5-7b-hf',
    key: 'GPU_KEY',
  }),
  handle: rest,
  authorization: `Bearer ${SECRET}`,
  describe,
  answer: {},
  wrong: [
    ...wrongResults.map(wrap),
    { result: null, success: false, errors: [{ code: 3040, message: 'No more data centers' }], messages: [] },
  ],
}

export const workersAiChat: Subject = {
  ...workersAi,
  label: 'workers-ai, REST, messages',
  settings: (url) => ({
    protocol: 'workers-ai',
    url: account(url),
    model: '@cf/meta/llama-4-scout-17b-16e-instruct',
    input: 'messages',
    key: 'GPU_KEY',
  }),
  handle: restChat,
}

export const workersAiBinding: Subject = {
  label: 'workers-ai, binding',
  settings: () => ({ protocol: 'workers-ai', model: '@cf/llava-hf/llava-1.5-7b-hf' }),
  ai: binding,
  handle: bound,
  authorization: null,
  describe,
  answer: {},
  wrong: wrongResults,
}
