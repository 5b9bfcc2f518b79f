/** What every mode answers. */
import type { Warning } from '../types.ts'
import { fitCaption } from './fit.ts'
import type { Task } from './options.ts'
import { cleanCaption, type Draft, type Piece } from './pieces.ts'
import { included } from './pool.ts'

export interface Composed {
  pieces: Piece[]
  /** Estimated similarity of the prompt, where the mode chooses by it. */
  similarity?: number
  warnings?: Warning[]
}

export const chainApproximated: Warning = {
  code: 'chain_approximated',
  message:
    'The chain was followed in embedding space: longer prompts were not encoded, their similarity is an estimate.',
}

/** Included terms and as much of the caption as the budget leaves room for. @throws TermlensError `option_invalid` */
export async function beginning(task: Task): Promise<Draft> {
  return fitCaption({ caption: cleanCaption(task.caption), include: await included(task), terms: [] }, task)
}
