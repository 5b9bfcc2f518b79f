import { expect, test } from 'vitest'
import { analyze, compose, type InterrogateRequest } from '../../src/prompt/index.ts'
import { at, caption, counter, gallery, galleryRanker, memoryRanker, picture, type Row } from './helpers.ts'

const sources = { ranker: galleryRanker, embedding: picture, caption, counter }
const ask = (request: InterrogateRequest, others: Partial<typeof sources> = {}) =>
  compose(request, { ...sources, ...others })

test('termlens, classic: one of each small bank, three flavors, nothing said twice', async () => {
  expect(await ask({ mode: 'classic' })).toMatchObject({
    prompt:
      'a lighthouse on a cliff, a watercolor painting by Winslow Homer, impressionism, soft light, sea spray, wet on wet, trending on artstation',
    tokens: 29,
    similarity: null,
    similarity_source: null,
    warnings: [],
  })
})

test('termlens, fast: the best of all banks, in an order that reads', async () => {
  const { prompt } = await ask({ mode: 'fast' })
  expect(prompt).toBe(
    'a lighthouse on a cliff, a watercolor painting by Winslow Homer, by Claude Monet, impressionism, soft light, sea spray, wet on wet, muted colors, misty morning, Monet garden, neon (glow), trending on artstation',
  )
})

test('termlens, best: an estimate above that of fast and classic, and a warning that it is one', async () => {
  const { prompt, similarity, similarity_source, warnings } = await ask({ mode: 'best' })
  expect(prompt).toMatch(/^a lighthouse on a cliff, a watercolor painting by Winslow Homer, /)
  expect(similarity).toBeGreaterThan(0.85)
  expect(similarity_source).toBe('estimate')
  expect(warnings.map(({ code }) => code)).toEqual(['chain_approximated'])
})

test('termlens, negative: what the picture is least like, then defects, without the caption', async () => {
  const { prompt, similarity_source } = await ask({ mode: 'negative', max_flavors: 6 })
  expect(prompt).toBe('cyberpunk city, watermark, bad anatomy, extra limbs, blurry')
  expect(similarity_source).toBe('estimate')
})

test('caption: the caption and nothing else', async () => {
  expect(await ask({ mode: 'caption' })).toMatchObject({ prompt: caption.text, tokens: 5, terms: {}, caption })
  expect(await ask({ mode: 'caption', rules: 'original' })).toMatchObject({ prompt: caption.text })
})

test('original, classic: comma after the caption, a space before the artist, trending before movement', async () => {
  expect(await ask({ mode: 'classic', rules: 'original' })).toMatchObject({
    prompt:
      'a lighthouse on a cliff, a watercolor painting by Winslow Homer, trending on artstation, impressionism, forbidden nude, lucky guess, soft light',
  })
})

test('original, classic: no medium where the caption starts with it, letter by letter', async () => {
  const small = { text: 'a watercolor painting of a cliff', source: 'option' }
  const large = { text: 'A watercolor painting of a cliff', source: 'option' }
  const request = { mode: 'classic', rules: 'original', max_flavors: 1 } as const
  expect((await ask(request, { caption: small })).prompt).toMatch(
    /^a watercolor painting of a cliff by Winslow Homer, /,
  )
  expect((await ask(request, { caption: large })).prompt).toMatch(
    /^A watercolor painting of a cliff, a watercolor pain/,
  )
})

test('original, fast: the merged bank by plain cosine, duplicates and all, cut by the rule of thumb', async () => {
  expect(await ask({ mode: 'fast', rules: 'original' })).toMatchObject({
    prompt:
      'a lighthouse on a cliff, forbidden nude, lucky guess, a watercolor painting, soft light, soft lighting, sea spray, by Winslow Homer, inspired by Winslow Homer, wet on wet, muted colors, misty morning, by Claude Monet, an oil painting, inspired by Claude Monet, Monet garden, film photograph, impressionism, luminism, a photograph, trending on artstation',
    tokens: 75,
  })
})

