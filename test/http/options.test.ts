/** Options mean the same in a form, in a query and in JSON, and a wrong one is named. */
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../src/http/options.ts'
import { analyzeOptions, interrogateOptions, modes } from '../../src/http/schemas.ts'
import { createService, formOf } from './service.ts'

const parse = (raw: Record<string, unknown>) => parseOptions(interrogateOptions, raw).options

describe('defaults', () => {
  test('are those of the contract', () => {
    expect(parse({})).toEqual({
      mode: 'fast',
      rules: 'termlens',
      chain: 'hybrid',
      min_flavors: 8,
      include: [],
      exclude: [],
      require_caption: false,
      with_negative: false,
      token_budget: 75,
      dialect: 'plain',
      weights: false,
      lang: 'en',
    })
    expect(parseOptions(analyzeOptions, {}).options).toEqual({ top_k: 5, lang: 'en' })
  })

  test.each(Object.keys(interrogateOptions.shape))(
    'an empty field or null for %s is as if it were not there',
    (name) => {
      expect(parse({ [name]: '' })).toEqual(parse({}))
      expect(parse({ [name]: null })).toEqual(parse({}))
    },
  )
})

describe('types', () => {
  test('numbers come as text or as numbers', () => {
    expect(parse({ max_flavors: '12', token_budget: 40, min_flavors: ' 0 ' })).toMatchObject({
      max_flavors: 12,
      token_budget: 40,
      min_flavors: 0,
    })
  })

  test.each(['x', '1.5', '1e2', '0x10', '3 4', '--3', true, [5], {}, 2.5, Number.NaN, '99999999999999999999'])(
    '%j is no number for an option that takes one',
    (value) => {
      expect(() => parse({ min_flavors: value })).toThrow(/^min_flavors: /)
    },
  )

  test.each([
    ['max_flavors', 1, 128],
    ['min_flavors', 0, 128],
    ['token_budget', 1, 1000],
  ])('%s goes from %i to %i', (name, least, most) => {
    expect(parse({ [name]: least, mode: 'best' })).toMatchObject({ [name]: least })
    expect(parse({ [name]: String(most) })).toMatchObject({ [name]: most })
    for (const value of [least - 1, String(most + 1)]) {
      expect(() => parse({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining(name) }),
      )
    }
  })

  test.each([
    [true, true],
    ['true', true],
    ['1', true],
    ['on', true],
    [false, false],
    ['false', false],
    ['0', false],
    ['off', false],
    ['', false],
  ])('%j is %j for a switch', (value, meaning) => {
    expect(parse({ with_negative: value }).with_negative).toBe(meaning)
  })

  test.each(['maybe', 2, ['true', 'false']])('%j is not true or false', (value) => {
    expect(() => parse({ with_negative: value })).toThrow('with_negative: expected true or false')
  })

  test.each([...modes])('the mode %s is known', (mode) => {
    expect(parse({ mode }).mode).toBe(mode)
  })

  test.each(['slow', 'FAST', ['fast', 'best'], 1, {}])('%j is no mode', (mode) => {
    expect(() => parse({ mode })).toThrow(expect.objectContaining({ code: 'mode_unknown' }))
  })

  test.each(['en', 'zh', 'zh-CN', 'zh-Hant-TW'])('%s is a language', (lang) => {
    expect(parse({ lang }).lang).toBe(lang)
  })

  test.each(['e', 'zh_CN', '../en', 'en-', 'en\n'])('%j is no language', (lang) => {
    expect(() => parse({ lang })).toThrow(/^lang: /)
  })
})

describe('lists', () => {
  test('one value is a list of one, and commas belong to the term', () => {
    expect(parse({ include: 'red, blue', exclude: ['a', 'b'], banks: 'medium' })).toMatchObject({
      include: ['red, blue'],
      exclude: ['a', 'b'],
      banks: ['medium'],
    })
  })

  test('have at most 64 terms of at most 200 characters, and no empty one', () => {
    expect(parse({ include: Array.from({ length: 64 }, () => 'x'.repeat(200)) }).include).toHaveLength(64)
    for (const include of [Array.from({ length: 65 }, () => 'x'), ['x'.repeat(201)], ['ok', ' '], [1]])
      expect(() => parse({ include })).toThrow(/^include/)
  })

  test.each(['../index', 'Artist', 'a b', '', 'x'.repeat(33)])('%j is no name of a bank', (bank) => {
    expect(() => parse({ banks: [bank] })).toThrow(/^banks/)
  })
})

describe('names', () => {
  test.each(['max_flavours', 'constructor', 'toString', '__proto__', 'request_id'])(
    '%s is no option: it is ignored, with a warning',
    (name) => {
      const { options, warnings } = parseOptions(interrogateOptions, Object.fromEntries([[name, '1']]))
      expect(options).toEqual(parse({}))
      expect(warnings).toEqual([{ code: 'option_unknown', message: expect.stringContaining(`"${name}"`) }])
    },
  )
})

describe('where options stand', () => {
  const { post, json } = createService()
  const answer = async (response: Response | Promise<Response>) =>
    (await (await response).json()) as { mode: string; rules: string; prompt: string; warnings: { code: string }[] }

  test('in the query, in a form and in JSON they mean the same', async () => {
    const fields = { mode: 'classic', rules: 'original', include: ['red, blue', 'green'] }
    const query = new URLSearchParams({ mode: 'classic', rules: 'original' })
    for (const term of fields.include) query.append('include', term)
    const answers = await Promise.all([
      answer(post(`/v1/interrogate?${query}`, Uint8Array.of(1))),
      answer(post('/v1/interrogate', formOf(fields))),
      answer(json('/v1/interrogate', { image: 'AQ==', ...fields })),
    ])
    for (const { mode, rules, prompt } of answers) {
      expect({ mode, rules }).toEqual({ mode: 'classic', rules: 'original' })
      expect(prompt).toBe(answers[0]!.prompt)
      expect(prompt).toContain('red, blue')
    }
  })

  test('the body wins over the query', async () => {
    expect((await answer(post('/v1/interrogate?mode=caption', formOf({ mode: 'classic' })))).mode).toBe('classic')
    expect((await answer(json('/v1/interrogate?mode=caption', { image: 'AQ==', mode: 'classic' }))).mode).toBe(
      'classic',
    )
    expect((await answer(post('/v1/interrogate?mode=caption', formOf({})))).mode).toBe('caption')
  })

  test('a typing error is named in a warning, wherever it stands', async () => {
    for (const response of [
      post('/v1/interrogate?moode=best', Uint8Array.of(1)),
      post('/v1/interrogate', formOf({ moode: 'best' })),
      json('/v1/interrogate', { image: 'AQ==', moode: 'best' }),
    ]) {
      expect((await answer(response)).warnings).toContainEqual(expect.objectContaining({ code: 'option_unknown' }))
    }
  })
})
