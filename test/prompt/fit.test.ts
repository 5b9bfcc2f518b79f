import { expect, test } from 'vitest'
import { truncateToFit } from '../../src/prompt/fit.ts'
import { compose, type InterrogateRequest } from '../../src/prompt/index.ts'
import { at, counter, memoryRanker, picture, type Row, random } from './helpers.ts'

const cats = (n: number) => Array<string>(n).fill('cat').join(', ')

test("the original's cut leaves 38 of 80 cats: 75 tokens", () => {
  const kept = truncateToFit(cats(80), 75, counter)
  expect(kept).toBe(cats(38))
  expect(counter.count(kept)).toBe(75)
})

test("the original's cut calls a text full from 75 tokens upward", () => {
  const full = Array<string>(73).fill('cat').join(' ')
  expect(truncateToFit(`${full}, a`, 75, counter)).toBe(`${full}, a`) // "cata": one token, 74 in all
  expect(truncateToFit(`${full}, a dog`, 75, counter)).toBe(`${full}, a dog`) // 74 tested, 76 kept
  expect(truncateToFit(`${full}, a dog runs`, 75, counter)).toBe(full)
})

test("the original's cut keeps the first part even where it is too long, and drops what comes after the first overflow", () => {
  const long = Array<string>(90).fill('cat').join(' ')
  expect(truncateToFit(`${long}, dog`, 75, counter)).toBe(long)
  expect(truncateToFit(`${cats(37)}, ${long}, dog`, 75, counter)).toBe(cats(37))
})

test('a caption that is too long is cut between words, without loose ends, and a warning says so', async () => {
  const caption = { text: 'a dog on the roof of the house by the sea', source: 'blip' }
  const { prompt, tokens, warnings, ...answer } = await compose(
    { token_budget: 8 },
    { ranker: memoryRanker({}), embedding: picture, caption, counter },
  )
  expect(prompt).toBe('a dog on the roof of the house')
  expect(tokens).toBe(8)
  expect(warnings.map(({ code }) => code)).toContain('caption_shortened')
  expect(answer.caption).toEqual(caption)
})

test('a caption is never cut down to an article, a preposition or half a medium', async () => {
  const cut = async (text: string, token_budget: number) => {
    const caption = { text, source: 'retrieval' }
    return compose({ token_budget }, { ranker: memoryRanker({}), embedding: picture, caption, counter })
  }
  const valley = 'an oil painting of a river valley'
  for (const [budget, prompt] of [
    [1, ''],
    [2, ''],
    [3, 'an oil painting'],
    [5, 'an oil painting'],
    [6, 'an oil painting of a river'],
  ] as const) {
    const answer = await cut(valley, budget)
    expect(answer.prompt).toBe(prompt)
    expect(answer.warnings.map(({ code }) => code)).toContain('caption_shortened')
  }
  expect((await cut('a black and white photograph of a dog', 4)).prompt).toBe('')
  expect((await cut('line art of an elephant', 1)).prompt).toBe('')
  expect((await cut('the roof of the house', 2)).prompt).toBe('the roof')
})

test('no prompt exceeds the budget: 300 random requests', async () => {
  const draw = random(30)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)]!
  const syllables = [
    'light',
    'sea',
    "o'",
    '—',
    'café',
    '光',
    '(x)',
    'a,',
    'glow',
    '4k',
    '!!',
    'drama',
    'tic ',
    ' by ',
    '😀',
  ]
  const phrase = (most: number) =>
    Array.from({ length: 1 + Math.floor(draw() * most) }, () => pick(syllables)).join(draw() < 0.5 ? ' ' : '')
  for (let n = 0; n < 300; n++) {
    const bank = (size: number): Row[] =>
      Array.from({ length: Math.floor(draw() * size) }, () => ({
        term: phrase(4),
        name: phrase(2),
        at: at(draw(), 1 + Math.floor(draw() * 60)),
      }))
    const ranker = memoryRanker({
      medium: bank(4),
      artist: bank(6),
      movement: bank(6),
      flavor: bank(60),
      trending: bank(4),
      negative: bank(20),
    })
    const caption = { text: draw() < 0.2 ? '' : phrase(draw() < 0.3 ? 150 : 12), source: 'test' }
    const request: InterrogateRequest = {
      mode: pick(['best', 'fast', 'classic', 'negative', 'caption']),
      dialect: pick(['plain', 'sd', 'natural']),
      token_budget: 1 + Math.floor(draw() * 90),
      include: draw() < 0.3 ? [phrase(3)] : [],
      with_negative: draw() < 0.3,
    }
    const { dialect } = request
    const answer = await compose(request, { ranker, embedding: picture, caption, counter }).catch((error) => {
      expect(error).toMatchObject({ code: 'option_invalid' })
    })
    if (!answer) continue
    expect(answer.tokens, JSON.stringify(request)).toBeLessThanOrEqual(request.token_budget!)
    if (dialect !== 'sd') expect(counter.count(answer.prompt)).toBe(answer.tokens)
    if (dialect !== 'sd') expect(counter.count(answer.negative_prompt ?? '')).toBeLessThanOrEqual(request.token_budget!)
  }
})
