/** Mode `best`: the classic prompt, the fast one and one grown term by term, of which the nearest to the picture wins. */
import { chain, estimate, type Vectored } from './chain.ts'
import { classicDraft, originalClassicPieces } from './classic.ts'
import { write } from './dialect.ts'
import { besideMedium, candidates, fastDraft, quotas, withStyle } from './fast.ts'
import { roomLeft } from './fit.ts'
import { beginning, type Composed, chainApproximated } from './mode.ts'
import { distinctTexts, POOL } from './negative.ts'
import type { Task } from './options.ts'
import { captionPiece, commaSeparated, cut, includePieces, merged } from './original.ts'
import { arrange, type Draft, type Piece } from './pieces.ts'
import { admissible } from './select.ts'

/** The chain chooses among so many of the surest terms. From more it would pick what happens to fill a gap in the sum. */
const CHAIN_POOL = 64

const termsOf = (pieces: readonly Piece[]) => pieces.flatMap(({ term }) => term ?? [])

/** The first of those with the largest estimated similarity. */
function nearest(candidates: readonly Piece[][], { embedding }: Task): Composed {
  const ranked = candidates.map((pieces) => ({ pieces, similarity: estimate(termsOf(pieces), embedding) }))
  const best = ranked.reduce((best, other) => (other.similarity > best.similarity ? other : best))
  return { ...best, warnings: [chainApproximated] }
}

/** Medium and movement, then term after term towards the picture, of what joins the prompt without repeating or overflowing it. */
async function chainDraft(draft: Draft, max: number, task: Task): Promise<Draft> {
  const seeded = await withStyle(draft, task)
  const longer = (terms: readonly Vectored[]) => ({ ...seeded, terms })
  const room: number[] = [] // tokens left, by number of terms chosen
  const { terms } = chain((await candidates(CHAIN_POOL, task)).slice(0, CHAIN_POOL) as Vectored[], task.embedding, {
    min: task.options.min_flavors,
    max: max - besideMedium(seeded),
    start: seeded.terms as Vectored[],
    allows: (term, chosen) => {
      room[chosen.length] ??= roomLeft(longer(chosen), task)
      if (task.counter.count(term.text) > room[chosen.length]! || !admissible(term, longer(chosen), quotas))
        return false
      return roomLeft(longer([...chosen, term]), task) >= 0
    },
  })
  return longer(terms)
}

/** Under this project's rules. */
export async function best(task: Task): Promise<Composed> {
  const max = task.options.max_flavors ?? 32
  const draft = await beginning(task)
  const classic = await classicDraft(draft, task.options.max_flavors ?? 3, task)
  const drafts = [draft, classic, await fastDraft(draft, max, task), await chainDraft(draft, max, task)]
  return nearest(drafts.map(arrange), task)
}

/** Under the original's rules: caption, classic (with the flavors of `best`, not 3), fast and the chain; the first of the nearest. */
export async function originalBest(task: Task): Promise<Composed> {
  const { options, counter } = task
  const max = options.max_flavors ?? 32
  const caption = captionPiece(task)
  const tail = await includePieces(task)
  const pool = await merged(task, POOL, true)
  const text = (terms: readonly Vectored[]) => write([...caption, ...commaSeparated(terms)], 'plain')
  const grown = chain(distinctTexts(pool as Vectored[]), task.embedding, {
    min: options.min_flavors,
    max,
    full: (chosen) => counter.count(text(chosen)) >= options.token_budget,
  })
  const classic = cut(await originalClassicPieces(task, max, true), tail, task)
  const fast = cut([...caption, ...commaSeparated(pool.slice(0, max))], tail, task)
  return nearest([[...caption, ...tail], classic, fast, [...caption, ...commaSeparated(grown.terms), ...tail]], task)
}
