/** Recall of an index's engine against exact search with float vectors. */
import type { Shard, StaticIndex } from '../src/term-index/index.ts'
import { createDots } from './float-dots.ts'

export const KS = [1, 10, 32] as const
/** For each k the share, 0 to 1, of the k best rows that the engine finds among its k best. */
export type Recall = Record<(typeof KS)[number], number>

const MOST = Math.max(...KS)

/** The numbers of the rows that a search finds, best first. */
export type Find = (query: Float32Array, k: number) => number[] | Promise<number[]>

/**
 * Rows whose float value equals that of the k-th best or exceeds it count as found.
 * @param vectors of the bank's rows, as the encoder made them @param queries of unit length
 * @param by `score` applies the rows' calibration to both sides
 */
export async function measureRecall(
  index: StaticIndex,
  bank: string,
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  by: 'similarity' | 'score',
): Promise<Recall> {
  const { calibration } = index.shard(bank)
  const find: Find = async (query, k) => (await index.rank(bank, query, k, { by })).map(({ row }) => row)
  return recallOf(find, vectors, queries, by === 'score' ? calibration : null)
}

/** Like `measureRecall`, of any search. @param calibration of the rows, where values are scores */
export async function recallOf(
  find: Find,
  vectors: readonly Float32Array[],
  queries: readonly Float32Array[],
  calibration: Shard['calibration'] = null,
): Promise<Recall> {
  const dots = await createDots(vectors, queries[0]?.length ?? 0)
  const found: Recall = { 1: 0, 10: 0, 32: 0 }
  for (const query of queries) {
    const values = dots(query)
    if (calibration) {
      for (let row = 0; row < values.length; row++)
        values[row] = (values[row]! - calibration.offset[row]!) * calibration.scale[row]!
    }
    const sorted = values.toSorted()
    const rows = await find(query, MOST)
    for (const k of KS) {
      const wanted = Math.min(k, vectors.length)
      const least = sorted[vectors.length - wanted]!
      const hits = rows.slice(0, wanted).filter((row) => values[row]! >= least).length
      found[k] += wanted > 0 ? hits / wanted : 1
    }
  }
  for (const k of KS) found[k] /= queries.length
  return found
}

/**
 * Whether a recall of the `k` best falls short of a threshold. What so few queries cannot express is rounded to a whole row: with four
 * pictures one row that rounding swaps is a quarter of recall@1.
 */
export const fallsShort = (recall: Recall, k: (typeof KS)[number], threshold: number, queries: number): boolean =>
  recall[k] < Math.floor(threshold * k * queries) / (k * queries) - 1e-9