test('original ranks by cosine, termlens by the calibrated score', async () => {
  const ranker = memoryRanker({
    flavor: [
      { term: 'hub', at: at(0.6, 1), bonus: 1.8 },
      { term: 'true', at: at(0.5, 2), bonus: 2.5 },
    ],
  })
  const request = { mode: 'classic', max_flavors: 1 } as const
  const ours = await ask(request, { ranker })
  expect(ours.prompt).toBe('a lighthouse on a cliff, true')
  expect(ours.terms).toEqual({ flavor: [{ term: 'true', similarity: 0.5, score: 3 }] })
  const theirs = await ask({ ...request, rules: 'original' }, { ranker })
  expect(theirs.prompt).toBe('a lighthouse on a cliff, hub')
  expect(theirs.terms).toEqual({ flavor: [{ term: 'hub', similarity: 0.6 }] })
})

test('original, best: the chain stops at the first step that does not improve, min_flavors apart', async () => {
  const ranker = memoryRanker({
    flavor: [
      { term: 'one', at: at(0.6, 1) },
      { term: 'two', at: at(0.6, 2) },
      { term: 'off', at: at(-0.9, 3) },
    ],
  })
  const { prompt, similarity } = await ask({ mode: 'best', rules: 'original', min_flavors: 1 }, { ranker })
  expect(prompt).toBe('a lighthouse on a cliff, one, two')
  expect(similarity).toBeCloseTo(1.2 / Math.sqrt(2 + 2 * 0.36), 4)
})

test('original, negative: a first term with a positive cosine stays alone, as there', async () => {
  const ranker = memoryRanker({
    negative: [
      { term: 'blurry', at: at(0.3, 1) },
      { term: 'grainy', at: at(0.2, 2) },
    ],
  })
  expect((await ask({ mode: 'negative', rules: 'original' }, { ranker })).prompt).toBe('grainy')
  expect((await ask({ mode: 'negative', rules: 'original' })).prompt).toBe('cyberpunk city, chrome robots, watermark')
})

test('a full chain needs a text tower: the error says so', async () => {
  await expect(ask({ mode: 'best', chain: 'full' })).rejects.toMatchObject({ code: 'option_invalid' })
  await expect(ask({ mode: 'fast', chain: 'full' })).resolves.toBeDefined()
})

test('with_negative adds a negative prompt that says nothing of the prompt', async () => {
  const { prompt, negative_prompt, warnings } = await ask({ with_negative: true })
  expect(negative_prompt).toContain('watermark, bad anatomy')
  for (const term of negative_prompt!.split(', ')) expect(prompt.split(', ')).not.toContain(term)
  expect(warnings.map(({ code }) => code)).toEqual(['chain_approximated'])
})

test('terms lists what speaks, with names in the language asked for', async () => {
  const { terms, prompt_local } = await ask({ mode: 'classic', max_flavors: 2, lang: 'zh-TW' })
  expect(terms).toEqual({
    medium: [{ term: 'a watercolor painting', name: '水彩画', similarity: 0.6 }],
    artist: [
      { term: 'Winslow Homer', text: 'by Winslow Homer', name: '温斯洛·霍默', similarity: 0.55, flags: ['person'] },
    ],
    movement: [{ term: 'impressionism', name: '印象派', similarity: 0.45 }],
    flavor: [
      { term: 'soft light', name: '柔光', similarity: 0.58 },
      { term: 'sea spray', name: '浪花', similarity: 0.56 },
    ],
    trending: [{ term: 'artstation', text: 'trending on artstation', similarity: 0.35 }],
  })
  expect(prompt_local).toBe('a lighthouse on a cliff，水彩画，温斯洛·霍默，印象派，柔光，浪花，trending on artstation')
})

test('the prompt itself never depends on the language, and English has no second one', async () => {
  const [english, chinese] = [await ask({ lang: 'en-GB' }), await ask({ lang: 'zh' })]
  expect(chinese.prompt).toBe(english.prompt)
  expect(english).not.toHaveProperty('prompt_local')
})

test('the medium is left out where the caption names it in any case, article or spelling', async () => {
  for (const text of ['A Watercolour Painting of the sea', 'the sea, watercolor painting']) {
    const { prompt } = await ask({ mode: 'classic' }, { caption: { text, source: 'blip' } })
    expect(prompt).toBe(
      `${text} by Winslow Homer, impressionism, soft light, sea spray, wet on wet, trending on artstation`,
    )
  }
})

test('a caption with another technique outweighs the medium bank and its flavors', async () => {
  const { prompt } = await ask({}, { caption: { text: 'a photo of the sea', source: 'blip' } })
  expect(prompt).not.toContain('watercolor')
  expect(prompt).toContain('film photograph')
})

