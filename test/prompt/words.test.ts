import { expect, test } from 'vitest'
import { contradict, mediaOf } from '../../src/prompt/media.ts'
import { mentions, names, sayTheSame } from '../../src/prompt/words.ts'

test('near-duplicates in words', () => {
  for (const [a, b] of [
    ['soft light', 'soft lighting'],
    ['a watercolor painting', 'watercolour paintings'],
    ['by Claude Monet', 'in the style of Monet'],
    ['post-impressionism', 'post impressionism'],
    ['grey', 'gray tones'],
    ['misty mornings', 'misty morning'],
  ] as const) {
    expect(sayTheSame(a, b), `${a} / ${b}`).toBe(true)
  }
  for (const [a, b] of [
    ['soft light', 'hard light'],
    ['cat', 'intricate'],
    ['the', 'of'],
    ['', 'mist'],
  ] as const) {
    expect(sayTheSame(a, b), `${a} / ${b}`).toBe(false)
  }
})

test('a caption names a term only with its words in a row', () => {
  expect(names('An Oil Painting of a cat', 'oil painting')).toBe(true)
  expect(names('a photo of a cat', 'a photograph')).toBe(true)
  expect(names('a painting of an oil lamp', 'an oil painting')).toBe(false)
})

test('mentions: whole words, any case and number; other scripts by character', () => {
  expect(mentions('Golden Retrievers', 'retriever')).toBe(true)
  expect(mentions('intricate', 'cat')).toBe(false)
  expect(mentions('印象派油画', '油画')).toBe(true)
  expect(mentions('c++ code', '++')).toBe(true)
})

test('techniques contradict where both are named and differ', () => {
  expect(contradict(mediaOf('a photograph'), mediaOf('gouache'))).toBe(true)
  expect(contradict(mediaOf('a watercolor'), mediaOf('impasto'))).toBe(false)
  expect(contradict(mediaOf('a photograph'), mediaOf('soft light'))).toBe(false)
})
