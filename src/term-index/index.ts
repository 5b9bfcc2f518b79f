/**
 * The static index: term banks that are searched where they lie in memory, in workerd, Node and browsers alike.
 * docs/index-format.md is its contract; `openIndex` reads it, `StaticIndex` answers from it, `encodeShard` writes it.
 */
export { sha256Hex } from './digest.ts'
export { encodeShard, type Graph, type ShardContent } from './encode.ts'
export { type Dtype, FLAG, flagMask, flagsOf, type Meta, type Rules, SECTION, VERSION } from './format.ts'
export { planMemory } from './kernel.ts'
export {
  ENGINES,
  type Engine,
  indexVersion,
  type Manifest,
  type ManifestBank,
  manifestText,
  parseManifest,
} from './manifest.ts'
export { canServe, type OpenOptions, openIndex, type ShardSource } from './open.ts'
export { parseShard, type Section, type Shard } from './parse.ts'
export { StaticIndex } from './ranker.ts'
