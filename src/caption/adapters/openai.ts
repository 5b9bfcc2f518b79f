/**
 * OpenAI-compatible chat completions: vLLM, llama.cpp server, Ollama under /v1, LM Studio, TGI, OpenAI.
 * Wire shape: the OpenAI API reference, "Create chat completion" and its streaming.
 */
import { z } from 'zod'
import { type Chat, chatEndpoint } from './chat.ts'
import { Failure } from './failure.ts'
import { bearer, exchange, parseJson, readJson, readLines } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { cleanTexts, several, toDataUrl } from './text.ts'
import type { Endpoint, Service } from './types.ts'

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
})

const chunk = z.object({
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
})

export function openai(settings: SettingsOf<'openai'>, service: Service): Endpoint {
  const send = ({ image, text, length, n, signal }: Chat, stream: boolean) =>
    exchange(service, `${settings.url}/chat/completions`, {
      headers: stream ? { ...bearer(service), accept: 'text/event-stream' } : bearer(service),
      json: {
        model: settings.model,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text },
              { type: 'image_url', image_url: { url: toDataUrl(image) } },
            ],
          },
        ],
        [settings.length_field]: length,
        ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
        ...(n > 1 ? { n } : {}),
        stream,
      },
      signal,
    })

  async function complete(chat: Chat): Promise<(string | null | undefined)[]> {
    const answer = await readJson(await send(chat, false), chat.signal, completion)
    return answer.choices.map(({ message }) => message.content)
  }

  /** Ollama and older llama.cpp overlook `n`: the missing ones are asked for one by one. */
  async function candidates(chat: Chat): Promise<string[]> {
    if (chat.onToken && chat.n === 1) return cleanTexts([await stream(chat, chat.onToken)])
    const first = await complete(chat)
    const missing = chat.n - first.length
    const rest = missing > 0 ? await several(missing, () => complete({ ...chat, n: 1 })).catch(() => []) : []
    return cleanTexts([...first, ...rest.flat()].slice(0, chat.n))
  }

  async function stream(chat: Chat, onToken: (token: string) => void): Promise<string> {
    const response = await send(chat, true)
    if (response.headers.get('content-type')?.includes('json')) {
      const answer = await readJson(response, chat.signal, completion)
      const text = answer.choices[0]!.message.content ?? ''
      onToken(text)
      return text
    }
    return readEvents(response, chat.signal, onToken)
  }

  return chatEndpoint(settings.prompt, candidates)
}

/** Server-sent events up to `[DONE]`; a stream that ends before it, and before a `finish_reason`, was cut. */
async function readEvents(response: Response, signal: AbortSignal, onToken: (token: string) => void): Promise<string> {
  let text = ''
  let finished = false
  for await (const line of readLines(response, signal)) {
    if (!line.startsWith('data:')) continue
    const data = line.slice(5).trim()
    if (data === '[DONE]') return text
    const event = parseJson(data, chunk)
    if (event.error) throw new Failure('bad_answer', 'the stream reported an error')
    const choice = event.choices?.[0]
    const token = choice?.delta?.content
    if (token) {
      text += token
      onToken(token)
    }
    finished ||= Boolean(choice?.finish_reason)
  }
  if (!finished) throw new Failure('bad_answer', 'the stream ended early')
  return text
}