test('a caption that is only more general leaves room for the medium', async () => {
  const ranker = memoryRanker({
    medium: [
      { term: 'an oil painting', at: at(0.6, 1) },
      { term: 'a painting', at: at(0.5, 2) },
    ],
  })
  const caption = { text: 'a painting of a pond', source: 'blip' }
  expect((await ask({}, { ranker, caption })).prompt).toBe('a painting of a pond, an oil painting')
})

test('what scores far below the best is not said', async () => {
  const ranker = memoryRanker({
    flavor: [
      { term: 'snowfall', at: at(0.8, 1) },
      { term: 'winter', at: at(0.4, 2) },
      { term: 'tarot card', at: at(0.3, 3) },
    ],
  })
  expect((await ask({}, { ranker })).prompt).toBe(`${caption.text}, snowfall, winter`)
})

test('a calibrated term below the floor of its bank is not said', async () => {
  const ranker = memoryRanker({
    flavor: [
      { term: 'snowfall', at: at(0.5, 1), bonus: 2.5 },
      { term: 'winter', at: at(0.5, 2), bonus: 1.4 },
    ],
    artist: [{ term: 'Alfred Sisley', text: 'by Alfred Sisley', at: at(0.5, 4), bonus: 2.6 }],
  })
  expect((await ask({}, { ranker })).prompt).toBe(`${caption.text}, snowfall`)
})

const known = (term: string, axis: number, score = 3) => ({ term, at: at(0.5, axis), bonus: score - 0.5 })

test('unsure: said where the model knows fewer than three terms, not where the caller wants no more', async () => {
  const few = memoryRanker({ flavor: [known('mist', 1), known('gorse', 2, 1.5)] })
  expect((await ask({}, { ranker: few })).warnings).toEqual([
    { code: 'unsure', message: 'The model was sure of 1 term only; analyze shows the others.' },
  ])
  for (const limit of [
    { max_flavors: 2 },
    { banks: ['artist'] },
    { banks: [] },
    { token_budget: 9 },
    { max_flavors: 0 },
  ]) {
    for (const mode of ['fast', 'classic'] as const) {
      expect((await ask({ mode, ...limit })).warnings, JSON.stringify(limit)).toEqual([])
    }
  }
})

test('a site is named in a phrase or not at all, unless its bank is asked for', async () => {
  const steam = { term: 'steam', at: at(0.5, 1), bonus: 2 }
  const ranker = memoryRanker({ trending: [steam, { ...steam, text: 'trending on steam', bonus: 1.7 }] })
  expect((await ask({}, { ranker })).prompt).toBe(`${caption.text}, trending on steam`)
  expect((await ask({}, { ranker: memoryRanker({ trending: [steam] }) })).prompt).toBe(caption.text)
  expect((await ask({ banks: ['trending'] }, { ranker })).prompt).toBe(`${caption.text}, steam`)
  const doubtful = memoryRanker({ trending: [{ ...steam, text: 'trending on steam', bonus: 1.4 }] })
  expect((await ask({}, { ranker: doubtful })).prompt).toBe(caption.text)
})

test('one season, one time of day, one weather, lines or none; what the caption says counts', async () => {
  const say = async (text: string, ...flavors: string[]) => {
    const ranker = memoryRanker({ flavor: flavors.map((term, n) => known(term, n + 1, 4 - n / 10)) })
    return (await ask({}, { ranker, caption: { text, source: 'option' } })).prompt
  }
  expect(await say('a road', 'winter', 'spring', 'autumn', 'snowfall', 'tropical beach', 'hot spring')).toBe(
    'a road, winter, snowfall, hot spring',
  )
  expect(await say('a road', 'sunrise', 'sunset', 'night scene', 'midnight')).toBe('a road, sunrise')
  expect(await say('an autumn forest', 'spring', 'rain', 'deep snow')).toBe('an autumn forest, rain')
  expect(await say('a hook', 'clean line art', 'lineless art')).toBe('a hook, clean line art')
})

