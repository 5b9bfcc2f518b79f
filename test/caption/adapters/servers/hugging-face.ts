/** Hugging Face inference, as the task schemas have it; captions come in both shapes. */
import { z } from 'zod'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { answers, captions, inTurn, picture, pictureBase64, SECRET, type Subject } from './subject.ts'

const captionRequest = z.strictObject({
  inputs: z.literal(pictureBase64),
  parameters: z.strictObject({
    max_new_tokens: z.int().min(1).optional(),
    generation_parameters: z.strictObject({ do_sample: z.literal(true) }).optional(),
  }),
})

const describe =
  (list: boolean): Handler =>
  (seen, server) => {
    expectEqual(
      'route',
      `${seen.method} ${seen.path}`,
      'POST /hf-inference/models/Salesforce/blip-image-captioning-large',
    )
    server.understood = {}
    if (seen.headers['content-type'] === 'image/jpeg') expectEqual('bytes', seen.body.equals(picture.bytes), true)
    else server.understood.max_length = readBody(seen, captionRequest).parameters.max_new_tokens
    const one = { generated_text: inTurn(captions, server.answered) }
    return { body: list ? [one] : one }
  }

const answerRequest = z.strictObject({
  inputs: z.strictObject({ image: z.literal(pictureBase64), question: z.string().min(1) }),
  parameters: z.strictObject({ top_k: z.int().min(1) }),
})

const answer: Handler = (seen, server) => {
  expectEqual('route', `${seen.method} ${seen.path}`, 'POST /hf-inference/models/dandelin/vilt-b32-finetuned-vqa')
  const { inputs, parameters } = readBody(seen, answerRequest)
  server.understood = { question: inputs.question }
  const all = answers.map((text, at) => ({ score: [0.9, 0.06, 0.01][at]!, answer: text }))
  return { body: all.slice(0, parameters.top_k) }
}

const settings = (task: string, model: string) => (url: string) => ({
  protocol: 'hugging-face',
  url: `${url}/hf-inference/models/${model}`,
  task,
  key: 'GPU_KEY',
})

export const huggingFace: Subject = {
  label: 'hugging-face, image-to-text',
  settings: settings('describe', 'Salesforce/blip-image-captioning-large'),
  handle: describe(false),
  authorization: `Bearer ${SECRET}`,
  describe: { takes: { prompt: false, max_length: true } },
  wrong: [{ generated_text: '' }, { generated_text: null }, [{}], { error: 'Model is overloaded' }],
}

export const huggingFaceList: Subject = {
  ...huggingFace,
  label: 'hugging-face, image-to-text as a list',
  handle: describe(true),
}

const [first, second, third] = answers
export const huggingFaceAnswer: Subject = {
  label: 'hugging-face, visual question answering',
  settings: settings('answer', 'dandelin/vilt-b32-finetuned-vqa'),
  handle: answer,
  authorization: `Bearer ${SECRET}`,
  answer: {
    expected: [
      { text: first!, confidence: 0.9 },
      { text: second!, confidence: 0.06 },
      { text: third!, confidence: 0.01 },
    ],
  },
  wrong: [[{ score: 0.9 }], [{ score: 9, answer: 'one' }], [{ score: 0.9, answer: ' ' }], { answer: 'one' }],
}
