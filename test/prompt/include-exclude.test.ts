import { expect, test } from 'vitest'
import { compose, type InterrogateRequest } from '../../src/prompt/index.ts'
import { at, caption, counter, galleryRanker, memoryRanker, picture } from './helpers.ts'

const sources = { ranker: galleryRanker, embedding: picture, caption, counter }
const MODES = ['best', 'fast', 'classic', 'negative', 'caption'] as const
const RULES = ['termlens', 'original'] as const
const everyWay = async (request: InterrogateRequest, check: (prompt: string) => void, budget = 75) => {
  for (const mode of MODES) {
    for (const rules of RULES) check((await compose({ ...request, mode, rules, token_budget: budget }, sources)).prompt)
  }
}

test('included terms appear in every mode, as they were written', async () => {
  const include = ['Claude Monet', 'oil painting', 'a term, with a comma', 'Hand Made']
  await everyWay({ include }, (prompt) => {
    for (const term of include) expect(prompt).toContain(term)
  })
  await everyWay({ include: ['neon (glow)'] }, (prompt) => expect(prompt).toContain('neon (glow)'), 12)
})

test('an included term stands where its bank stands and takes its place', async () => {
  const { prompt, terms } = await compose({ include: ['oil painting', 'claude monet'], mode: 'classic' }, sources)
  expect(prompt).toMatch(/^a lighthouse on a cliff, an oil painting by claude monet, impressionism, /)
  expect(prompt).not.toMatch(/watercolor|Homer/)
  expect(terms.artist).toEqual([{ term: 'Claude Monet', text: 'by Claude Monet', similarity: 0.5, flags: ['person'] }])
})

test('the caller may ask for what is never volunteered', async () => {
  for (const mode of ['fast', 'classic', 'best'] as const) {
    expect((await compose({ mode }, sources)).prompt).not.toMatch(/forbidden|lucky/)
  }
  const { prompt } = await compose({ include: ['forbidden nude'] }, sources)
  expect(prompt).toContain('forbidden nude')
})

test('included terms that alone exceed the budget are an error, and so is a term on both lists', async () => {
  const include = ['a long winded description of hardly anything', 'and another of the same kind']
  await expect(compose({ include, token_budget: 8 }, sources)).rejects.toMatchObject({ code: 'option_invalid' })
  await expect(compose({ include: ['Soft Light'], exclude: ['light'] }, sources)).rejects.toMatchObject({
    code: 'option_invalid',
  })
})

test('an included term of which nothing can be written is an error', async () => {
  for (const include of [['<lora:a:1>'], ['cat', ' \n'], ['<>']]) {
    await expect(compose({ include }, sources)).rejects.toMatchObject({ code: 'option_invalid' })
    await expect(compose({ include, rules: 'original' }, sources)).rejects.toMatchObject({ code: 'option_invalid' })
  }
})

test('an included term appears once, however its case varies', async () => {
  const { prompt } = await compose({ include: ['cat', 'Cat', 'CAT'], mode: 'caption' }, sources)
  expect(prompt).toBe('a lighthouse on a cliff, cat')
})

test('excluded terms never appear, in any case or number, nor within other labels', async () => {
  await everyWay({ exclude: ['MONET', 'colours'], caption: 'x' }, (prompt) => {
    expect(prompt).not.toMatch(/monet|colors/i)
  })
})

test('excluding a word leaves words alone that contain it', async () => {
  const ranker = memoryRanker({ flavor: [{ term: 'intricate', at: at(0.9, 1) }] })
  expect((await compose({ exclude: ['cat'] }, { ...sources, ranker })).prompt).toContain('intricate')
})

test('an excluded name in another script takes its term away', async () => {
  expect((await compose({ exclude: ['水彩'], lang: 'zh' }, sources)).prompt).not.toContain('watercolor')
})

test('exclude=artists drops the artist bank and every flavor that names a person', async () => {
  await everyWay({ exclude: ['artists'] }, (prompt) => expect(prompt).not.toMatch(/Homer|Monet|Adams/))
})

test('a caption that says an excluded word is kept, with a warning', async () => {
  const { prompt, warnings } = await compose({ exclude: ['cliffs'] }, sources)
  expect(prompt).toContain('cliff')
  expect(warnings).toEqual([{ code: 'caption_excluded', message: expect.stringContaining('cliffs') }])
})
