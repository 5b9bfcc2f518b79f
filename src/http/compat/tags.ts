/** Tags with confidences, from bank `tag`. */
import type { Reading } from './reading.ts'

export interface Tag {
  /** As booru programs write it, with underscores. */
  name: string
  /** Row number in the bank: the order of the model. */
  row: number
  /** 0 to 1. */
  confidence: number
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

/** All tags, most certain first. */
export async function tagsOf(reading: Reading): Promise<Tag[]> {
  const rows = await reading.tags()
  return rows.map(({ term, row, score }) => ({
    name: term.replaceAll(' ', '_'),
    row,
    confidence: Number(tagConfidence(score).toFixed(6)),
  }))
}

/** A backslash before each of `\ ( )`: what keeps a prompt from reading them as weights. */
export const escapeBrackets = (name: string): string => name.replaceAll(/[\\()]/g, '\\$&')

export const byName = (a: Tag, b: Tag): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
