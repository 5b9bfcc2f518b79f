/** Chat completions as the OpenAI API reference documents them, in the dialects of vLLM (`n`) and of servers without it. */
import { z } from 'zod'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { answers, captions, inTurn, pictureDataUrl, SECRET, type Subject } from './subject.ts'

const request = z.strictObject({
  model: z.literal('Qwen/Qwen2.5-VL-3B-Instruct'),
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
  temperature: z.literal(0.2),
  n: z.int().min(2).optional(),
  stream: z.boolean(),
})

const head = { id: 'chatcmpl-1', created: 1_760_000_000, model: 'Qwen/Qwen2.5-VL-3B-Instruct' }

const handle =
  (overlooksN: boolean): Handler =>
  (seen, server) => {
    expectEqual('route', `${seen.method} ${seen.path}`, 'POST /v1/chat/completions')
    const { messages, max_tokens, n = 1, stream } = readBody(seen, request)
    const text = messages[0].content[0].text
    server.understood = { prompt: text, max_length: max_tokens, question: text }
    const texts = text.endsWith('?') ? answers : captions
    if (stream) {
      expectEqual('accept', seen.headers.accept, 'text/event-stream')
      return { headers: { 'content-type': 'text/event-stream' }, pieces: events(texts[0]!) }
    }
    const count = overlooksN ? 1 : n
    const choices = Array.from({ length: count }, (_, index) => ({
      index,
      message: {
        role: 'assistant',
        content: ` ${overlooksN ? inTurn(texts, server.answered) : inTurn(texts, index + 1)}\n`,
      },
      finish_reason: 'stop',
    }))
    const usage = { prompt_tokens: 300, completion_tokens: 9, total_tokens: 309 }
    return { body: { ...head, object: 'chat.completion', choices, usage } }
  }

/** Role first, one word an event, comments and a usage event without choices as vLLM sends them, cut across chunks. */
export function events(text: string, end = ['data: [DONE]\n\n']): string[] {
  const event = (choices: unknown[]) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`
  const words = text.split(/(?<= )/).map((content) => event([{ index: 0, delta: { content }, finish_reason: null }]))
  const whole = [
    ': keep-alive\n\n',
    event([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
    ...words,
    ...(end.length > 0 ? [event([{ index: 0, delta: {}, finish_reason: 'stop' }]), event([])] : []),
    ...end,
  ].join('')
  return whole.match(/[\s\S]{1,50}/g)!
}

const settings = (url: string) => ({
  protocol: 'openai',
  url: `${url}/v1/`,
  model: 'Qwen/Qwen2.5-VL-3B-Instruct',
  temperature: 0.2,
  key: 'GPU_KEY',
})

const wrong = [
  { choices: [] },
  { choices: [{ index: 0, message: { role: 'assistant', content: null } }] },
  { choices: [{ index: 0, message: { role: 'assistant', content: ' \n' } }] },
  { choices: [{ index: 0, message: { role: 'assistant', content: ['a'] } }] },
  { choices: [{ index: 0, message: { role: 'assistant', content: '<think>a bicycle</think>' } }] },
  { choices: [{ index: 0, message: { role: 'assistant', content: 'very '.repeat(5000) } }] },
]

const common = {
  settings,
  authorization: `Bearer ${SECRET}`,
  describe: { takes: { prompt: true, max_length: true } },
  answer: {},
  wrong,
}

export const openai: Subject = { ...common, label: 'openai', handle: handle(false) }
export const openaiWithoutN: Subject = { ...common, label: 'openai, server without n', handle: handle(true) }
export const openaiStreamed: Subject = { ...common, label: 'openai, streamed', handle: handle(false), streams: true }
