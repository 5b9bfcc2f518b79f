/**
 * Calibration of rows. In spaces of this kind a few texts are near every picture, and a text that means nothing to the model is near some
 * by chance; ranked by plain cosine both come too often. So each row has
 *
 *   score = evidence · (cosine − μ / 2) / σ₀
 *
 * μ is the mean of the row's cosine over the calibration pictures, σ₀ the median over the bank's rows of the standard deviation: scores
 * count standard deviations of the bank and can be compared between banks. Half of μ goes, because the mean of a common label is high
 * for a reason; dividing by the row's own deviation would punish just the rows that tell pictures apart. Both were measured on the validation
 * pictures: docs/models.md.
 */
import { createDots } from './float-dots.ts'

export interface Calibration {
  /** μ / 2 of each row. */
  offset: Float32Array
  /** evidence / σ₀ of each row, greater than 0. */
  scale: Float32Array
}

/** A row without any evidence keeps an order among its like. */
const LEAST_EVIDENCE = 0.05

/**
 * Mean and standard deviation of each row's cosine over the pictures, 0 where there are none.
 * @param vectors of the rows, unit length @param pictures embeddings of the calibration pictures, unit length
 */
export async function measureSpread(
  vectors: readonly Float32Array[],
  pictures: readonly Float32Array[],
): Promise<{ mean: Float64Array; deviation: Float64Array }> {
  const mean = new Float64Array(vectors.length)
  const deviation = new Float64Array(vectors.length)
  if (pictures.length === 0) return { mean, deviation }
  const dots = await createDots(pictures, pictures[0]!.length)
  for (const [row, vector] of vectors.entries()) {
    const cosines = dots(vector)
    const middle = sum(cosines) / cosines.length
    mean[row] = middle
    deviation[row] = Math.sqrt(cosines.reduce((total, x) => total + (x - middle) * (x - middle), 0) / cosines.length)
  }
  return { mean, deviation }
}

/** @param statistics of a bank's rows: spread over at least two pictures, and evidence, 0 to 1 */
export function calibrate(statistics: {
  mean: Float64Array
  deviation: Float64Array
  evidence: Float32Array
}): Calibration {
  const { mean, deviation, evidence } = statistics
  const typical = median(deviation) || 1
  return {
    offset: Float32Array.from(mean, (middle) => middle / 2),
    scale: evidence.map((share) => Math.max(share, LEAST_EVIDENCE) / typical),
  }
}

const sum = (values: Float64Array): number => values.reduce((total, x) => total + x, 0)

/** The middle value, the upper of the two middle ones of an even count; 0 of none. */
const median = (values: Float64Array): number => values.toSorted()[Math.floor(values.length / 2)] ?? 0
