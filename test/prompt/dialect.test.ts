import { expect, test } from 'vitest'
import { escapeBrackets, unescapeBrackets, write } from '../../src/prompt/dialect.ts'
import { compose } from '../../src/prompt/index.ts'
import { clean } from '../../src/prompt/pieces.ts'
import { at, caption, counter, galleryRanker, memoryRanker, picture, random } from './helpers.ts'

const sources = { ranker: galleryRanker, embedding: picture, caption, counter }

/** Characters that mean something to a front end, and a few that do not. */
const hostile = (draw: () => number, length: number) =>
  Array.from(
    { length },
    () => [...'()[]\\<>:|{}lora0.8,\n\r\t\u2028\u202e\0 AND BREAK'][Math.floor(draw() * 42)] ?? 'x',
  ).join('')

test('escaping and what a front end undoes are each other’s inverse', () => {
  const draw = random(31)
  for (let n = 0; n < 2000; n++) {
    const text = hostile(draw, 1 + Math.floor(draw() * 20))
    expect(unescapeBrackets(escapeBrackets(text))).toBe(text)
    expect(escapeBrackets(text).replace(/\\./gs, '')).not.toMatch(/[()[\]\\]/)
  }
})

test('no term or caption brings in a line break, a network tag or an unescaped bracket', async () => {
  const draw = random(32)
  for (let n = 0; n < 200; n++) {
    const ranker = memoryRanker({
      flavor: Array.from({ length: 6 }, (_, i) => ({ term: hostile(draw, 12) + i, at: at(0.5, i + 1) })),
    })
    const attack = { text: `a cat <lora:evil:1>\n<lo<lora:x:1>ra:y:2> ${hostile(draw, 20)}`, source: 'test' }
    for (const dialect of ['plain', 'sd', 'natural'] as const) {
      const request = { dialect, include: ['fine\n<lora:worse:1> print'] }
      const { prompt } = await compose(request, { ranker, embedding: picture, caption: attack, counter })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(prompt).not.toMatch(/[\x00-\x1f\u2028\u202e]|<\s*\d*[a-z_]\w*\s*:/i)
      if (dialect === 'sd') expect(prompt.replace(/\\./g, '')).not.toMatch(/[()[\]\\<>]|\b(AND|BREAK)\b/)
    }
  }
})

test('clean text stays as it is', () => {
  for (const text of ['a cat, by O’Keeffe (detail)', '<3', 'ratio 16:9', '猫']) expect(clean(text)).toBe(text)
})

test('sd: weights follow the scores, from 0.8 to 1.4, on request alone', async () => {
  const plain = await compose({ mode: 'classic', dialect: 'sd' }, sources)
  expect(plain.prompt).not.toContain(':1')
  const { prompt, tokens } = await compose({ mode: 'classic', dialect: 'sd', weights: true }, sources)
  expect(prompt).toBe(
    'a lighthouse on a cliff, (a watercolor painting:1.4) (by Winslow Homer:1.28), (impressionism:1.04), (soft light:1.35), (sea spray:1.3), (wet on wet:1.23), trending on artstation',
  )
  expect(tokens).toBe(plain.tokens)
})

test('sd: a sure artist does not play the flavors down: the best of each bank weighs 1 or more', async () => {
  const calibrated = (term: string, axis: number, score: number) => ({ term, at: at(0.5, axis), bonus: score - 0.5 })
  const ranker = memoryRanker({
    artist: [{ ...calibrated('Isaac Levitan', 1, 5.1), text: 'by Isaac Levitan' }],
    flavor: [calibrated('meandering river', 2, 2.4), calibrated('mist', 3, 2.1)],
  })
  const { prompt } = await compose({ dialect: 'sd', weights: true }, { ...sources, ranker })
  expect(prompt).toBe('a lighthouse on a cliff (by Isaac Levitan:1.4), meandering river, (mist:0.94)')
})

test('a negative prompt is a list, never a sentence that says what is not to be seen', async () => {
  const alone = await compose({ mode: 'negative', max_flavors: 6, dialect: 'natural' }, sources)
  expect(alone.prompt).toBe('cyberpunk city, watermark, bad anatomy, extra limbs, blurry')
  const { prompt, negative_prompt } = await compose({ dialect: 'natural', with_negative: true }, sources)
  expect(prompt).toMatch(/^A lighthouse.*\.$/)
  expect(negative_prompt).toMatch(/watermark, bad anatomy/)
  expect(negative_prompt).not.toMatch(/\.$| and /)
})

test('sd: brackets in a term are escaped within its weight', async () => {
  const ranker = memoryRanker({
    flavor: [
      { term: 'neon (glow)', at: at(0.6, 1) },
      { term: 'mist', at: at(0.5, 2) },
    ],
  })
  const { prompt } = await compose({ dialect: 'sd', weights: true }, { ...sources, ranker })
  expect(prompt).toBe('a lighthouse on a cliff, (neon \\(glow\\):1.4), (mist:0.8)')
})

test('natural: a sentence', async () => {
  const { prompt } = await compose({ mode: 'classic', dialect: 'natural' }, sources)
  expect(prompt).toBe(
    'A lighthouse on a cliff, as a watercolor painting by Winslow Homer, in the style of impressionism, trending on artstation: soft light, sea spray and wet on wet.',
  )
  const bare = await compose(
    { dialect: 'natural', banks: ['flavor'], max_flavors: 2, caption: '' },
    { ...sources, caption: { text: '', source: 'x' } },
  )
  expect(bare.prompt).toBe('Soft light and sea spray.')
})

test('natural: artists, sites and prizes read as English', () => {
  const piece = (bank: string, text: string) => ({
    text,
    glue: ', ' as const,
    role: 'term' as const,
    term: { bank, text, term: text, flags: [], row: 0, similarity: 0, score: 0 },
  })
  const sentence = (...pairs: [string, string][]) =>
    write(
      pairs.map(([bank, text]) => piece(bank, text)),
      'natural',
    )
  expect(sentence(['medium', 'digital art'], ['artist', 'by A'], ['artist', 'inspired by B'])).toBe(
    'Digital art by A and inspired by B.',
  )
  expect(sentence(['artist', 'by A'], ['artist', 'by B'])).toBe('A work by A and B.')
  expect(sentence(['trending', 'artstation contest winner'])).toBe('An artstation contest winner.')
  expect(sentence(['medium', 'a print'], ['trending', 'flickr'])).toBe('A print, as seen on flickr.')
})
