/** A prompt before it is written down: its pieces in order, each clean of what a reader of prompts would obey. */
import type { Caption } from '../types.ts'
import type { Term } from './options.ts'
import type { Included } from './pool.ts'

/** One piece of a prompt and what stands between it and the piece before. */
export interface Piece {
  text: string
  glue: ', ' | ' ' | '，'
  role: 'caption' | 'include' | 'term'
  /** The row it comes from. Captions have none, nor have included terms that no bank knows. */
  term?: Term | undefined
}

/** The parts of a prompt under this project's rules, not yet in order. */
export interface Draft {
  caption: string
  include: readonly Included[]
  terms: readonly Term[]
  /** Keeps the order in which the terms were chosen. */
  asChosen?: true
}

/** Order of the groups. A bank of the user's own speaks where flavors do. */
const ORDER = ['subject', 'medium', 'artist', 'movement', 'flavor', 'trending']
const place = (bank: string) => (ORDER.includes(bank) ? ORDER.indexOf(bank) : ORDER.indexOf('flavor'))

/**
 * `text` on one line, without control or invisible direction characters and without network tags (`<lora:name:1>`), which
 * programs that read prompts would load.
 */
export function clean(text: string): string {
  const line = text.replace(/[\u200b\u202a-\u202e\u2066-\u2069\ufeff]/g, '').replace(/[\s\p{Cc}]+/gu, ' ')
  const bare = line.replace(/<[^<>]*:[^<>]*>|<(?=\s*\w*[a-z_])/gi, ' ')
  return bare === line ? line.trim() : clean(bare)
}

/** The caption as a prompt begins with it: clean, without a final full stop. */
export const cleanCaption = ({ text }: Caption): string => clean(text).replace(/[\s.,;:]+$/, '')

/**
 * Caption, medium, artists, movements, flavors, trending. The first artist follows medium or caption without a comma:
 * `an oil painting by Claude Monet`. Within a group the included terms come first, then the best.
 */
export function arrange({ caption, include, terms, asChosen }: Draft): Piece[] {
  const spoken: Piece[] = [
    ...include.map((piece) => ({ ...piece, glue: ', ' as const, role: 'include' as const })),
    ...terms.map((term) => ({ text: term.text, term, glue: ', ' as const, role: 'term' as const })),
  ]
  const rank = ({ role, term }: Piece) => (role === 'include' ? Number.POSITIVE_INFINITY : (term?.score ?? 0))
  const group = ({ term }: Piece) => (term ? place(term.bank) : ORDER.indexOf('medium') + 0.5)
  const ordered = spoken
    .map((piece) => ({ ...piece, text: clean(piece.text) }))
    .filter(({ text }) => text !== '')
    .sort((a, b) => (asChosen ? 0 : group(a) - group(b) || (rank(a) === rank(b) ? 0 : rank(b) - rank(a))))
  const pieces: Piece[] = caption ? [{ text: caption, glue: ', ', role: 'caption' }, ...ordered] : ordered
  const artist = pieces.findIndex(({ term }) => term?.bank === 'artist')
  const before = pieces[artist - 1]
  if (
    before &&
    /^(by|inspired by) /.test(pieces[artist]!.text) &&
    (before.term?.bank === 'medium' || before.role === 'caption')
  ) {
    pieces[artist] = { ...pieces[artist]!, glue: ' ' }
  }
  return pieces
}
