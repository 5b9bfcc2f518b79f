/**
 * Ollama's own API: POST /api/chat, streamed as one JSON object a line.
 * Wire shape: Ollama's API document, "Generate a chat completion" with images.
 */
import { z } from 'zod'
import { type Chat, chatEndpoint } from './chat.ts'
import { Failure } from './failure.ts'
import { bearer, exchange, parseJson, readJson, readLines } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { cleanTexts, several, toBase64 } from './text.ts'
import type { Endpoint, Service } from './types.ts'

const message = z.object({ content: z.string() })
const reply = z.object({ message, done: z.literal(true) })
const line = z.object({ message: message.optional(), done: z.boolean().optional(), error: z.string().optional() })

export function ollama(settings: SettingsOf<'ollama'>, service: Service): Endpoint {
  const send = ({ image, text, length, signal }: Chat, stream: boolean) =>
    exchange(service, `${settings.url}/api/chat`, {
      headers: bearer(service),
      json: {
        model: settings.model,
        messages: [{ role: 'user', content: text, images: [toBase64(image.bytes)] }],
        options: {
          num_predict: length,
          ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
        },
        stream,
      },
      signal,
    })

  async function candidates(chat: Chat): Promise<string[]> {
    const { n, onToken, signal } = chat
    if (onToken && n === 1) return cleanTexts([await readStream(await send(chat, true), signal, onToken)])
    return cleanTexts(
      await several(n, async () => (await readJson(await send(chat, false), signal, reply)).message.content),
    )
  }

  return chatEndpoint(settings.prompt, candidates)
}

async function readStream(response: Response, signal: AbortSignal, onToken: (token: string) => void): Promise<string> {
  let text = ''
  for await (const row of readLines(response, signal)) {
    if (row.trim() === '') continue
    const { message, done, error } = parseJson(row, line)
    if (error !== undefined) throw new Failure('bad_answer', 'the stream reported an error')
    if (message?.content) {
      text += message.content
      onToken(message.content)
    }
    if (done) return text
  }
  throw new Failure('bad_answer', 'the stream ended early')
}
