/**
 * Hugging Face inference: image-to-text and visual question answering. `url` is the model's whole address.
 * Wire shapes: the task schemas of huggingface.co/docs/inference-providers; older servers wrap captions in a list and
 * answer 503 with `estimated_time` while a model loads.
 */
import { z } from 'zod'
import { bearer, exchange, readJson } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { cleanAnswers, cleanTexts, several, toBase64 } from './text.ts'
import type { Endpoint, Service } from './types.ts'

const generated = z.object({ generated_text: z.string() })
const captions = z.union([z.array(generated).min(1), generated.transform((one) => [one])])
const answers = z.array(z.object({ answer: z.string(), score: z.number().min(0).max(1).optional() })).min(1)

export function huggingFace({ url, task }: SettingsOf<'hugging-face'>, service: Service): Endpoint {
  const headers = bearer(service)
  if (task === 'answer') {
    return {
      async answer({ image, question, n, signal }) {
        const json = { inputs: { image: toBase64(image.bytes), question }, parameters: { top_k: n } }
        const list = await readJson(await exchange(service, url, { headers, json, signal }), signal, answers)
        return cleanAnswers(
          list.map(({ answer, score }) =>
            score === undefined ? { text: answer } : { text: answer, confidence: score },
          ),
        ).slice(0, n)
      },
    }
  }
  return {
    async describe({ image, max_length, n, signal }) {
      const parameters = {
        ...(max_length === undefined ? {} : { max_new_tokens: max_length }),
        ...(n === 1 ? {} : { generation_parameters: { do_sample: true } }),
      }
      const request =
        Object.keys(parameters).length === 0
          ? { headers: { ...headers, 'content-type': image.type }, body: new Uint8Array(image.bytes) }
          : { headers, json: { inputs: toBase64(image.bytes), parameters } }
      const lists = await several(n, async () =>
        readJson(await exchange(service, url, { ...request, signal }), signal, captions),
      )
      return cleanTexts(lists.flat().map(({ generated_text }) => generated_text)).slice(0, n)
    },
  }
}
