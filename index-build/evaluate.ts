/** Scores a model on a data set: rankings of labels and captions for each picture, with bootstrap intervals. */
import { TermlensError } from '../src/errors.ts'
import type { TextEncoder as TextVectors } from '../src/types.ts'
import { type DataSet, type Kind, kinds, type Row } from './dataset.ts'
import { createDots } from './float-dots.ts'

/** The ranks at which a label counts as found. */
const RANKS: Record<Kind, readonly [number, number]> = {
  medium: [1, 3],
  subject: [1, 5],
  movement: [1, 3],
  artist: [1, 10],
}
const CAPTION_RANKS = [1, 10] as const

export const metricNames = [
  ...kinds.flatMap((kind) => RANKS[kind].map((rank) => `${kind}_top${rank}`)),
  ...CAPTION_RANKS.map((rank) => `caption_r${rank}`),
]

type Table<T> = Record<string, T>

export interface Evaluation {
  /** Shares from 0 to 1; null where no picture qualifies. */
  metrics: Table<number | null>
  /** 95 % bootstrap intervals over pictures. */
  intervals: Table<[number, number] | null>
  /** Pictures that qualify. */
  counts: Table<number>
  per_source: Table<{ metrics: Table<number | null>; counts: Table<number> }>
}

export interface EvaluateOptions {
  data: DataSet
  /** Only rows of this split; every row that is not `train` where it is left out. */
  split?: string
  see: (picture: Uint8Array) => Promise<Float32Array>
  text: TextVectors
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

/** @throws TermlensError `option_invalid` where the split has no rows */
export async function evaluate({ data, split, see, text, signal, onProgress }: EvaluateOptions): Promise<Evaluation> {
  const rows = data.rows.filter((row) => (split === undefined ? row.split !== 'train' : row.split === split))
  if (rows.length === 0) {
    const splits = [...new Set(data.rows.map((row) => row.split))].join(', ')
    throw new TermlensError(
      'option_invalid',
      `The data set has no rows ${split === undefined ? 'outside train' : `of split "${split}"`}.`,
      {
        hint: `Its splits are ${splits}.`,
      },
    )
  }
  const pictures: Float32Array[] = []
  for (const row of rows) {
    signal?.throwIfAborted()
    onProgress?.(pictures.length, rows.length)
    pictures.push(await see(await data.picture(row)))
  }
  onProgress?.(rows.length, rows.length)

  const hits: Table<Map<Row, boolean>> = {}
  for (const kind of kinds) {
    const labels = data.vocabulary[kind]
    const vectors = await text.encode(labels.map((label) => data.labelText(kind, label)))
    const found = await rankOwn(rows, pictures, vectors, labels, (row) => row.labels[kind])
    for (const rank of RANKS[kind]) hits[`${kind}_top${rank}`] = within(found, rank)
  }
  const captions = [...new Set(rows.flatMap((row) => row.captions))]
  const found = await rankOwn(rows, pictures, await text.encode(captions), captions, (row) => row.captions)
  for (const rank of CAPTION_RANKS) hits[`caption_r${rank}`] = within(found, rank)

  const sources = [...new Set(rows.map(({ source }) => source))].sort()
  return {
    ...tables(hits, () => true),
    intervals: mapNames((name) => interval([...hits[name]!.values()])),
    per_source: Object.fromEntries(sources.map((source) => [source, tables(hits, (row) => row.source === source)])),
  }
}

/** For each row that has some of `texts`: how many others are nearer to its picture than the nearest of its own. */
async function rankOwn(
  rows: readonly Row[],
  pictures: readonly Float32Array[],
  vectors: readonly Float32Array[],
  texts: readonly string[],
  ownOf: (row: Row) => readonly string[],
): Promise<Map<Row, number>> {
  const ranks = new Map<Row, number>()
  if (texts.length === 0) return ranks
  const dots = await createDots(vectors, vectors[0]!.length)
  const at = new Map(texts.map((text, i) => [text, i]))
  rows.forEach((row, i) => {
    const own = ownOf(row).flatMap((text) => at.get(text) ?? [])
    if (own.length === 0) return
    const similarities = dots(pictures[i]!)
    const best = Math.max(...own.map((index) => similarities[index]!))
    ranks.set(
      row,
      similarities.reduce((nearer, similarity) => nearer + (similarity > best ? 1 : 0), 0),
    )
  })
  return ranks
}

const within = (ranks: Map<Row, number>, rank: number) =>
  new Map([...ranks].map(([row, nearer]) => [row, nearer < rank]))

const mapNames = <T>(value: (name: string) => T): Table<T> =>
  Object.fromEntries(metricNames.map((name) => [name, value(name)]))

function tables(hits: Table<Map<Row, boolean>>, keep: (row: Row) => boolean) {
  const kept = mapNames((name) => [...hits[name]!].filter(([row]) => keep(row)).map(([, hit]) => hit))
  return { metrics: mapNames((name) => share(kept[name]!)), counts: mapNames((name) => kept[name]!.length) }
}

const round = (value: number) => Math.round(value * 10_000) / 10_000

const share = (hits: readonly boolean[]): number | null =>
  hits.length === 0 ? null : round(hits.filter(Boolean).length / hits.length)

const ROUNDS = 1000

/** The 2.5 and 97.5 percentiles of the share over resampled pictures. The same hits give the same interval. */
function interval(hits: readonly boolean[]): [number, number] | null {
  if (hits.length === 0) return null
  let state = 1
  const random = () => {
    // Numerical Recipes' linear congruential generator: resampling asks for no more.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const shares = Array.from({ length: ROUNDS }, () => {
    let found = 0
    for (let i = 0; i < hits.length; i++) found += hits[Math.floor(random() * hits.length)]! ? 1 : 0
    return found / hits.length
  }).sort((a, b) => a - b)
  return [round(shares[Math.floor(0.025 * ROUNDS)]!), round(shares[Math.ceil(0.975 * ROUNDS) - 1]!)]
}

/** A table for people. */
export function formatEvaluation({ metrics, intervals, counts }: Evaluation): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  return metricNames
    .map((name) => {
      const [value, range] = [metrics[name], intervals[name]]
      const shown =
        value == null || !range ? '–' : `${percent(value).padStart(7)}  (${percent(range[0])} to ${percent(range[1])})`
      return `${name.padEnd(15)} ${shown}  n=${counts[name]}`
    })
    .join('\n')
}
