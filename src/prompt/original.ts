/** What the modes share under clip-interrogator's rules: parts glued as there, cut as there. docs/compat.md says what differs. */
import { write } from './dialect.ts'
import { truncateToFit } from './fit.ts'
import type { Task, Term } from './options.ts'
import { clean, type Piece } from './pieces.ts'
import { included, originals } from './pool.ts'

/** Terms as pieces after a comma. */
export const commaSeparated = (terms: readonly Term[]): Piece[] =>
  terms.map((term) => ({ text: clean(term.text), glue: ', ', role: 'term', term }))

/** The caption as the first piece, if there is one. */
export const captionPiece = ({ caption }: Task): Piece[] => {
  const text = clean(caption.text)
  return text === '' ? [] : [{ text, glue: ', ', role: 'caption' }]
}

/** Included terms, which the original does not know: they stand at the end, and the cut leaves room for them. */
export async function includePieces(task: Task): Promise<Piece[]> {
  return (await included(task)).map((entry) => ({ ...entry, text: clean(entry.text), glue: ', ', role: 'include' }))
}

/** `pieces` as far as the original's cut leaves them, then `tail`. A piece that the cut divides ends where the cut is. */
export function cut(pieces: readonly Piece[], tail: readonly Piece[], { options, counter }: Task): Piece[] {
  const plain = write(pieces, 'plain')
  const ending = tail.map(({ text }) => `, ${text}`).join('')
  let room = truncateToFit(plain, options.token_budget, counter, ending).length - ending.length
  const kept: Piece[] = []
  for (const [n, piece] of pieces.entries()) {
    if (n > 0) room -= piece.glue.length
    if (room <= 0) break
    kept.push({ ...piece, text: piece.text.slice(0, room) })
    room -= piece.text.length
  }
  return [...kept, ...tail]
}

/** The best `k` rows of the bank, if it speaks. */
export const top = async (task: Task, bank: string, k: number, vectors = false): Promise<Term[]> =>
  task.banks.includes(bank) ? originals(task, bank, k, { vectors }) : []

/** The best rows of all banks together, by plain cosine; ties in the order artist, flavor, medium, movement, trending. */
export async function merged(task: Task, k: number, vectors = false): Promise<Term[]> {
  const ranked = await Promise.all(task.banks.map((bank) => originals(task, bank, k, { vectors })))
  return ranked
    .flat()
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, k)
}
