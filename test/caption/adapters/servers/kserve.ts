/** An Open Inference Protocol server with two models' worth of tensors: a captioner that also answers, and a tagger. */
import { z } from 'zod'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { answers, captions, inTurn, pictureBase64, SECRET, type Subject } from './subject.ts'

const request = z.strictObject({
  inputs: z
    .array(
      z.discriminatedUnion('datatype', [
        z.strictObject({
          name: z.string(),
          shape: z.tuple([z.literal(1)]),
          datatype: z.literal('BYTES'),
          data: z.tuple([z.string()]),
        }),
        z.strictObject({
          name: z.string(),
          shape: z.tuple([z.literal(1)]),
          datatype: z.literal('INT32'),
          data: z.tuple([z.int()]),
        }),
      ]),
    )
    .min(1),
  outputs: z.array(z.strictObject({ name: z.string() })).min(1),
})

const handle: Handler = (seen, server) => {
  expectEqual('route', `${seen.method} ${seen.path}`, 'POST /v2/models/blip/versions/3/infer')
  const { inputs, outputs } = readBody(seen, request)
  const input = Object.fromEntries(inputs.map(({ name, data }) => [name, data[0]]))
  const count = server.answered
  const reply = (tensors: Record<string, { datatype: string; data: unknown[] }>) => {
    expectEqual('outputs', outputs.map(({ name }) => name).join(), Object.keys(tensors).join())
    const all = Object.entries(tensors).map(([name, tensor]) => ({ name, shape: [tensor.data.length], ...tensor }))
    return { body: { model_name: 'blip', model_version: '3', id: '42', outputs: all } }
  }
  if ('IMAGE' in input) {
    expectEqual('IMAGE', input.IMAGE, pictureBase64)
    server.understood = { prompt: input.PROMPT, max_length: input.LENGTH }
    return reply({ CAPTION: { datatype: 'BYTES', data: [inTurn(captions, count)] } })
  }
  expectEqual('image', input.image, pictureBase64)
  if ('question' in input) {
    server.understood = { question: input.question }
    return reply({
      answer: { datatype: 'BYTES', data: answers },
      probability: { datatype: 'FP32', data: [0.9, 0.06, 0.01] },
    })
  }
  return reply({
    tags: {
      datatype: 'BYTES',
      data: [
        ['rating:general', 'rating:explicit'],
        ['bicycle', 'brick_wall'],
      ],
    },
    scores: {
      datatype: 'FP32',
      data: [
        [0.98, 0.01],
        [0.93, 0.4],
      ],
    },
  })
}

const tensor = (name: string, data: unknown) => ({
  model_name: 'blip',
  outputs: [{ name, shape: [1], datatype: 'BYTES', data }],
})

const [first, second, third] = answers
export const kserve: Subject = {
  label: 'kserve',
  settings: (url) => ({
    protocol: 'kserve',
    url,
    model: 'blip',
    version: '3',
    key: 'GPU_KEY',
    describe: { image: 'IMAGE', prompt: 'PROMPT', max_length: 'LENGTH', text: 'CAPTION' },
    answer: { confidence: 'probability' },
    tag: {},
  }),
  handle,
  authorization: `Bearer ${SECRET}`,
  describe: { takes: { prompt: true, max_length: true } },
  answer: {
    expected: [
      { text: first!, confidence: 0.9 },
      { text: second!, confidence: 0.06 },
      { text: third!, confidence: 0.01 },
    ],
  },
  tag: { expected: { rating: { general: 0.98, explicit: 0.01 }, tags: { bicycle: 0.93, brick_wall: 0.4 } } },
  wrong: [
    tensor('other', ['x']),
    tensor('CAPTION', [1]),
    tensor('CAPTION', ['']),
    tensor('CAPTION', 'x'),
    { outputs: [] },
  ],
}
