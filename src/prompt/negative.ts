/** Mode `negative`: what the picture is least like, and what goes wrong in pictures. No caption. */
import { chain, estimate, type Vectored } from './chain.ts'
import { write } from './dialect.ts'
import { fitCaption } from './fit.ts'
import { distinctTerms } from './merge.ts'
import { type Composed, chainApproximated } from './mode.ts'
import type { Task } from './options.ts'
import { commaSeparated, includePieces } from './original.ts'
import { arrange, type Draft } from './pieces.ts'
import { excluder, included, originals, volunteers } from './pool.ts'
import { fill } from './select.ts'

/** Rows of a bank that the original's chain chooses from. The original asks for 2,048, which its own vectors afford. */
export const POOL = 512
/** One flavor for so many terms of the negative bank. */
const FLAVOR_SHARE = 8

/**
 * Under this project's rules: a few flavors that the picture is least like, then the defects that it shows least, worst match
 * first. A defect makes no claim about the picture, so the flags of the negative bank do not hold it back.
 * Whatever `spoken` says (the prompt that this one belongs to) is left out.
 */
export async function negative(task: Task, spoken: Draft['terms'] = []): Promise<Composed> {
  const { options, ranker, embedding } = task
  const max = options.max_flavors ?? 32
  const rows = (bank: string) => ranker.banks().find(({ name }) => name === bank)?.rows ?? 0
  const silent = excluder([...options.exclude, ...spoken.map(({ term }) => term)])
  const flavors = task.banks.includes('flavor') ? await volunteers(task, 'flavor', 4 * max, true) : []
  const defects =
    rows('negative') > 0
      ? await ranker.candidates('negative', embedding, Math.min(rows('negative'), POOL), {
          by: 'score',
          reverse: true,
          lang: options.lang,
        })
      : []
  const loud = [flavors, distinctTerms(defects)].map((terms) => terms.filter((term) => !silent(term)))
  let draft: Draft = fitCaption({ caption: '', include: await included(task), terms: [], asChosen: true }, task)
  const share = defects.length > 0 ? Math.ceil(max / FLAVOR_SHARE) : max
  draft = fill(draft, loud[0]!, {}, share, task)
  draft = fill(draft, loud[1]!, {}, max - draft.terms.length, task)
  return { pieces: arrange(draft), similarity: estimate(draft.terms, embedding), warnings: [chainApproximated] }
}

/**
 * Under the original's rules: a chain away from the picture through its worst flavors and the negative bank, begun with the worst
 * of all. As there, the cosine of that first term is not negated when the next must beat it, so a first term with a positive
 * cosine often stays alone.
 */
export async function originalNegative(task: Task): Promise<Composed> {
  const { options, ranker, embedding, counter } = task
  const there = new Set(ranker.banks().map(({ name }) => name))
  const rows = await Promise.all(
    ['flavor', 'negative']
      .filter((bank) => there.has(bank))
      .map((bank) => originals(task, bank, POOL, { reverse: true, vectors: true })),
  )
  const pool = distinctTexts(rows.flat() as Vectored[])
  const [first, ...rest] = pool.sort((a, b) => a.similarity - b.similarity)
  const text = (terms: readonly Vectored[]) => write(commaSeparated(terms), 'plain')
  const found = first
    ? chain(rest, embedding, {
        reverse: true,
        min: options.min_flavors,
        max: options.max_flavors ?? 32,
        start: [first],
        initial: first.similarity,
        full: (chosen) => counter.count(text(chosen)) >= options.token_budget,
      })
    : { terms: [], similarity: 0 }
  const pieces = [...commaSeparated(found.terms), ...(await includePieces(task))]
  return { pieces, similarity: found.similarity, warnings: [chainApproximated] }
}

/** Of rows with equal text the first, as in the original's set of phrases. */
export function distinctTexts<T extends { text: string }>(terms: readonly T[]): T[] {
  const seen = new Set<string>()
  return terms.filter(({ text }) => !seen.has(text) && seen.add(text))
}
