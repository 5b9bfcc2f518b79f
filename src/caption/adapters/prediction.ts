/** What Replicate and a bare cog container share: the input of a model and what came out of it. */
import { z } from 'zod'
import { cleanTexts, DEFAULT_LENGTH, DEFAULT_PROMPT, several, toDataUrl } from './text.ts'
import type { AnswerRequest, DescribeRequest, Endpoint } from './types.ts'

export type Template = Record<string, string | number | boolean>

/** Models stream their text as a list of pieces. */
export const output = z.union([z.string(), z.array(z.string()).transform((pieces) => pieces.join(''))])

/** BLIP's cog model says what it did: "Caption: a red bicycle", "Answer: two". */
export const withoutPrefix = (text: string) => text.replace(/^\s*(caption|answer):\s*/i, '')

const describeInput = (
  template: Template,
  { image, prompt, max_length }: DescribeRequest,
  ownPrompt: string | undefined,
) =>
  fill(template, {
    image: toDataUrl(image),
    prompt: prompt ?? ownPrompt ?? DEFAULT_PROMPT,
    max_length: max_length ?? DEFAULT_LENGTH,
  })

const answerInput = (template: Template, { image, question }: AnswerRequest) =>
  fill(template, { image: toDataUrl(image), question, max_length: DEFAULT_LENGTH })

/** `"{max_length}"` alone becomes the number; inside a longer text, its digits. */
function fill(template: Template, values: Record<string, string | number>): Template {
  const one = (member: Template[string]) => {
    if (typeof member !== 'string') return member
    const whole = /^\{(\w+)\}$/.exec(member)?.[1]
    if (whole !== undefined && whole in values) return values[whole]!
    return member.replace(/\{(\w+)\}/g, (text, name: string) => String(values[name] ?? text))
  }
  return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, one(member)]))
}

interface Templates {
  prompt?: string | undefined
  describe: Template | null
  answer: Template | null
}

/** An endpoint that fills templates and asks as often as answers are wanted; it has the tasks that have a template. */
export function templateEndpoint(
  { prompt, describe, answer }: Templates,
  predict: (input: Template, signal: AbortSignal) => Promise<string>,
): Endpoint {
  const ask = async (input: Template, n: number, signal: AbortSignal) =>
    cleanTexts(await several(n, () => predict(input, signal)))

  return {
    ...(describe && {
      describe: (request) => ask(describeInput(describe, request, prompt), request.n, request.signal),
    }),
    ...(answer && {
      answer: async (request) => {
        const texts = await ask(answerInput(answer, request), request.n, request.signal)
        return texts.map((text) => ({ text }))
      },
    }),
  }
}
