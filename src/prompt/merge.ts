/** Near-duplicates: two terms of which a reader of the prompt needs one. */
import type { Term } from './options.ts'
import { sayTheSame } from './words.ts'

/** Above this cosine two terms mean the same to the model. */
const SAME_VECTOR = 0.93

/** Inner product: the cosine of two unit vectors. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** The same term through another template, the same words, all words of the other, or nearly the same vector. */
export function nearDuplicate(a: Term, b: Term): boolean {
  if (a.bank === b.bank && a.term === b.term) return true
  if (sayTheSame(a.term, b.term)) return true
  return a.vector !== undefined && b.vector !== undefined && dot(a.vector, b.vector) > SAME_VECTOR
}

/** The first row of each term: of `by X` and `inspired by X` the one that ranks higher. */
export function distinctTerms<T extends Term>(ranked: readonly T[]): T[] {
  const seen = new Set<string>()
  return ranked.filter(({ bank, term }) => {
    const key = `${bank}\n${term.toLowerCase()}`
    return !seen.has(key) && seen.add(key)
  })
}
