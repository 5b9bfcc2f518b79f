/** What the models behind Replicate and cog take: BLIP's own inputs and a chat model's. */
import { z } from 'zod'
import type { Loopback } from './loopback.ts'
import { answers, captions, inTurn, pictureDataUrl } from './subject.ts'

export const blipInput = z.discriminatedUnion('task', [
  z.strictObject({ image: z.literal(pictureDataUrl), task: z.literal('image_captioning') }),
  z.strictObject({
    image: z.literal(pictureDataUrl),
    task: z.literal('visual_question_answering'),
    question: z.string().min(1),
  }),
])

export const llavaInput = z.strictObject({
  image: z.literal(pictureDataUrl),
  prompt: z.string().min(1),
  max_tokens: z.int().min(1),
  temperature: z.literal(0.2),
})

/** Settings for a model that is not BLIP. */
export const llavaTemplates = {
  describe: { image: '{image}', prompt: 'USER: {prompt}', max_tokens: '{max_length}', temperature: 0.2 },
  answer: { image: '{image}', prompt: '{question}', max_tokens: '{max_length}', temperature: 0.2 },
}

export function blip(input: z.output<typeof blipInput>, server: Loopback, count: number): string {
  server.understood = input.task === 'image_captioning' ? {} : { question: input.question }
  return input.task === 'image_captioning' ? `Caption: ${inTurn(captions, count)}` : `Answer: ${inTurn(answers, count)}`
}

export function llava({ prompt, max_tokens }: z.output<typeof llavaInput>, server: Loopback, count: number): string[] {
  const question = prompt.replace(/^USER: /, '')
  server.understood = { prompt: question, max_length: max_tokens, question }
  return inTurn(prompt.endsWith('?') ? answers : captions, count).split(/(?= )/)
}
