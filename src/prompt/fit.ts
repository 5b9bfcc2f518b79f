/** Prompts that fit: the hard budget of this project's rules, and the original's rule of thumb. */
import { TermlensError } from '../errors.ts'
import type { TokenCounter } from '../types.ts'
import { readText } from './dialect.ts'
import { mediaOf } from './media.ts'
import type { Task } from './options.ts'
import { arrange, type Draft } from './pieces.ts'

/**
 * The original's cut. Parts are what stands between comma and space; the first stays always; each next one is tested glued to
 * what is kept *without* the separator, and the first that brings the test to `budget` tokens ends the prompt. So the answer can
 * be longer than what was tested (80 times `cat` leave 38 parts, 75 tokens), and shorter parts behind are lost.
 * `tail` is counted with every test and appended at the end.
 */
export function truncateToFit(text: string, budget: number, counter: TokenCounter, tail = ''): string {
  const [first = '', ...rest] = text.split(', ')
  let kept = first
  for (const part of rest) {
    if (counter.count(kept + part + tail) >= budget) break
    kept += `, ${part}`
  }
  return kept + tail
}

/** Tokens that the reader of the prompt has left. Negative where it is too long. */
export const roomLeft = (draft: Draft, { options, counter }: Pick<Task, 'options' | 'counter'>): number =>
  options.token_budget - counter.count(readText(arrange(draft), options.dialect))

/** Whether the reader of the prompt sees all of it. */
const fits = (draft: Draft, task: Pick<Task, 'options' | 'counter'>): boolean => roomLeft(draft, task) >= 0

/** Ends that a shortened caption must not have. */
const DANGLING = /((^|\s+)(a|an|the|of|in|on|at|to|with|and|or|by|for|from|is|are|its|his|her|their))+$/i

/** Whether `start` ends within the words that name the medium of `caption`: `an oil` of `an oil painting of a boat`. */
function halfAMedium(start: string, caption: string): boolean {
  const [medium = ''] = caption.split(' of ')
  return start !== '' && start.length < medium.length && mediaOf(medium).size > 0 && mediaOf(start).size === 0
}

/**
 * `draft` with as many words of its caption as fit.
 * @throws TermlensError `option_invalid` where the included terms alone do not
 */
export function fitCaption(draft: Draft, task: Pick<Task, 'options' | 'counter'>): Draft {
  if (fits(draft, task)) return draft
  const words = draft.caption.split(' ')
  const first = (n: number) =>
    words
      .slice(0, n)
      .join(' ')
      .replace(DANGLING, '')
      .replace(/[\s.,;:]+$/, '')
  for (let n = words.length - 1; n >= 0; n--) {
    const shorter = { ...draft, caption: first(n) }
    if (!halfAMedium(shorter.caption, draft.caption) && fits(shorter, task)) return shorter
  }
  throw new TermlensError('option_invalid', `The included terms alone exceed ${task.options.token_budget} tokens.`, {
    hint: 'Include fewer terms, or raise token_budget.',
  })
}
