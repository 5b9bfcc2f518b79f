/** A cog container, as cog's HTTP document has it. */
import { z } from 'zod'
import { expectEqual, type Handler, readBody } from './loopback.ts'
import { blip, blipInput, llava, llavaInput, llavaTemplates } from './prediction.ts'
import { SECRET, type Subject } from './subject.ts'

const handle =
  (model: 'blip' | 'llava'): Handler =>
  (seen, server) => {
    expectEqual('route', `${seen.method} ${seen.path}`, 'POST /predictions')
    const count = server.answered
    const output =
      model === 'blip'
        ? blip(readBody(seen, z.strictObject({ input: blipInput })).input, server, count)
        : llava(readBody(seen, z.strictObject({ input: llavaInput })).input, server, count)
    return { body: { status: 'succeeded', output, metrics: { predict_time: 4.52 } } }
  }

const wrong = [
  { status: 'failed', error: 'CUDA out of memory', output: null },
  { status: 'succeeded', output: null },
  { status: 'succeeded', output: 'Caption: ' },
  { status: 'succeeded', output: { text: 'a bicycle' } },
  { status: 'succeeded' },
]

export const cog: Subject = {
  label: 'cog',
  settings: (url) => ({ protocol: 'cog', url, key: 'GPU_KEY' }),
  handle: handle('blip'),
  authorization: `Bearer ${SECRET}`,
  describe: { takes: { prompt: false, max_length: false } },
  answer: {},
  wrong,
}

export const cogLlava: Subject = {
  ...cog,
  label: 'cog, pieces of text',
  settings: (url) => ({ protocol: 'cog', url, key: 'GPU_KEY', ...llavaTemplates }),
  handle: handle('llava'),
  describe: { takes: { prompt: true, max_length: true } },
}
