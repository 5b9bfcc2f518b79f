/** From rankings to a prompt: modes, rule sets and dialects. Pure functions of what the ranker answers. */
import { TermlensError } from '../errors.ts'
import type { Caption, Warning } from '../types.ts'
import { best, originalBest } from './best.ts'
import { caption, originalCaption } from './caption.ts'
import { classic, originalClassic } from './classic.ts'
import { readText, write } from './dialect.ts'
import { fast, fastDraft, originalFast } from './fast.ts'
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
import { clean, cleanCaption } from './pieces.ts'
import { banksOf } from './pool.ts'
import { reportTerms, round4, type TermList } from './report.ts'
import { mentions } from './words.ts'

export { analyze } from './analyze.ts'
export type { Dialect, InterrogateOptions, InterrogateRequest, Mode, Rules, Sources } from './options.ts'
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
  const options = asList(resolveOptions(request))
  const task: Task = { ...sources, options, banks: banksOf({ ranker: sources.ranker, options }, speakingBanks) }
  const chains = options.mode === 'best' || options.mode === 'negative' || options.with_negative
  if (chains && options.chain === 'full') {
    throw new TermlensError(
      'option_invalid',
      'chain=full encodes every longer prompt, and the model here has no text tower.',
      {
        hint: 'Use chain=hybrid, which follows the chain in embedding space.',
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
    ...(beside && { negative_prompt: write(beside.pieces, asList({ ...options, mode: 'negative' }).dialect) }),
    tokens: sources.counter.count(readText(pieces, options.dialect)),
    caption: sources.caption,
    similarity: similarity === undefined ? null : round4(similarity),
    similarity_source: similarity === undefined ? null : 'estimate',
    terms: reportTerms(terms, options.rules === 'termlens'),
    warnings: distinct([
      ...captionWarnings(task, pieces[0]?.role === 'caption' ? pieces[0].text : ''),
      ...warnings,
      ...(beside?.warnings ?? []),
      ...(await unsure(task, terms.length)),
    ]),
  }
}

/** The negative prompt that accompanies another: without what the caller wants to see, and without what the prompt says. */
function negativeBeside(task: Task, terms: Parameters<typeof negative>[1] & {}): Promise<Composed> {
  const options = asList({ ...task.options, mode: 'negative', include: [], max_flavors: undefined })
  const beside: Task = { ...task, options }
  return task.options.rules === 'original' ? originalNegative(beside) : negative(beside, terms)
}

function captionWarnings({ options, caption }: Task, spoken: string): Warning[] {
  const warnings: Warning[] = []
  if (options.mode === 'negative') return warnings
  const excluded = options.exclude.find((term) => mentions(spoken, term))
  if (excluded !== undefined) {
    warnings.push({ code: 'caption_excluded', message: `The caption itself says "${excluded}", which was excluded.` })
  }
  if (options.rules === 'termlens' && spoken.length < clean(caption.text).replace(/[\s.,;:]+$/, '').length) {
    warnings.push({
      code: 'caption_shortened',
      message: `The caption was ${spoken === '' ? 'left out' : 'shortened'}: token_budget is ${options.token_budget}.`,
    })
  }
  return warnings
}

/** A negative prompt is a list in every dialect: as a sentence it would say what is not to be seen. */
const asList = (options: Task['options']): Task['options'] =>
  options.mode === 'negative' && options.dialect === 'natural' ? { ...options, dialect: 'plain' } : options

/** A prompt with fewer terms than this says little beside its caption. */
const FEW = 3

/** Says so where the model was sure of hardly anything: of what it would say with room for all and nothing asked or forbidden. */
async function unsure(task: Task, said: number): Promise<Warning[]> {
  const { mode, rules, lang } = task.options
  if (rules === 'original' || mode === 'negative' || mode === 'caption' || said >= FEW) return []
  const options = { ...resolveOptions({ lang }), token_budget: Number.POSITIVE_INFINITY }
  const free: Task = { ...task, options, banks: banksOf({ ...task, options }, speakingBanks) }
  const { terms } = await fastDraft({ caption: cleanCaption(task.caption), include: [], terms: [] }, 32, free)
  if (terms.length >= FEW) return []
  const few = terms.length === 0 ? 'no term' : `${terms.length} term${terms.length === 1 ? '' : 's'} only`
  return [{ code: 'unsure', message: `The model was sure of ${few}; analyze shows the others.` }]
}

const distinct = (warnings: readonly Warning[]) =>
  warnings.filter(({ code }, n) => warnings.findIndex((other) => other.code === code) === n)
