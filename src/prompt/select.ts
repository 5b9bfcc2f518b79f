/** What may join a prompt under this project's rules. */
import { roomLeft } from './fit.ts'
import { contradict, mediaOf, ofASchool, schoolless } from './media.ts'
import { dot, nearDuplicate } from './merge.ts'
import type { Task, Term } from './options.ts'
import type { Draft } from './pieces.ts'
import { head, memoized, names, sayTheSame, stems } from './words.ts'

/** How many terms of a bank one prompt has room for; of other banks as many as the budget allows. */
export type Quotas = Readonly<Record<string, number>>

/** More than two kinds of lighting are a list, not a description. */
const SAME_HEAD = 2
/** So many terms of one idea make the point: the fourth vehicle adds none. */
const ONE_IDEA = 3
/** Above this cosine two terms are of one idea. */
const SIMILAR = 0.35
/** A picture that belongs to no school is given an artist only at so many standard deviations. */
const ARTIST_OF_A_PHOTOGRAPH = 4.5

/** Of each line a picture shows one. */
const EXCLUSIVE: readonly (readonly RegExp[])[] = [
  [/\b(winter|snow\w*|frozen|frost\w*)\b/i, /(?<!hot )\bspring\b/i, /\b(summer|tropical)\b/i, /\bautumn\b/i],
  [
    /\b(sunrise|dawn|morning)\b/i,
    /\b(sunset|dusk|golden hour)\b/i,
    /\b(night|nightscape|midnight(?! sun)|moonlight|starry)\b/i,
    /\b(noon|midday|midnight sun)\b/i,
  ],
  [/\b(snow|snowfall)\b/i, /\brain\b(?! of)/i, /\bsunny\b/i],
  [/\blineless\b/i, /\b(line art|lines)\b/i],
]
const states = memoized((text) => EXCLUSIVE.map((group) => group.map((state) => state.test(text))))

/** Whether one text says winter and the other spring. */
function exclude(a: string, b: string): boolean {
  const others = states(b)
  return states(a).some(
    (mine, n) =>
      mine.includes(true) && others[n]!.includes(true) && mine.every((shown, state) => !shown || !others[n]![state]),
  )
}

/** Rows of one bank, all included ones counted. */
const countOf = ({ terms, include }: Draft, bank: string) =>
  [...terms, ...include.flatMap(({ term }) => term ?? [])].filter((term) => term.bank === bank).length

/** The techniques that a prompt is bound to: those of the caption, else of the medium. */
export function techniquesOf({ caption, terms, include }: Draft): ReadonlySet<string> {
  const named = mediaOf(caption)
  if (named.size > 0) return named
  const media = [
    ...include.map(({ text }) => text),
    ...terms.flatMap(({ bank, term }) => (bank === 'medium' ? term : [])),
  ]
  return new Set(media.flatMap((text) => [...mediaOf(text)]))
}

/** Whether `term` adds something to `draft`, contradicts nothing in it, and its bank has room left. */
export function admissible(term: Term, draft: Draft, quotas: Quotas): boolean {
  const { caption, include, terms } = draft
  if (countOf(draft, term.bank) >= (quotas[term.bank] ?? Number.POSITIVE_INFINITY)) return false
  if (names(caption, term.term)) return false
  if (include.some((entry) => sayTheSame(entry.text, term.term) || (entry.term && nearDuplicate(entry.term, term))))
    return false
  if (terms.some((other) => nearDuplicate(other, term))) return false
  const techniques = techniquesOf(draft)
  if (contradict(techniques, mediaOf(term.term))) return false
  if (schoolless(techniques) && !(term.bank === 'artist' ? famous(term) : !ofASchool(term))) return false
  if (term.bank === 'artist') return true
  const said = [caption, ...include.map(({ text }) => text), ...terms.map((other) => other.term)]
  if (said.some((text) => exclude(text, term.term))) return false
  const last = head(term.term)
  if (terms.filter((other) => head(other.term) === last).length >= SAME_HEAD) return false
  return terms.filter((other) => similar(other, term)).length < ONE_IDEA
}

const famous = ({ score, similarity }: Term) => score === similarity || score >= ARTIST_OF_A_PHOTOGRAPH

const similar = (a: Term, b: Term) =>
  a.vector !== undefined && b.vector !== undefined && dot(a.vector, b.vector) > SIMILAR

/**
 * The media that may join `caption`: none where it names the best of them, or another that is no mere generalisation of it
 * (`a painting` leaves room for `an oil painting`, `a watercolor` does not).
 */
export function mediaFor(caption: string, ranked: readonly Term[]): readonly Term[] {
  const [best] = ranked
  if (!best) return []
  const named = ranked.filter(({ term }) => names(caption, term))
  return named.every(({ term }) => term !== best.term && stems(term).every((word) => stems(best.term).includes(word)))
    ? ranked
    : []
}

/** After so many terms that did not fit the prompt is full: the shorter ones behind are not worth the last tokens. */
const MISFITS = 8

/** Adds of `candidates`, in their order, what is admissible and fits, until `max` terms were added. */
export function fill(draft: Draft, candidates: readonly Term[], quotas: Quotas, max: number, task: Task): Draft {
  let filled = draft
  let room = roomLeft(filled, task)
  let [left, misfits] = [max, 0]
  for (const term of candidates) {
    if (left <= 0 || misfits >= MISFITS) break
    if (!admissible(term, filled, quotas)) continue
    const longer = { ...filled, terms: [...filled.terms, term] }
    // What a term takes alone it takes in a prompt too: most that do not fit are told without writing the prompt.
    const then = task.counter.count(term.text) > room ? -1 : roomLeft(longer, task)
    if (then < 0) misfits++
    else [filled, room, left] = [longer, then, left - 1]
  }
  return filled
}

/** The share of the best score that a term must reach: below the model is guessing. */
const SURE = 0.4

/** The terms that the model is sure of, best score first. Without a positive score that is only the best. */
export function surest(terms: readonly Term[]): Term[] {
  const ranked = [...terms].sort(byScore)
  const best = ranked[0]?.score ?? 0
  return ranked.filter(({ score }, n) => n === 0 || (best > 0 && score >= best * SURE))
}

/** Best score first; ties by bank and row, so that an answer never depends on the order of asking. */
function byScore(a: Term, b: Term): number {
  return b.score - a.score || (a.bank < b.bank ? -1 : a.bank > b.bank ? 1 : a.row - b.row)
}
