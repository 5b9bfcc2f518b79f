/**
 * From a tagger's scores to tags, as the WD14 taggers' own demo does it, with the additions of the web-UI extension
 * (§5.1): additional and excluded tags, order, underscores, escaping, weights. Pure functions.
 */

export interface ScoredTag {
  /** As booru programs write it, with underscores. */
  tag: string
  name?: string
  /** 0 to 1. */
  confidence: number
}

/** What a tagger says. Null: it does not rate, or does not tell characters from the rest. */
export interface TagScores {
  rating: Readonly<Record<string, number>> | null
  general: readonly ScoredTag[]
  characters: readonly ScoredTag[] | null
}

export interface TagRules {
  general_threshold: number
  /** The threshold is where the confidences drop most. */
  general_mcut: boolean
  character_threshold: number
  character_mcut: boolean
  /** Tags that are there whatever the tagger says, with confidence 1. */
  additional_tags: readonly string[]
  /** Tags that never are, in either spelling. */
  exclude: readonly string[]
  /** `hair` goes where `long hair` is. */
  drop_overlap: boolean
  sort: 'confidence' | 'name'
  /** Keep underscores. */
  underscores: boolean
  /** In the string: a backslash before parentheses, so that no prompt reads them as weights. */
  escape: boolean
  /** In the string: `(tag:0.98)`. */
  weights: boolean
  /** Characters stand in the string too, first. */
  merge_characters: boolean
}

/** The four panes of the original: the string, the rating, the characters, the general tags. `tags` are both groups together. */
export interface TagList {
  string: string
  rating: Record<string, number> | null
  characters: ScoredTag[] | null
  general: ScoredTag[]
  tags: ScoredTag[]
}

/** The names that are faces, not words: their underscores stay. */
const KAOMOJI = new Set(
  '0_0 (o)_(o) +_+ +_- ._. <o>_<o> <|>_<|> =_= >_< 3_3 6_9 >_o @_@ ^_^ o_o u_u x_x |_| ||_||'.split(' '),
)

/** The least that MCut asks of a character. */
const CHARACTER_FLOOR = 0.15

export function applyRules({ rating, general, characters }: TagScores, rules: TagRules): TagList {
  const least = rules.general_mcut ? mcut(general) : undefined
  const kept = above(general, least ?? rules.general_threshold)
  const cut = rules.character_mcut && characters ? mcut(characters) : undefined
  const people =
    characters && above(characters, cut === undefined ? rules.character_threshold : Math.max(CHARACTER_FLOOR, cut))
  const order = rules.sort === 'name' ? byName : byConfidence
  const finish = (tags: readonly ScoredTag[]) => {
    const left = withoutExcluded(tags, rules)
    return (rules.drop_overlap ? withoutOverlap(left, rules) : left)
      .map((tag) => ({ ...tag, tag: spelled(tag.tag, rules) }))
      .sort(order)
  }
  const shown = { general: finish(withAdditional(kept, people ?? [], rules)), characters: people && finish(people) }
  const written = [...(rules.merge_characters ? (shown.characters ?? []) : []), ...shown.general]
  return {
    ...shown,
    tags: [...(shown.characters ?? []), ...shown.general].sort(order),
    rating: rating && { ...rating },
    string: written.map((tag) => inString(tag, rules)).join(', '),
  }
}

/** Strictly greater, as there. */
const above = (tags: readonly ScoredTag[], threshold: number) => tags.filter(({ confidence }) => confidence > threshold)

/**
 * Maximum cut (Largeron, Moulin and Géry, 2012): the middle of the largest drop between neighbours in descending order, the first of
 * equal ones. Nothing where there are no neighbours.
 */
export function mcut(tags: readonly Pick<ScoredTag, 'confidence'>[]): number | undefined {
  const sorted = tags.map(({ confidence }) => confidence).sort((a, b) => b - a)
  let best: { drop: number; middle: number } | undefined
  for (let t = 0; t + 1 < sorted.length; t++) {
    const [high, low] = [sorted[t]!, sorted[t + 1]!]
    if (!best || high - low > best.drop) best = { drop: high - low, middle: (high + low) / 2 }
  }
  return best?.middle
}

/** One spelling for what users write in several: case, and spaces for underscores. */
const folded = (tag: string) => tag.trim().toLowerCase().replaceAll(' ', '_')

/** One that was found already is not there twice: it has confidence 1 then. */
function withAdditional(tags: readonly ScoredTag[], others: readonly ScoredTag[], { additional_tags }: TagRules) {
  const added = new Map(additional_tags.map((tag) => [folded(tag), tag.trim().replaceAll(' ', '_')]))
  const kept = tags.map((tag) => (added.delete(folded(tag.tag)) ? { ...tag, confidence: 1 } : tag))
  for (const { tag } of others) added.delete(folded(tag))
  return [...kept, ...[...added.values()].map((tag) => ({ tag, confidence: 1 }))]
}

function withoutExcluded(tags: readonly ScoredTag[], { exclude }: TagRules) {
  const excluded = new Set(exclude.map(folded))
  return tags.filter(({ tag }) => !excluded.has(folded(tag)))
}

/** Without the tags whose words stand, in this order, in another one. What the caller added stays. */
function withoutOverlap(tags: readonly ScoredTag[], { additional_tags }: TagRules) {
  const words = (tag: string) => `_${folded(tag)}_`
  const added = new Set(additional_tags.map(folded))
  return tags.filter(
    ({ tag }) =>
      added.has(folded(tag)) ||
      !tags.some((other) => words(other.tag) !== words(tag) && words(other.tag).includes(words(tag))),
  )
}

const spelled = (tag: string, { underscores }: TagRules) =>
  underscores || KAOMOJI.has(tag) ? tag : tag.replaceAll('_', ' ')

const byName = (a: ScoredTag, b: ScoredTag) => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0)
const byConfidence = (a: ScoredTag, b: ScoredTag) => b.confidence - a.confidence

function inString({ tag, confidence }: ScoredTag, rules: TagRules): string {
  const text = rules.escape ? tag.replaceAll(/[()]/g, '\\$&') : tag
  return rules.weights ? `(${text}:${confidence.toFixed(2)})` : text
}
