/** A caption without a captioner: the medium and the subjects that the picture is nearest to, as a phrase. */
import type { Candidate, Caption, Flag, Label, Ranker } from '../types.ts'
import { list, withArticle } from './grammar.ts'

export interface RetrievalOptions {
  /** Labels that the caption may name; all where it is left out. */
  accept?: (label: Label) => boolean
}

const RESERVED: readonly Flag[] = ['unproven', 'unsafe']
const POOL = 24
const MOST_SUBJECTS = 3
/** A further subject must score at least this share of the first, */
const NEARLY_AS_SURE = 0.6
/** and bring the sum of the vectors nearer to the picture by this factor: two sides of a picture do, two words for one thing do not. */
const GAIN = 1.1

/**
 * `a watercolor painting of a lighthouse and a sailing boat`, from banks `medium` and `subject`. One to three subjects: another is
 * named only where it explains what the first leaves open, for one right subject is better than three doubtful ones.
 * The text is empty where neither bank has anything to say.
 */
export async function retrieveCaption(
  ranker: Ranker,
  embedding: Float32Array,
  { accept = () => true }: RetrievalOptions = {},
): Promise<Caption> {
  const there = new Set(ranker.banks().map(({ name }) => name))
  const ranked = async (bank: string) =>
    there.has(bank)
      ? (await ranker.candidates(bank, embedding, POOL, { without: RESERVED, by: 'score' })).filter(accept)
      : []
  const [media, all] = await Promise.all([ranked('medium'), ranked('subject')])
  const medium = media[0]?.text ?? ''
  const subjects = pickSubjects(all.filter(({ term }) => !within(term, medium)))
  const shown = list(subjects.map(({ text }) => withArticle(text)))
  return { text: [medium, shown].filter((text) => text !== '').join(' of '), source: 'retrieval' }
}

/** Whether the medium says it already: no portrait of a portrait. */
const within = (term: string, medium: string) => ` ${medium.toLowerCase()} `.includes(` ${term.toLowerCase()} `)

/** The best subject, then each that brings the sum of vectors clearly nearer to the picture. */
function pickSubjects(ranked: readonly Candidate[]): Candidate[] {
  const [first, ...others] = ranked
  if (!first) return []
  const chosen = [first]
  const sum = Float32Array.from(first.vector)
  let [along, reached] = [first.similarity, first.similarity]
  while (chosen.length < MOST_SUBJECTS && reached > 0) {
    let next: Candidate | undefined
    let best = reached * GAIN
    for (const other of others) {
      if (chosen.includes(other) || other.score < NEARLY_AS_SURE * first.score) continue
      const cosine = (along + other.similarity) / Math.sqrt(dot(sum, sum) + 2 * dot(sum, other.vector) + 1)
      if (cosine > best) [next, best] = [other, cosine]
    }
    if (!next) break
    chosen.push(next)
    along += next.similarity
    reached = best
    for (let i = 0; i < sum.length; i++) sum[i]! += next.vector[i]!
  }
  return chosen
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
