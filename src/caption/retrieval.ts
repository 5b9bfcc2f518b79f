/** A caption without a captioner: the medium and the subjects that the picture is nearest to, as a phrase. */
import type { Candidate, Caption, Flag, Label, Ranker } from '../types.ts'
import { list, withArticle } from './grammar.ts'

export interface RetrievalOptions {
  /** Labels that the caption may name; all where it is left out. */
  accept?: (label: Label) => boolean
}

const RESERVED: readonly Flag[] = ['unproven', 'unsafe']
const POOL = 64
/** So many of the best rows vote on the first subject. */
const VOTERS = 16
const MOST_SUBJECTS = 3
/**
 * Standard deviations above ordinary below which a caption does not name a subject, nor a medium beside one. On validation pictures
 * the best subject is right in 35 % from 3 upward, in 76 % from 5, and hardly ever below 3. Rows without calibration pass.
 */
const FLOORS = { subject: 3, medium: 1.5 }
const reaches = ({ score, similarity }: Candidate, floor: number) => score === similarity || score >= floor
/**
 * A further subject must score well above the last row of the pool (by this share of its own score) and be another thing than those
 * named (cosine below this). Measured with the embedded model on 360 validation pictures: further subjects are right in one of three
 * cases so, in one of seven without, and few pictures get one.
 */
const STANDS_OUT = 0.68
const ANOTHER_THING = 0.3

/**
 * `a watercolor painting of a lighthouse and a sailing boat`, from banks `medium` and `subject`. One to three subjects, for one right
 * subject is better than three doubtful ones. The text is empty where neither bank has anything to say.
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
  const [best] = media
  const subjects = pickSubjects(all.filter(({ term }) => !best || !repeats(term, best.text)))
  const medium = best && (subjects.length === 0 || reaches(best, FLOORS.medium)) ? best.text : ''
  const shown = list(subjects.map(({ text }) => withArticle(text)))
  const between = medium.includes(' of ') ? ' with ' : ' of '
  return { text: [medium, shown].filter((text) => text !== '').join(between), source: 'retrieval' }
}

/** Kinds of thing that are medium and subject at once: of a screenshot one does not say that it shows a web page. */
const KINDS = [/\b(screenshot|website|web ?page|user interface|software|video game)/, /\b(map|diagram)\b/]

/** Whether the medium says it already: no portrait of a portrait, no sketch of a pencil sketch. */
function repeats(term: string, medium: string): boolean {
  const both = [term, medium].map((text) => text.toLowerCase())
  if (KINDS.some((kind) => both.every((text) => kind.test(text)))) return true
  const [subject, technique] = both.map((text) => text.replace(/s\b/g, '').split(/[\s-]+/)) as [string[], string[]]
  return subject.includes(technique.at(-1)!) || subject.every((word) => technique.includes(word))
}

/** The subject that the best rows agree on, then others that stand out as much and are something else. All vote, those above the floor are eligible. */
function pickSubjects(ranked: readonly Candidate[]): Candidate[] {
  const eligible = ranked.filter((row) => reaches(row, FLOORS.subject))
  if (eligible.length === 0) return []
  const chosen = [agreed(ranked.slice(0, VOTERS), ranked[VOTERS]?.score ?? 0, eligible)]
  const last = ranked.at(-1)!.score
  for (const row of eligible) {
    if (chosen.length >= MOST_SUBJECTS || row.score <= 0 || 1 - last / row.score < STANDS_OUT) break
    if (chosen.every((other) => dot(other.vector, row.vector) < ANOTHER_THING)) chosen.push(row)
  }
  return chosen
}

/** The eligible voter nearest to the sum of all, each weighed by how far it scores above `floor`: of ski, skier and skiing the one in the middle. */
function agreed(voters: readonly Candidate[], floor: number, eligible: readonly Candidate[]): Candidate {
  const sum = new Float32Array(voters[0]!.vector.length)
  for (const { vector, score } of voters) {
    for (let i = 0; i < sum.length; i++) sum[i]! += Math.max(score - floor, 0) * vector[i]!
  }
  return eligible
    .slice(0, voters.length)
    .reduce((best, row) => (dot(row.vector, sum) > dot(best.vector, sum) ? row : best))
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
