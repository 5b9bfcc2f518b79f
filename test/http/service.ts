/** The HTTP app around a small engine in memory: what it is asked, and what it logs, can be looked at. */
import { createApp, type Deps } from '../../src/http/app.ts'
import type { Engine, See } from '../../src/interrogator.ts'
import type { Candidate, Ranker, RankOptions } from '../../src/types.ts'

export const digest = 'ab'.repeat(32)
const DIMS = 16
/** Of every picture. */
const picture = Float32Array.from({ length: DIMS }, (_, i) => Number(i === 0))
export const embedding = Array.from(picture)

export const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values)

/** Terms of each bank with their cosine to the picture. */
const banks: Record<string, [term: string, similarity: number][]> = {
  artist: [['by Ann Ny', 0.4]],
  flavor: [
    ['sharp', 0.5],
    ['windy', 0.4],
  ],
  medium: [['a photo', 0.6]],
  movement: [['dada', 0.3]],
  trending: [['pixiv', 0.2]],
  negative: [['blurry', 0.1]],
  subject: [['boat', 0.5]],
}

const rankAll = async (
  bank: string,
  _: Float32Array,
  k: number,
  { reverse }: RankOptions = {},
): Promise<Candidate[]> => {
  const rows = banks[bank]!.map(([term, similarity], row) => {
    const vector = new Float32Array(DIMS)
    vector[0] = similarity
    vector[1 + row] = Math.sqrt(1 - similarity ** 2)
    return { bank, row, term, text: term, flags: [], similarity, score: similarity, vector }
  })
  return (reverse ? rows.reverse() : rows).slice(0, k)
}

const ranker: Ranker = {
  banks: () => Object.entries(banks).map(([name, { length }]) => ({ name, terms: length, rows: length })),
  rank: rankAll,
  candidates: rankAll,
}

const spec: Engine['spec'] = {
  name: 'small',
  digest,
  embedding_size: DIMS,
  vision: { file: 'vision.onnx', format: 'onnx', input: 'image', output: 'embedding' },
  image: { size: 224, resize: 'shortest', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
  similarity: { kind: 'cosine' },
  text: { gloss: null },
  license: 'MIT',
  card: 'none',
}

export interface ServiceOptions {
  see?: See
  /** Other parts of the engine. */
  parts?: Partial<Engine>
  engine?: Deps['engine']
  site?: Deps['site']
}

/** A service that finds every picture the same, unless `see` says otherwise. */
export function createService({
  see,
  parts,
  engine,
  site = async () => new Response(null, { status: 404 }),
}: ServiceOptions = {}) {
  const seen: Uint8Array[] = []
  const logged: Record<string, unknown>[] = []
  const whole: Engine = {
    spec,
    counter: { count: (text) => text.split(/[\s,]+/).length },
    ranker: Object.assign(ranker, { version: '0123456789abcdef', terms: 8 }),
    see: async (image, ...rest) => {
      seen.push(image)
      return see ? see(image, ...rest) : picture
    },
    ...parts,
  }
  const app = createApp({
    engine: engine ?? (async () => whole),
    state: () => ({ loaded: true, memory: { encoder: 1, index: 2 } }),
    site,
    log: (entry) => void logged.push(entry),
  })
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    app.request(path, { method: 'POST', body, headers })
  const json = (path: string, body: unknown) => post(path, JSON.stringify(body), { 'Content-Type': 'application/json' })
  return { app, post, json, seen, logged }
}

/** A body that comes in pieces, without a length; `read` counts the pieces that were taken. */
export function pieces(count: number, size: number) {
  const state = { read: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.read === count) return controller.close()
        state.read++
        controller.enqueue(new Uint8Array(size))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, state }
}

export function formOf(fields: Record<string, string | string[]>, image: Uint8Array<ArrayBuffer> = bytes(1, 2, 3)) {
  const form = new FormData()
  form.set('image', new File([image], 'holiday.png', { type: 'text/plain' }))
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) form.append(name, one)
  return form
}
