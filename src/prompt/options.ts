/** What a caller may ask of `compose`, with the defaults of the HTTP contract. Ranges are checked where requests come in. */
import type { Candidate, Caption, Ranked, Ranker, TokenCounter } from '../types.ts'

export type Mode = 'best' | 'fast' | 'classic' | 'negative' | 'caption'
export type Rules = 'termlens' | 'original'
export type Dialect = 'plain' | 'sd' | 'natural'

export interface InterrogateOptions {
  mode: Mode
  /** `termlens`: this project's rules. `original`: clip-interrogator's, to the letter. */
  rules: Rules
  /** Of `best` and `negative`: `full` re-encodes every step and needs a text encoder. */
  chain: 'hybrid' | 'full'
  /** Most terms beside caption and medium; in `classic` most flavors. 32, in `classic` 3. */
  max_flavors?: number | undefined
  /** Of `best` and `negative`: so many terms are taken even where they do not bring the prompt nearer. */
  min_flavors: number
  /** Which banks may speak: artist, flavor, medium, movement and trending where it is left out. */
  banks?: readonly string[] | undefined
  include: readonly string[]
  /** Terms, or `artists`: the artist bank and every other term that names a person. */
  exclude: readonly string[]
  caption?: string | undefined
  with_negative: boolean
  token_budget: number
  dialect: Dialect
  /** With dialect `sd`: write `(term:1.2)`. */
  weights: boolean
  lang: string
}

/** Options as they are asked for: what is missing has its default. */
export type InterrogateRequest = { [K in keyof InterrogateOptions]?: InterrogateOptions[K] | undefined }

export const defaults: Readonly<InterrogateOptions> = {
  mode: 'fast',
  rules: 'termlens',
  chain: 'hybrid',
  min_flavors: 8,
  include: [],
  exclude: [],
  with_negative: false,
  token_budget: 75,
  dialect: 'plain',
  weights: false,
  lang: 'en',
}

/** The banks that speak where no others are asked for, in the order of the original's merged bank. */
export const speakingBanks = ['artist', 'flavor', 'medium', 'movement', 'trending'] as const

/** What a prompt is made from. */
export interface Sources {
  ranker: Ranker
  /** Of the picture, unit length. */
  embedding: Float32Array
  caption: Caption
  counter: TokenCounter
}

/** A request on its way: resolved options, the sources, and the banks that are asked for and there. */
export interface Task extends Sources {
  options: InterrogateOptions
  banks: readonly string[]
}

/** A ranked row, with its vector where that was asked for. */
export type Term = Ranked & Partial<Pick<Candidate, 'vector'>>

/** `request` with defaults in place of what it leaves out. */
export function resolveOptions(request: InterrogateRequest): InterrogateOptions {
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
  const options: InterrogateOptions = { ...defaults, ...given }
  return { ...options, lang: /^zh(-|$)/i.test(options.lang) ? 'zh-CN' : options.lang }
}
