/** How pieces are written down for whoever reads the prompt. */
import type { Dialect } from './options.ts'
import type { Piece } from './pieces.ts'

const WEIGHTS = { least: 0.8, most: 1.4 }

/** Brackets and backslashes as Stable Diffusion front ends read them: as characters, not as emphasis. */
export const escapeBrackets = (text: string): string => text.replace(/[\\()[\]]/g, '\\$&')

/** What a front end makes of `escapeBrackets(text)`. */
export const unescapeBrackets = (text: string): string => text.replace(/\\([\\()[\]])/g, '$1')

/** The front ends also obey upper-case AND and BREAK, and anything in angle brackets. */
const sdText = (text: string) =>
  escapeBrackets(text.replace(/[<>]/g, '').replace(/\b(AND|BREAK)\b/g, (word) => word.toLowerCase()))

/**
 * A weight for every piece that has a row: 0.8 for the lowest score of the prompt, 1.4 for the highest, straight between. A bank
 * whose best term comes out below 1 is raised as a whole until that stands at 1: a sure artist does not play the flavors down.
 */
export function weightsOf(pieces: readonly Piece[]): (number | undefined)[] {
  const scores = pieces.flatMap(({ term }) => term?.score ?? [])
  const [low, high] = [Math.min(...scores), Math.max(...scores)]
  const scaled = (score: number) =>
    high === low ? 1 : WEIGHTS.least + ((WEIGHTS.most - WEIGHTS.least) * (score - low)) / (high - low)
  return pieces.map(({ term }) => {
    if (!term) return undefined
    const best = Math.max(...pieces.flatMap((other) => (other.term?.bank === term.bank ? other.term.score : [])))
    return Math.round((scaled(term.score) + Math.max(1 - scaled(best), 0)) * 100) / 100
  })
}

const join = (pieces: readonly Piece[], write: (piece: Piece, n: number) => string) =>
  pieces.map((piece, n) => (n > 0 ? piece.glue : '') + write(piece, n)).join('')

function stableDiffusion(pieces: readonly Piece[], weighted: boolean): string {
  const written = pieces
    .map((piece) => ({ ...piece, text: sdText(piece.text) }))
    .filter(({ text }) => text.trim() !== '')
  const weights = weighted ? weightsOf(written) : []
  return join(written, ({ text }, n) =>
    weights[n] === undefined || weights[n] === 1 ? text : `(${text}:${weights[n]})`,
  )
}

/** `a`, `a and b`, `a, b and c`. */
const list = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`

function trending(text: string): string {
  if (/^(trending|featured) /.test(text)) return text
  if (text.endsWith(' contest winner')) return `${/^[aeiou]/i.test(text) ? 'an' : 'a'} ${text}`
  return `as seen on ${text}`
}

function byline(artists: readonly string[]): string {
  if (artists.every((text) => text.startsWith('by '))) return `by ${list(artists.map((text) => text.slice(3)))}`
  return list(artists.map((text) => (/^(by|inspired by) /.test(text) ? text : `in the manner of ${text}`)))
}

/** One sentence: `A lighthouse, as an oil painting by Claude Monet, in the style of impressionism, trending on artstation: soft light and mist.` */
function sentence(pieces: readonly Piece[]): string {
  const texts = (...banks: string[]) =>
    pieces.flatMap((piece) => (banks.includes(piece.term?.bank ?? '') ? piece.text : []))
  const caption = pieces.flatMap(({ role, text }) => (role === 'caption' ? text : []))
  const media = list(texts('medium'))
  const opening = [...caption, ...texts('subject')]
  const artists = texts('artist')
  const clauses = [opening.join(', '), media && opening.length > 0 ? `as ${media}` : media].filter(
    (text) => text !== '',
  )
  if (artists.length > 0) clauses.push(`${clauses.pop() ?? 'a work'} ${byline(artists)}`)
  const movements = texts('movement')
  if (movements.length > 0) clauses.push(`in the style of ${list(movements)}`)
  clauses.push(...texts('trending').map(trending))
  const known = ['subject', 'medium', 'artist', 'movement', 'trending']
  const rest = list(
    pieces.flatMap(({ role, text, term }) => (role === 'caption' || known.includes(term?.bank ?? '') ? [] : text)),
  )
  const whole = [clauses.join(', '), rest].filter((text) => text !== '').join(': ')
  return whole === '' ? '' : `${whole[0]!.toUpperCase()}${whole.slice(1)}.`
}

/** The prompt. Weights are written in dialect `sd` alone. */
export function write(pieces: readonly Piece[], dialect: Dialect, weights = false): string {
  if (dialect === 'natural') return sentence(pieces)
  return dialect === 'sd' ? stableDiffusion(pieces, weights) : join(pieces, ({ text }) => text)
}

/** The text whose tokens count: front ends take the escapes and weights of `sd` away before they encode. */
export const readText = (pieces: readonly Piece[], dialect: Dialect): string =>
  write(pieces, dialect === 'natural' ? 'natural' : 'plain')
