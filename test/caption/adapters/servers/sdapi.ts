/** A1111 with the tagger extension in both dialects, and SD.Next before and after its caption refactor. */
import { z } from 'zod'
import { type Handler, type Loopback, type Reply, readBody, type Seen } from './loopback.ts'
import { answers, captions, inTurn, pictureBase64, SECRET, type Subject } from './subject.ts'

const image = z.literal(pictureBase64)
const rating = { general: 0.98, sensitive: 0.01, questionable: 0.005, explicit: 0.001 }
const tags = { bicycle: 0.93, brick_wall: 0.4 }

const interrogate = z.strictObject({ image, model: z.literal('clip') })
const extension = z.strictObject({ image, model: z.literal('wd14-vit-v2-git'), threshold: z.literal(0) })
const vqa = z.strictObject({ image, model: z.literal('Alibaba Qwen 2.5 VL 3B'), question: z.string().min(1) })
const caption = z.strictObject({
  backend: z.literal('vlm'),
  image,
  model: z.literal('Alibaba Qwen 2.5 VL 3B'),
  question: z.literal('Use Prompt'),
  prompt: z.string().min(1),
  max_tokens: z.int().optional(),
})
const tagger = z.strictObject({
  image,
  model: z.literal('wd-eva02-large-tagger-v3'),
  threshold: z.number().min(0).max(1),
  character_threshold: z.number().min(0).max(1),
  max_tags: z.int().min(1).max(512),
  include_rating: z.literal(true),
  use_spaces: z.literal(false),
  escape_brackets: z.literal(false),
  show_scores: z.literal(true),
})

const routes = (list: Record<string, (seen: Seen, server: Loopback) => unknown>): Handler => {
  return (seen, server): Reply => {
    const route = list[`${seen.method} ${seen.path}`]
    if (!route) throw new Error(`route ${seen.method} ${seen.path}`)
    return { headers: { 'x-process-time': '0.1234' }, body: route(seen, server) }
  }
}

const words = (question: string, server: Loopback) =>
  inTurn(question.endsWith('?') ? answers : captions, server.answered)

const interrogateRoute = (seen: Seen, server: Loopback) => {
  readBody(seen, interrogate)
  server.understood = {}
  return { caption: inTurn(captions, server.answered) }
}

const vqaRoute = (seen: Seen, server: Loopback) => {
  const { question } = readBody(seen, vqa)
  server.understood = { prompt: question, question }
  return { answer: words(question, server), annotated_image: null }
}

const captionRoute = (seen: Seen, server: Loopback) => {
  const { prompt, max_tokens } = readBody(seen, caption)
  server.understood = { prompt, max_length: max_tokens }
  return { answer: words(prompt, server), annotated_image: null, backend: 'vlm' }
}

const extensionRoute = (body: unknown) => (seen: Seen) => {
  readBody(seen, extension)
  return { caption: body }
}

const taggerRoute = (seen: Seen) => {
  readBody(seen, tagger)
  return { tags: '(bicycle:0.93), (brick_wall:0.40)', scores: { 'rating:general': 0.98, ...tags } }
}

const basic = `Basic ${Buffer.from(SECRET).toString('base64')}`
const errorTexts = [
  'a bicycle<error>',
  'CLIP error: CUDA out of memory',
  'Ran out of VRAM',
  "Exception <class 'RuntimeError'>",
]
const wrong = [...errorTexts, '', null].flatMap((text) => [{ caption: text }, { answer: text }])

export const a1111: Subject = {
  label: 'sdapi, A1111 with the flat tagger',
  settings: (url) => ({
    protocol: 'sdapi',
    url,
    key: 'GPU_KEY',
    describe: { route: 'interrogate' },
    tag: { route: 'extension', model: 'wd14-vit-v2-git' },
  }),
  handle: routes({
    'POST /sdapi/v1/interrogate': interrogateRoute,
    'POST /tagger/v1/interrogate': extensionRoute({ ...rating, ...tags }),
  }),
  authorization: basic,
  describe: { takes: { prompt: false, max_length: false } },
  tag: { expected: { rating, tags } },
  wrong: [
    ...wrong,
    { caption: {} },
    { caption: rating },
    { caption: { bicycle: 93 } },
    { caption: { bicycle: '0.9' } },
  ],
}

export const a1111Nested: Subject = {
  label: 'sdapi, nested tagger',
  settings: (url) => ({
    protocol: 'sdapi',
    url,
    key: 'GPU_KEY',
    tag: { route: 'extension', model: 'wd14-vit-v2-git' },
  }),
  handle: routes({ 'POST /tagger/v1/interrogate': extensionRoute({ rating, tag: tags }) }),
  authorization: basic,
  tag: { expected: { rating, tags } },
  wrong: [{ caption: { rating, tag: {} } }, { caption: { rating } }, { caption: { rating, tag: { bicycle: -1 } } }],
}

export const sdnextOld: Subject = {
  label: 'sdapi, SD.Next by vqa',
  settings: (url) => ({
    protocol: 'sdapi',
    url,
    key: 'GPU_KEY',
    describe: { route: 'vqa', model: 'Alibaba Qwen 2.5 VL 3B' },
    answer: { model: 'Alibaba Qwen 2.5 VL 3B' },
  }),
  handle: routes({ 'POST /sdapi/v1/vqa': vqaRoute }),
  authorization: basic,
  describe: { takes: { prompt: true, max_length: false } },
  answer: {},
  wrong,
}

export const sdnext: Subject = {
  label: 'sdapi, SD.Next by caption',
  settings: (url) => ({
    protocol: 'sdapi',
    url,
    key: 'GPU_KEY',
    describe: { route: 'caption', model: 'Alibaba Qwen 2.5 VL 3B' },
    tag: { route: 'sdnext', model: 'wd-eva02-large-tagger-v3' },
  }),
  handle: routes({ 'POST /sdapi/v1/caption': captionRoute, 'POST /sdapi/v1/tagger': taggerRoute }),
  authorization: basic,
  describe: { takes: { prompt: true, max_length: true } },
  tag: { expected: { rating: { general: 0.98 }, tags } },
  wrong: [...wrong, { tags: 'bicycle', scores: null }, { tags: '', scores: {} }],
}
