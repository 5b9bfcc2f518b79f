/** From rankings to a prompt: modes, rule sets and dialects. Pure functions of what the ranker answers. */
import { TermlensError } from '../errors.ts'
import type { Caption, Warning } from '../types.ts'
import { best, originalBest } from './best.ts'
import { caption, originalCaption } from './caption.ts'
import { classic, originalClassic } from './classic.ts'
import { readText, write } from './dialect.ts'
import { fast, originalFast } from './fast.ts'
import { localPrompt } from './local.ts'
import type { Composed } from './mode.ts'
import { negative, originalNegative } from './negative.ts'
import {
  type InterrogateRequest,
  type Mode,
  type Rules,
  resolveOptions,
  type Sources,
  speakingBanks,
  type Task,
} from './options.ts'
import { clean } from './pieces.ts'
import { banksOf } from './pool.ts'
import { reportTerms, round4, type TermList } from './report.ts'
import { mentions } from './words.ts'

export { analyze } from './analyze.ts'
export type { Dialect, InterrogateOptions, InterrogateRequest, Mode, Rules, Sources } from './options.ts'
export { defaults, speakingBanks } from './options.ts'
export { excluder } from './pool.ts'
export type { ReportedTerm, TermList } from './report.ts'
export { type ClipTokenizer, createTokenCounter } from './tokenizer/bpe.ts'

/** A prompt and what it is made of. */
export interface Composition {
  prompt: string
  /** The same pieces in the language asked for, unless that is English. */
  prompt_local?: string
  negative_prompt?: string
  /** Tokens of `prompt` for its reader. */
  tokens: number
  /** As it came, whatever of it is in the prompt. */
  caption: Caption
  /** Cosine between picture and prompt, where the mode chose by it. */
  similarity: number | null
  similarity_source: 'estimate' | null
  /** What speaks in `prompt`, per bank, best first. Included terms that no bank knows are not listed. */
  terms: TermList
  warnings: Warning[]
}

const MODES: Record<Mode, Record<Rules, (task: Task) => Promise<Composed>>> = {
  best: { termlens: best, original: originalBest },
  fast: { termlens: fast, original: originalFast },
  classic: { termlens: classic, original: originalClassic },
  negative: { termlens: negative, original: originalNegative },
  caption: { termlens: caption, original: originalCaption },
}

/**
 * The prompt for a picture. The same request, sources and ranker give the same answer, always.
 * @throws TermlensError `option_invalid` where included terms are excluded too or exceed the budget, or a full chain is asked for
 */
export async function compose(request: InterrogateRequest, sources: Sources): Promise<Composition> {
  const options = resolveOptions(request)
  const task: Task = { ...sources, options, banks: banksOf({ ranker: sources.ranker, options }, speakingBanks) }
  const chains = options.mode === 'best' || options.mode === 'negative' || options.with_negative
  if (chains && options.chain === 'full') {
    throw new TermlensError(
      'option_invalid',
      'chain=full encodes every longer prompt, and the model here has no text tower.',
      {
        hint: 'Use chain=hybrid, or a model with a text tower in Node (termlens models list).',
      },
    )
  }
  const { pieces, similarity, warnings = [] } = await MODES[options.mode][options.rules](task)
  const terms = pieces.flatMap(({ term }) => term ?? [])
  const beside = options.with_negative && options.mode !== 'negative' ? await negativeBeside(task, terms) : undefined
  // A negative prompt is ordered by what the picture is least like: scores would weigh it the wrong way round.
  const weights = options.weights && options.mode !== 'negative'
  const local = localPrompt(pieces, { ...options, weights })
  return {
    prompt: write(pieces, options.dialect, weights),
    ...(local !== undefined && { prompt_local: local }),
    ...(beside && { negative_prompt: write(beside.pieces, options.dialect) }),
    tokens: sources.counter.count(readText(pieces, options.dialect)),
    caption: sources.caption,
    similarity: similarity === undefined ? null : round4(similarity),
    similarity_source: similarity === undefined ? null : 'estimate',
    terms: reportTerms(terms, options.rules === 'termlens'),
    warnings: distinct([
      ...captionWarnings(task, pieces[0]?.role === 'caption' ? pieces[0].text : ''),
      ...warnings,
      ...(options.rules === 'original' ? (beside?.warnings ?? []) : []),
      ...unsure(options, terms.length),
    ]),
  }
}

/** The negative prompt that accompanies another: without what the caller wants to see, and without what the prompt says. */
function negativeBeside(task: Task, terms: Parameters<typeof negative>[1] & {}): Promise<Composed> {
  const beside: Task = { ...task, options: { ...task.options, include: [], max_flavors: undefined } }
  return task.options.rules === 'original' ? originalNegative(beside) : negative(beside, terms)
}

function captionWarnings({ options, caption }: Task, spoken: string): Warning[] {
  const warnings: Warning[] = []
  if (options.mode === 'negative' || spoken === '') return warnings
  const excluded = options.exclude.find((term) => mentions(spoken, term))
  if (excluded !== undefined) {
    warnings.push({ code: 'caption_excluded', message: `The caption itself says "${excluded}", which was excluded.` })
  }
  if (options.rules === 'termlens' && spoken.length < clean(caption.text).replace(/[\s.,;:]+$/, '').length) {
    warnings.push({
      code: 'caption_shortened',
      message: `The caption was shortened to fit ${options.token_budget} tokens.`,
    })
  }
  return warnings
}

/** A prompt with fewer terms than this says little beside its caption. */
const FEW = 3

/** Says so where the model was sure of hardly anything. */
function unsure({ mode, rules }: Task['options'], count: number): Warning[] {
  if (rules === 'original' || mode === 'negative' || mode === 'caption' || count >= FEW) return []
  return [{ code: 'unsure', message: `The model was sure of ${count} terms only; analyze shows the others.` }]
}

const distinct = (warnings: readonly Warning[]) =>
  warnings.filter(({ code }, n) => warnings.findIndex((other) => other.code === code) === n)
