/** Mode `classic`: the caption, then the best medium, artist, movement, trending and a few flavors. */
import { beginning, type Composed } from './mode.ts'
import type { Task } from './options.ts'
import { captionPiece, commaSeparated, cut, includePieces, top } from './original.ts'
import { arrange, type Draft, type Piece } from './pieces.ts'
import { volunteers } from './pool.ts'
import { fill, mediaFor, surest } from './select.ts'

/** `draft` with the medium that it lacks, if the bank speaks and the caption names none. */
export async function withMedium(draft: Draft, task: Task): Promise<Draft> {
  if (!task.banks.includes('medium')) return draft
  return fill(draft, mediaFor(draft.caption, await volunteers(task, 'medium', MEDIA)), QUOTAS, 1, task)
}

/** Media looked through for those that a caption may name. */
const MEDIA = 64
const QUOTAS = { medium: 1, artist: 1, movement: 1, trending: 1 }
/** Rows asked for where one is needed, so that one that repeats the caption can be passed over. */
const SPARE = 16

/** The terms of a classic prompt, added to `draft`: one of each small bank, `max` flavors and rows of the user's own banks. */
export async function classicDraft(draft: Draft, max: number, task: Task): Promise<Draft> {
  const small = ['artist', 'movement'].filter((bank) => task.banks.includes(bank))
  const large = task.banks.filter((bank) => !(bank in QUOTAS))
  let filled = await withMedium(draft, task)
  for (const bank of small) filled = fill(filled, await volunteers(task, bank, SPARE), QUOTAS, 1, task)
  for (const bank of large)
    filled = fill(filled, surest(await volunteers(task, bank, max * 4 + SPARE)), QUOTAS, max, task)
  if (!task.banks.includes('trending')) return filled
  return fill(filled, await volunteers(task, 'trending', SPARE), QUOTAS, 1, task)
}

/** Under this project's rules. */
export async function classic(task: Task): Promise<Composed> {
  return { pieces: arrange(await classicDraft(await beginning(task), task.options.max_flavors ?? 3, task)) }
}

/**
 * The pieces of the original's classic prompt, not yet cut: `CAPTION, MEDIUM ARTIST, TRENDING, MOVEMENT, FLAVORS`, without the
 * medium where the caption starts with it, letter by letter.
 */
export async function originalClassicPieces(task: Task, max: number, vectors = false): Promise<Piece[]> {
  const [medium, artist, trending, movement, flavors] = await Promise.all([
    top(task, 'medium', 1, vectors),
    top(task, 'artist', 1, vectors),
    top(task, 'trending', 1, vectors),
    top(task, 'movement', 1, vectors),
    top(task, 'flavor', max, vectors),
  ])
  const caption = captionPiece(task)
  const named = medium[0] !== undefined && caption[0]?.text.startsWith(medium[0].text)
  const opening = [...caption, ...commaSeparated(named ? [] : medium)]
  const signed = commaSeparated(artist).map((piece) => ({ ...piece, glue: ' ' as const }))
  return [...opening, ...signed, ...commaSeparated([...trending, ...movement, ...flavors])]
}

/** Under the original's rules. */
export async function originalClassic(task: Task): Promise<Composed> {
  const pieces = await originalClassicPieces(task, task.options.max_flavors ?? 3)
  return { pieces: cut(pieces, await includePieces(task), task) }
}
