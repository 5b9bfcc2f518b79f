/** Recall of an index's engine against exact search with float vectors. */
import type { StaticIndex } from '../src/term-index/index.ts'
import { createDots } from './float-dots.ts'

export const KS = [1, 10, 32] as const
/** For each k the share, 0 to 1, of the k best rows that the engine finds among its k best. */
export type Recall = Record<(typeof KS)[number], number>

const MOST = Math.max(...KS)

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
  const { calibration, dims } = index.shard(bank)
  const dots = await createDots(vectors, dims)
  const found: Recall = { 1: 0, 10: 0, 32: 0 }
  for (const query of queries) {
    const values = dots(query)
    if (by === 'score' && calibration) {
      for (let row = 0; row < values.length; row++)
        values[row] = (values[row]! - calibration.offset[row]!) * calibration.scale[row]!
    }
    const sorted = values.toSorted()
    const ranked = await index.rank(bank, query, MOST, { by })
    for (const k of KS) {
      const wanted = Math.min(k, vectors.length)
      const least = sorted[vectors.length - wanted]!
      const hits = ranked.slice(0, wanted).filter(({ row }) => values[row]! >= least).length
      found[k] += wanted > 0 ? hits / wanted : 1
    }
  }
  for (const k of KS) found[k] /= queries.length
  return found
}
