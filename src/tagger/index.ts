/** Booru tags: scores from a tagger, and the rules that make them a list. */
export { type EmbeddedTag, embeddedTags, TAG_BANK, tagConfidence } from './embedded.ts'
export { applyRules, type ScoredTag, type TagList, type TagRules, type TagScores } from './rules.ts'
