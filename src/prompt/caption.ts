/** Mode `caption`: the caption, and what the caller insists on. */
import { beginning, type Composed } from './mode.ts'
import type { Task } from './options.ts'
import { captionPiece, includePieces } from './original.ts'
import { arrange } from './pieces.ts'

/** Under this project's rules: as much of it as fits. */
export const caption = async (task: Task): Promise<Composed> => ({ pieces: arrange(await beginning(task)) })

/** Under the original's rules: all of it. */
export const originalCaption = async (task: Task): Promise<Composed> => ({
  pieces: [...captionPiece(task), ...(await includePieces(task))],
})
