/** What an answer says about the terms of a prompt. */
import type { Flag, Ranked } from '../types.ts'

export interface ReportedTerm {
  term: string
  /** As it stands in a prompt, where that is more than the term: `by Claude Monet`. */
  text?: string
  name?: string
  /** Plain cosine. */
  similarity: number
  /** The calibrated value, where there is one. */
  score?: number
  flags?: Flag[]
}

/** Per bank, in order. */
export type TermList = Record<string, ReportedTerm[]>

export const round4 = (value: number): number => Math.round(value * 1e4) / 1e4

/** A row as answers show it. `calibrated` is false where the order follows the similarity. */
export function reportTerm({ term, text, name, similarity, score, flags }: Ranked, calibrated = true): ReportedTerm {
  return {
    term,
    ...(text !== term && { text }),
    ...(name !== undefined && { name }),
    similarity: round4(similarity),
    ...(calibrated && score !== similarity && { score: round4(score) }),
    ...(flags.length > 0 && { flags }),
  }
}

/** Rows grouped by bank, each group in the order given. */
export function reportTerms(terms: readonly Ranked[], calibrated = true): TermList {
  const groups = Map.groupBy(terms, ({ bank }) => bank)
  return Object.fromEntries([...groups].map(([bank, rows]) => [bank, rows.map((row) => reportTerm(row, calibrated))]))
}
