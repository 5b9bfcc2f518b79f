/**
 * Calibration of rows against hubs. In spaces of this kind a few texts are near every picture; ranked by plain cosine they come first
 * everywhere. Each row's cosine is therefore taken relative to what it is on ordinary pictures:
 *
 *   score = (cosine − μ) / √((σ² + σ₀²) / 2)
 *
 * μ and σ are the mean and standard deviation of the row's cosine over the calibration pictures, σ₀ the median σ of its bank. A row of
 * ordinary spread is simply standardised; σ₀ keeps rows that hardly respond to pictures from being blown up. Scores count standard deviations,
 * so they can be compared between rows and between banks.
 */
import { createDots } from './float-dots.ts'

export interface Calibration {
  /** μ of each row. */
  offset: Float32Array
  /** 1 / √((σ² + σ₀²) / 2) of each row, greater than 0. */
  scale: Float32Array
}

/** Fewer pictures than this say nothing about spread. */
const MIN_PICTURES = 2

/**
 * @param vectors of the rows, unit length @param pictures embeddings of the calibration pictures, unit length
 * @returns null where there are fewer than two pictures
 */
export async function calibrate(
  vectors: readonly Float32Array[],
  pictures: readonly Float32Array[],
): Promise<Calibration | null> {
  if (pictures.length < MIN_PICTURES) return null
  const offset = new Float32Array(vectors.length)
  const deviation = new Float64Array(vectors.length)
  const dots = await createDots(pictures, pictures[0]!.length)
  for (const [row, vector] of vectors.entries()) {
    const cosines = dots(vector)
    const mean = sum(cosines) / cosines.length
    offset[row] = mean
    deviation[row] = Math.sqrt(cosines.reduce((total, x) => total + (x - mean) * (x - mean), 0) / cosines.length)
  }
  const typical = median(deviation)
  const scale = Float32Array.from(deviation, (own) => {
    const spread = Math.sqrt((own * own + typical * typical) / 2)
    return spread > 0 ? 1 / spread : 1
  })
  return { offset, scale }
}

const sum = (values: Float64Array): number => values.reduce((total, x) => total + x, 0)

/** The middle value, the upper of the two middle ones of an even count; 0 of none. */
const median = (values: Float64Array): number => values.toSorted()[Math.floor(values.length / 2)] ?? 0
