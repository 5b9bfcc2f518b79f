/** Greedy selection in embedding space: what stands in for encoding every longer prompt anew. */
import { dot } from './merge.ts'
import type { Term } from './options.ts'

/** A row whose vector is at hand. */
export type Vectored = Term & { vector: Float32Array }

export interface ChainRules {
  /** Away from the picture in place of towards it. */
  reverse?: boolean
  /** So many terms are added even where they do not improve. */
  min: number
  max: number
  /** What the prompt says already. */
  start?: readonly Vectored[]
  /** What the first longer prompt must beat. The similarity of `start`, negated in reverse, where it is left out. */
  initial?: number
  /** Whether a term may follow those chosen so far. */
  allows?: (term: Vectored, chosen: readonly Vectored[]) => boolean
  /** Whether the prompt has no room left after these. */
  full?: (chosen: readonly Vectored[]) => boolean
}

/**
 * Estimate of the cosine between the picture and a prompt of these terms: that of the normalised sum of their vectors, 0 of none.
 * A text encoder would answer otherwise, mostly lower; the order of prompts is what it is for.
 */
export function estimate(terms: readonly Term[], image: Float32Array): number {
  const vectors = terms.flatMap(({ vector }) => vector ?? [])
  const sum = new Float32Array(image.length)
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!
  const length = Math.sqrt(dot(sum, sum))
  return length === 0 ? 0 : dot(sum, image) / length
}

/**
 * The original's chain with `estimate` for the similarity of a text (matching pursuit over the term vectors): each step adds the
 * term with which the sum comes nearest to the picture; a step counts while it improves or fewer than `min` were added; what
 * comes back is the best prompt on the way, not the last. Ties go to the earlier row of `pool`.
 */
export function chain(
  pool: readonly Vectored[],
  image: Float32Array,
  { reverse = false, min, max, start = [], initial, allows = () => true, full = () => false }: ChainRules,
): { terms: Vectored[]; similarity: number } {
  const sign = reverse ? -1 : 1
  const onto = new Float64Array(pool.length) // inner product of each row with the sum so far
  const used = new Set<number>()
  let [along, squared] = [0, 0] // inner product of the sum with the picture, and the sum's squared length
  const chosen: Vectored[] = []
  const push = (term: Vectored) => {
    along += dot(term.vector, image)
    squared += 1
    for (const other of chosen) squared += 2 * dot(other.vector, term.vector)
    for (let n = 0; n < pool.length; n++) onto[n]! += dot(pool[n]!.vector, term.vector)
    chosen.push(term)
  }
  for (const term of start) push(term)

  let current = initial ?? (start.length > 0 ? (sign * along) / Math.sqrt(squared) : Number.NEGATIVE_INFINITY)
  let best = { terms: [...chosen], reached: current }
  for (let step = 0; step < max; step++) {
    let winner = -1
    let reached = Number.NEGATIVE_INFINITY
    for (let n = 0; n < pool.length; n++) {
      if (used.has(n)) continue
      const similarity = (sign * (along + pool[n]!.similarity)) / Math.sqrt(Math.max(squared + 2 * onto[n]! + 1, 1e-9))
      if (similarity > reached && allows(pool[n]!, chosen)) [winner, reached] = [n, similarity]
    }
    if (winner < 0 || (reached <= current && step >= min)) break
    used.add(winner)
    push(pool[winner]!)
    current = reached
    if (current > best.reached) best = { terms: [...chosen], reached: current }
    if (full(chosen)) break
  }
  return { terms: best.terms, similarity: estimate(best.terms, image) }
}
