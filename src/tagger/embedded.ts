/** The tagger that needs nothing: the embedded model over bank `tag`. It has no ratings and no characters. */
import type { Ranker } from '../types.ts'

export const TAG_BANK = 'tag'

export interface EmbeddedTag {
  /** As booru programs write it, with underscores. */
  tag: string
  /** In the language asked for, where the bank has it. */
  name?: string
  /** 0 to 1. */
  confidence: number
  /** Row number in the bank: the order of the model. */
  row: number
}

/** The calibrated score at which a tag is as likely to hold as not, and how fast certainty grows with it. */
const MIDPOINT = 2.5
const STEEPNESS = 1.25

/**
 * A calibrated score as a confidence between 0 and 1, so that thresholds made for taggers mean something: a logistic curve, monotone.
 * Its two numbers are chosen for how many tags a threshold leaves, over 40 calibration pictures: above 0.35, which stands at a score
 * of 2.0, a picture has 10 tags (median; 25 at the 90th percentile), above 0.5, at 2.5, it has 4.
 */
export const tagConfidence = (score: number): number => 1 / (1 + Math.exp(-STEEPNESS * (score - MIDPOINT)))

/** All tags that the model was shown to know, most certain first; none where there is no such bank. */
export async function embeddedTags(ranker: Ranker, embedding: Float32Array, lang = 'en'): Promise<EmbeddedTag[]> {
  const rows = ranker.banks().find(({ name }) => name === TAG_BANK)?.rows ?? 0
  if (rows === 0) return []
  const ranked = await ranker.rank(TAG_BANK, embedding, rows, { by: 'score', without: ['unproven', 'unsafe'], lang })
  return ranked.map(({ term, name, score, row }) => ({
    tag: term.replaceAll(' ', '_'),
    ...(name !== undefined && { name }),
    confidence: Number(tagConfidence(score).toFixed(6)),
    row,
  }))
}
