/**
 * Cloudflare Workers AI, by the binding `AI` or over REST.
 * Wire shapes: the models' pages and "Workers AI errors" on developers.cloudflare.com, and the binding's own code in
 * workerd (`src/cloudflare/internal/ai-api.ts`: `returnRawResponse` gives the HTTP answer, `signal` ends it)
 */
import { z } from 'zod'
import { Failure } from './failure.ts'
import { bearer, exchange, readJson, receive } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { cleanTexts, DEFAULT_LENGTH, DEFAULT_PROMPT, several, toDataUrl } from './text.ts'
import type { Endpoint, Picture, Service } from './types.ts'

/** LLaVA and UForm say `description`, Llama 3.2 Vision `response`, newer chat models either that or `choices`. */
const result = z.union([
  z.object({ description: z.string() }).transform(({ description }) => description),
  z.object({ response: z.string() }).transform(({ response }) => response),
  z
    .object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1) })
    .transform(({ choices }) => choices[0]!.message.content),
])

const wrapped = z.object({ success: z.boolean(), result: z.unknown() })

export function workersAi(settings: SettingsOf<'workers-ai'>, service: Service): Endpoint {
  const { url, model } = settings
  const toInput = settings.input === 'image' ? imageInput : messagesInput

  async function run(input: Record<string, unknown>, signal: AbortSignal): Promise<string> {
    if (url === undefined) {
      const response = await receive(
        () => service.ai!.run(model, input, { returnRawResponse: true, signal }),
        service,
        { signal },
      )
      return readJson(response, signal, result)
    }
    const response = await exchange(service, `${url}/ai/run/${model}`, {
      headers: bearer(service),
      json: input,
      signal,
    })
    const answer = await readJson(response, signal, wrapped)
    const inner = answer.success ? result.safeParse(answer.result) : undefined
    if (inner?.success) return inner.data
    throw new Failure('bad_answer', 'the answer is not of the promised shape, at result')
  }

  const ask = async (image: Picture, text: string, length: number, n: number, signal: AbortSignal) => {
    const input = toInput(image, text, length)
    return cleanTexts(await several(n, () => run(input, signal)))
  }

  return {
    describe: ({ image, prompt, max_length, n, signal }) =>
      ask(image, prompt ?? settings.prompt ?? DEFAULT_PROMPT, max_length ?? DEFAULT_LENGTH, n, signal),
    answer: async ({ image, question, n, signal }) => {
      const texts = await ask(image, question, DEFAULT_LENGTH, n, signal)
      return texts.map((text) => ({ text }))
    },
  }
}

/** The file's bytes as plain numbers: four times their size in JSON, but the one form that all image models take. */
const imageInput = (image: Picture, prompt: string, max_tokens: number) => ({
  image: Array.from(image.bytes),
  prompt,
  max_tokens,
})

const messagesInput = (image: Picture, text: string, max_tokens: number) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text },
        { type: 'image_url', image_url: { url: toDataUrl(image) } },
      ],
    },
  ],
  max_tokens,
})
