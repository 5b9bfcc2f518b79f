/** Mode `fast`: the caption, then the best of all banks together. */

import { withMedium } from './classic.ts'
import { beginning, type Composed } from './mode.ts'
import type { Task } from './options.ts'
import { captionPiece, commaSeparated, cut, includePieces, merged } from './original.ts'
import { arrange, type Draft } from './pieces.ts'
import { volunteers } from './pool.ts'
import { byScore, fill, type Quotas, sure } from './select.ts'

/** How often a bank may speak in a prompt that draws on all of them. */
export const quotas: Quotas = { medium: 1, artist: 2, movement: 2, trending: 1, subject: 3 }
/** Rows asked for a term of the prompt, so that near-duplicates can be passed over. */
const SPARE = 3

/** The terms of a fast prompt, added to `draft`: the medium, then the `max` best of the other banks. */
export async function fastDraft(draft: Draft, max: number, task: Task): Promise<Draft> {
  const others = task.banks.filter((bank) => bank !== 'medium')
  const ranked = await Promise.all(
    others.map((bank) => volunteers(task, bank, SPARE * Math.min(max, quotas[bank] ?? max) + 16)),
  )
  return fill(await withMedium(draft, task), ranked.flatMap(sure).sort(byScore), quotas, max, task)
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
