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
  expect(sayTheSame('photorealism', 'photorealistic')).toBe(true)
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
  for (const [medium, flavor] of [
    ['a photograph of a jug', 'botanical illustration'],
    ['an emoji', '3D render'],
    ['an emoji', 'pencil sketch'],
    ['a floor plan', 'black and white photography'],
    ['a blueprint of a floor plan', 'screen print'],
    ['a screenshot of a user interface', 'ukiyo-e print'],
    ['a microscope image', 'Otomi embroidery'],
    ['a vector illustration', 'photorealistic'],
  ] as const) {
    expect(contradict(mediaOf(medium), mediaOf(flavor)), `${medium}, ${flavor}`).toBe(true)
  }
  for (const [medium, flavor] of [
    ['a floor plan', 'technical drawing'],
    ['line art', 'vector art'],
    ['a video game screenshot', 'pixel art'],
    ['a woman reading a map, a photograph', 'film photograph'],
    ['a painting', 'photorealistic'],
  ] as const) {
    expect(contradict(mediaOf(medium), mediaOf(flavor)), `${medium}, ${flavor}`).toBe(false)
  }
})
