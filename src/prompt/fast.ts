/** Mode `fast`: the caption, then the best of all banks together. */

import { withMedium } from './classic.ts'
import { beginning, type Composed } from './mode.ts'
import type { Task, Term } from './options.ts'
import { captionPiece, commaSeparated, cut, includePieces, merged } from './original.ts'
import { arrange, type Draft } from './pieces.ts'
import { volunteers } from './pool.ts'
import { fill, type Quotas, surest } from './select.ts'

/** How often a bank may speak in a prompt that draws on all of them. */
export const quotas: Quotas = { medium: 1, artist: 2, movement: 1, trending: 1, subject: 3 }
/** Rows asked for a term of the prompt, so that near-duplicates can be passed over. */
const SPARE = 3

/** `draft` with its medium and its movement: what pictures that were made by hand are told apart by. */
export async function withStyle(draft: Draft, task: Task): Promise<Draft> {
  const made = await withMedium(draft, task)
  if (!task.banks.includes('movement')) return made
  return fill(made, await volunteers(task, 'movement', 16), quotas, 1, task)
}

/** What may follow a beginning: the surest terms of all banks but the medium, at most `most` rows of each. */
export async function candidates(most: number, task: Task): Promise<Term[]> {
  const banks = task.banks.filter((bank) => bank !== 'medium')
  const ranked = await Promise.all(
    banks.map((bank) => volunteers(task, bank, Math.min(most, 16 * (quotas[bank] ?? most)))),
  )
  return surest(ranked.flat())
}

/** How many terms count against `max_flavors`. */
export const besideMedium = ({ terms }: Draft): number => terms.filter(({ bank }) => bank !== 'medium').length

/** The terms of a fast prompt, added to `draft`: medium and movement, then the best of all banks, `max` beside the medium. */
export async function fastDraft(draft: Draft, max: number, task: Task): Promise<Draft> {
  const begun = await withStyle(draft, task)
  return fill(begun, await candidates(SPARE * max + 16, task), quotas, max - besideMedium(begun), task)
}

/** Under this project's rules. */
export async function fast(task: Task): Promise<Composed> {
  return { pieces: arrange(await fastDraft(await beginning(task), task.options.max_flavors ?? 32, task)) }
}

/** Under the original's rules: the best of the merged bank by plain cosine, nothing merged, no shares. */
export async function originalFast(task: Task): Promise<Composed> {
  const pieces = [...captionPiece(task), ...commaSeparated(await merged(task, task.options.max_flavors ?? 32))]
  return { pieces: cut(pieces, await includePieces(task), task) }
}
