/** The best terms of each bank, flagged ones included: what the model sees, before any rule of composition. */
import type { Ranker } from '../types.ts'
import { distinctTerms } from './merge.ts'
import { resolveOptions } from './options.ts'
import { reportTerm, type TermList } from './report.ts'

/** A term has at most so many templates in the shipped banks; a few more rows cost nothing. */
const TEMPLATES = 4

/** The `top_k` best terms of each of `banks` that the ranker has, every term once, by calibrated score. */
export async function analyze(
  ranker: Ranker,
  embedding: Float32Array,
  banks: readonly string[],
  top_k: number,
  lang = 'en',
): Promise<TermList> {
  const there = new Set(ranker.banks().map(({ name }) => name))
  const ask = { by: 'score' as const, lang: resolveOptions({ lang }).lang }
  const list: TermList = {}
  for (const bank of banks.filter((name) => there.has(name))) {
    const ranked = await ranker.rank(bank, embedding, top_k * TEMPLATES, ask)
    list[bank] = distinctTerms(ranked)
      .slice(0, top_k)
      .map((row) => reportTerm(row))
  }
  return list
}
