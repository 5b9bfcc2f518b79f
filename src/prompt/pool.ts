/** What may speak: rows of the banks that are asked for, without what the request excludes. */
import { TermlensError } from '../errors.ts'
import type { Flag, Label, Ranked } from '../types.ts'
import { distinctTerms } from './merge.ts'
import type { Task, Term } from './options.ts'
import { clean } from './pieces.ts'
import { mentions, stems } from './words.ts'

/** Rows that are never volunteered: what the build could not show the model to know, and what is not for every audience. */
const RESERVED: readonly Flag[] = ['unproven', 'unsafe']
/** How many rows of a bank are looked through for a term that the caller insists on. */
const LOOKUP_ROWS = 20_000

const isArtists = (term: string) => /^artists?$/i.test(term.trim())

/** Whether `exclude` forbids a label: by a word in its text, term or name, or, with `artists`, by naming a person. */
export function excluder(exclude: readonly string[]): (label: Label) => boolean {
  const people = exclude.some(isArtists)
  const terms = exclude.filter((term) => !isArtists(term))
  return (label) =>
    (people && label.flags.includes('person')) ||
    terms.some((term) => [label.text, label.term, label.name ?? ''].some((text) => mentions(text, term)))
}

/** Banks that feed captions, tags and negative prompts. Whatever else an index has, its owner added to be heard. */
const FEEDING: readonly string[] = ['subject', 'tag', 'negative']

/** The banks of a positive prompt: those of the request that the ranker has, or all that speak. `exclude=artists` takes the artist bank away. */
export function banksOf({ ranker, options }: Pick<Task, 'ranker' | 'options'>, speaking: readonly string[]): string[] {
  const there = new Set(ranker.banks().map(({ name }) => name))
  const silent = options.exclude.some(isArtists) ? ['negative', 'artist'] : ['negative']
  const own = [...there].filter((bank) => !speaking.includes(bank) && !FEEDING.includes(bank))
  return [...new Set(options.banks ?? [...speaking, ...own])].filter(
    (bank) => there.has(bank) && !silent.includes(bank),
  )
}

/**
 * Standard deviations above ordinary that a term must reach to be volunteered. Measured on validation pictures with the embedded model: at
 * these, six of ten movements are right, and one in ten pictures that no known artist made is given one.
 */
const FLOORS: Readonly<Record<string, number>> = { artist: 3.25, movement: 2.75, medium: 1.5 }
const FLOOR = 2

/** Whether the model is sure enough of a row to say it unasked. A row without calibration has its cosine as score and passes. */
const confident = ({ bank, score, similarity }: Ranked): boolean =>
  score === similarity || score >= (FLOORS[bank] ?? FLOOR)

/** `steam`, `behance`: as a bare word the name of a site says nothing to who did not ask for it. */
const bare = ({ bank, text, term }: Ranked) => bank === 'trending' && text === term

/** Terms of a bank under this project's rules: by calibrated score, distinct, with vectors. */
export async function volunteers(task: Task, bank: string, k: number, reverse = false): Promise<Term[]> {
  const { options, ranker, embedding } = task
  const without = options.exclude.some(isArtists) ? [...RESERVED, 'person' as const] : RESERVED
  const rows = await ranker.candidates(bank, embedding, k, {
    without,
    by: 'score',
    reverse,
    lang: options.lang,
  })
  const excluded = excluder(options.exclude)
  const asked = options.banks?.includes(bank)
  return distinctTerms(rows.filter((row) => asked || !bare(row))).filter(
    (row) => !excluded(row) && (reverse || confident(row)),
  )
}

/** Rows of a bank as the original ranks them: by plain cosine, every row for itself. Vectors only where they are asked for. */
export async function originals(
  { options, ranker, embedding }: Task,
  bank: string,
  k: number,
  { reverse = false, vectors = false } = {},
): Promise<Term[]> {
  const without: Flag[] = options.exclude.some(isArtists) ? ['person'] : []
  const ask = { without, by: 'similarity' as const, reverse, lang: options.lang }
  const rows = await (vectors ? ranker.candidates(bank, embedding, k, ask) : ranker.rank(bank, embedding, k, ask))
  const excluded = excluder(options.exclude)
  return rows.filter((row) => !excluded(row))
}

/** A term that the caller insists on, as it will be written, with the row it was found at. */
export interface Included {
  text: string
  term?: Term | undefined
}

function sameWords(a: string, b: string): boolean {
  const key = stems(a).join(' ')
  return key !== '' && key === stems(b).join(' ')
}

/**
 * The `include` terms, each with its row where a speaking bank has it (at most 20,000 rows of a bank are looked through).
 * Of spellings that differ in case alone the first counts.
 * @throws TermlensError `option_invalid` where a term is excluded as well, or nothing of it can be written
 */
export async function included(task: Task): Promise<Included[]> {
  const { include, exclude, lang } = task.options
  for (const text of include) {
    if (clean(text).replace(/[<>]/g, '').trim() === '') {
      throw new TermlensError('option_invalid', `Nothing of the included term "${text}" can stand in a prompt.`, {
        hint: 'Tags such as <lora:name:1> are taken out of prompts; include words.',
      })
    }
    const against = exclude.find((term) => !isArtists(term) && mentions(text, term))
    if (against === undefined) continue
    throw new TermlensError('option_invalid', `"${text}" is included and "${against}" excluded.`, {
      hint: 'Take the term out of one of the two lists.',
    })
  }
  const found: Included[] = include
    .filter((text, n) => include.findIndex((other) => other.toLowerCase() === text.toLowerCase()) === n)
    .map((text) => ({ text }))
  if (found.length === 0) return found
  for (const { name, rows } of task.ranker.banks().filter(({ name }) => task.banks.includes(name))) {
    const ranked = await task.ranker.rank(name, task.embedding, Math.min(rows, LOOKUP_ROWS), { by: 'score', lang })
    for (const entry of found) {
      entry.term ??= ranked.find(({ text, term }) => sameWords(text, entry.text) || sameWords(term, entry.text))
    }
  }
  return found.map(({ text, term }) => (term ? { text: writeAs(term, text), term } : { text }))
}

/** The text of `row` with the caller's spelling in it: `by claude monet` for `claude monet`. */
function writeAs(row: Term, spelling: string): string {
  if (row.text.includes(spelling)) return row.text
  const text = row.text.replace(row.term, () => spelling)
  return text.includes(spelling) ? text : spelling
}
