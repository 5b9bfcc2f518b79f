/**
 * Writes golden.tlx, a small shard with every section, and golden.json, what a search of it must answer, to the last bit:
 * `node --import ./index-build/wasm-hook.ts test/term-index/make-golden.ts`. The answers come from the plain loop, not from the kernel.
 */
import { writeFileSync } from 'node:fs'
import { encodeShard, flagsOf } from '../../src/term-index/index.ts'
import { contentOf, generator, plainSearch, unit } from './support.ts'

const DIMS = 20
export const goldenContent = contentOf({ bank: 'golden', dims: DIMS, terms: 9, seed: 2026 })
const random = generator(7)

export const searches = Array.from({ length: 4 }, () => {
  const query = unit(DIMS, random)
  return [
    { k: 5 },
    { k: 3, reverse: true },
    { k: 4, by: 'similarity' as const },
    { k: 4, mask: 5 },
    { k: 100, mask: 2, reverse: true },
  ].map(({ k, ...options }) => ({
    query: Array.from(query),
    k,
    by: options.by ?? 'score',
    reverse: options.reverse ?? false,
    without: flagsOf(options.mask ?? 0),
    hits: plainSearch(goldenContent, query, k, options),
  }))
}).flat()

if (import.meta.main) {
  writeFileSync(new URL('golden.tlx', import.meta.url), await encodeShard(goldenContent))
  writeFileSync(new URL('golden.json', import.meta.url), `${JSON.stringify({ searches }, null, 1)}\n`)
}
