/**
 * KServe v2 (Open Inference Protocol) and Triton, in its JSON form; tensor names by setting.
 * Wire shape: the Open Inference Protocol, "Inference" of its HTTP/REST API.
 * The picture travels as base64 in a BYTES tensor of one element.
 */
import { z } from 'zod'
import { Failure } from './failure.ts'
import { bearer, exchange, readJson } from './http.ts'
import type { SettingsOf } from './settings.ts'
import { scores, splitTags } from './tags.ts'
import { cleanAnswers, cleanTexts, DEFAULT_LENGTH, DEFAULT_PROMPT, several, toBase64 } from './text.ts'
import type { Endpoint, Service } from './types.ts'

const reply = z.object({ outputs: z.array(z.object({ name: z.string(), data: z.array(z.unknown()) })) })
const words = z.array(z.string())
const numbers = z.array(z.number())

type Tensor = { name: string; shape: number[]; datatype: 'BYTES' | 'INT32'; data: (string | number)[] }

const bytes = (name: string, value: string): Tensor => ({ name, shape: [1], datatype: 'BYTES', data: [value] })

export function kserve(settings: SettingsOf<'kserve'>, service: Service): Endpoint {
  const { url, model, version, describe, answer, tag } = settings
  const address = `${url}/v2/models/${model}${version ? `/versions/${version}` : ''}/infer`

  /** Infers and gives a reader of the output tensors, nested data flattened. */
  async function infer(inputs: Tensor[], outputs: string[], signal: AbortSignal) {
    const json = { inputs, outputs: outputs.map((name) => ({ name })) }
    const answer = await readJson(
      await exchange(service, address, { headers: bearer(service), json, signal }),
      signal,
      reply,
    )
    return <T>(name: string, schema: z.ZodType<T>): T => {
      const data = answer.outputs.find((output) => output.name === name)?.data.flat(Number.POSITIVE_INFINITY)
      const parsed = schema.safeParse(data)
      if (parsed.success) return parsed.data
      throw new Failure('bad_answer', 'an output tensor is missing or of another type')
    }
  }

  return {
    ...(describe && {
      async describe({ image, prompt, max_length, n, signal }) {
        const inputs = [bytes(describe.image, toBase64(image.bytes))]
        if (describe.prompt) inputs.push(bytes(describe.prompt, prompt ?? settings.prompt ?? DEFAULT_PROMPT))
        if (describe.max_length) {
          inputs.push({
            name: describe.max_length,
            shape: [1],
            datatype: 'INT32',
            data: [max_length ?? DEFAULT_LENGTH],
          })
        }
        const lists = await several(n, async () => (await infer(inputs, [describe.text], signal))(describe.text, words))
        return cleanTexts(lists.flat()).slice(0, n)
      },
    }),
    ...(answer && {
      async answer({ image, question, n, signal }) {
        const inputs = [bytes(answer.image, toBase64(image.bytes)), bytes(answer.question, question)]
        const outputs = answer.confidence ? [answer.text, answer.confidence] : [answer.text]
        const read = await infer(inputs, outputs, signal)
        const texts = read(answer.text, words)
        const confidences = answer.confidence ? read(answer.confidence, z.array(z.number().min(0).max(1))) : []
        const answers = texts.map((text, at) => {
          const confidence = confidences[at]
          return confidence === undefined ? { text } : { text, confidence }
        })
        return cleanAnswers(answers).slice(0, n)
      },
    }),
    ...(tag && {
      async tag({ image, signal }) {
        const read = await infer([bytes(tag.image, toBase64(image.bytes))], [tag.names, tag.scores], signal)
        const names = read(tag.names, words)
        const values = read(tag.scores, numbers)
        if (names.length !== values.length) throw new Failure('bad_answer', 'there are not as many scores as tags')
        const all = scores.safeParse(Object.fromEntries(names.map((name, at) => [name, values[at]!])))
        if (!all.success) throw new Failure('bad_answer', 'a score is not between 0 and 1')
        return splitTags(all.data)
      },
    }),
  }
}