test('photographs, maps and icons belong to no school, and have an artist only where the model is very sure', async () => {
  const by = (term: string, axis: number, score: number) => ({ ...known(term, axis, score), text: `by ${term}` })
  const rows: Record<string, Row[]> = {
    movement: [known('luminism', 1, 4)],
    flavor: [known('Baroque', 2), known('mist', 3)],
    artist: [by('Henri Martin', 4, 4.4)],
  }
  const say = async (medium: string) =>
    (await ask({}, { ranker: memoryRanker(rows), caption: { text: `${medium} of a hill`, source: 'option' } })).prompt
  for (const medium of ['a photograph', 'a map', 'a flat icon', 'a screenshot of a website', 'a chart']) {
    expect(await say(medium)).toBe(`${medium} of a hill, mist`)
  }
  expect(await say('an oil painting')).toBe('an oil painting of a hill by Henri Martin, luminism, Baroque, mist')
  rows.artist = [by('Ansel Adams', 5, 4.6)]
  expect(await say('a photograph')).toBe('a photograph of a hill by Ansel Adams, mist')
})

test('three terms of one idea are enough', async () => {
  const vehicles = ['motorcycle', 'food truck', 'half-track', 'tugboat', 'bus'].map((term, n) => ({
    term,
    at: at(0.6, n + 1, 40),
  }))
  const ranker = memoryRanker({ flavor: [...vehicles, { term: 'rain', at: at(0.5, 30) }] })
  const close = { ...caption, text: 'a road' }
  expect((await ask({}, { ranker, caption: close })).prompt).toBe('a road, motorcycle, food truck, half-track, rain')
})

test('banks restricts who speaks; a bank that is not there is passed over', async () => {
  const { terms, prompt } = await ask({ banks: ['movement', 'nope'] })
  expect(Object.keys(terms)).toEqual(['movement'])
  expect(prompt).toBe('a lighthouse on a cliff, impressionism')
})

test('a bank of the user speaks where flavors do', async () => {
  const ranker = memoryRanker({ ...gallery, mood: [{ term: 'lonely', at: at(0.9, 60) }] })
  const { prompt } = await ask({ banks: ['medium', 'mood'] }, { ranker })
  expect(prompt).toBe('a lighthouse on a cliff, a watercolor painting, lonely')
})

test('a bank that the owner of the index added speaks unasked, as flavors do; those that feed captions do not', async () => {
  const mood = [{ term: 'lonely', at: at(0.9, 60) }]
  const ranker = memoryRanker({ ...gallery, mood, subject: [{ term: 'lighthouse keeper', at: at(0.9, 61) }] })
  const { prompt } = await ask({}, { ranker })
  expect(prompt).toContain('lonely')
  expect(prompt).not.toContain('keeper')
})

test('no bank, an empty bank, no caption: whatever there is', async () => {
  const empty = { text: '', source: 'retrieval' }
  for (const rules of ['termlens', 'original'] as const) {
    for (const mode of ['best', 'fast', 'classic', 'negative', 'caption'] as const) {
      for (const ranker of [memoryRanker({}), memoryRanker({ flavor: [], negative: [], medium: [] })]) {
        const answer = await ask({ mode, rules, with_negative: true }, { ranker })
        expect(answer.prompt).toBe(mode === 'negative' ? '' : caption.text)
        expect((await ask({ mode, rules, dialect: 'natural' }, { ranker, caption: empty })).prompt).toBe('')
      }
    }
  }
  expect((await ask({ mode: 'classic', max_flavors: 1, banks: ['flavor'] }, { caption: empty })).prompt).toBe(
    'soft light',
  )
})

test('the same request has the same answer', async () => {
  for (const mode of ['best', 'fast', 'classic', 'negative'] as const) {
    const request: InterrogateRequest = { mode, with_negative: true, lang: 'zh', dialect: 'sd', weights: true }
    expect(await ask(request)).toEqual(await ask(request))
  }
})

test('analyze: the best k of each bank that is there, every term once, flagged ones included', async () => {
  const terms = await analyze(galleryRanker, picture, ['artist', 'flavor', 'nope'], 2, 'zh')
  expect(terms.artist!.map(({ term }) => term)).toEqual(['Winslow Homer', 'Claude Monet'])
  expect(terms.artist![0]!.name).toBe('温斯洛·霍默')
  expect(terms.flavor).toEqual([
    { term: 'forbidden nude', similarity: 0.7, flags: ['unsafe'] },
    { term: 'lucky guess', similarity: 0.69, flags: ['unproven'] },
  ])
  expect(Object.keys(terms)).toEqual(['artist', 'flavor'])
})
