/** Tag scores as taggers send them. */
import { z } from 'zod'
import { Failure } from './failure.ts'
import type { Tags } from './types.ts'

export const scores = z.record(z.string().min(1).max(200), z.number().min(0).max(1))

/** The ratings of the WD14 taggers, of their v1 models and of DeepDanbooru. */
const RATING = /^(rating:.+|general|sensitive|questionable|explicit|safe)$/

/** Parts ratings from tags where a server sends both in one object. @throws Failure `bad_answer` when there is no tag */
export function splitTags(all: Record<string, number>): Tags {
  const entries = Object.entries(all)
  const rating = entries.filter(([name]) => RATING.test(name))
  return checkTags({
    rating:
      rating.length > 0
        ? Object.fromEntries(rating.map(([name, score]) => [name.replace(/^rating:/, ''), score]))
        : null,
    tags: Object.fromEntries(entries.filter(([name]) => !RATING.test(name))),
  })
}

export function checkTags(tags: Tags): Tags {
  if (Object.keys(tags.tags).length === 0) throw new Failure('bad_answer', 'the answer holds no tag')
  return tags
}
