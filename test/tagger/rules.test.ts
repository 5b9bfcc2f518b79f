/** Tags come out as WD14 users know them. */
import { describe, expect, test } from 'vitest'
import { applyRules, type TagRules, type TagScores } from '../../src/tagger/index.ts'
import { mcut } from '../../src/tagger/rules.ts'

const scored = (all: Record<string, number>) => Object.entries(all).map(([tag, confidence]) => ({ tag, confidence }))

const scores: TagScores = {
  rating: { general: 0.9, sensitive: 0.08, questionable: 0.02, explicit: 0.001 },
  general: scored({ '1girl': 0.98, long_hair: 0.91, hair: 0.8, smile_: 0.36, looking_at_viewer: 0.35, hat: 0.1 }),
  characters: scored({ 'ganyu_(genshin_impact)': 0.9, keqing: 0.85 }),
}

const defaults: TagRules = {
  general_threshold: 0.35,
  general_mcut: false,
  character_threshold: 0.85,
  character_mcut: false,
  additional_tags: [],
  exclude: [],
  drop_overlap: false,
  sort: 'confidence',
  underscores: false,
  escape: true,
  weights: false,
  merge_characters: false,
}
const apply = (rules: Partial<TagRules> = {}, given: Partial<TagScores> = {}) =>
  applyRules({ ...scores, ...given }, { ...defaults, ...rules })
const names = (list: readonly { tag: string }[] | null) => list?.map(({ tag }) => tag)

describe('thresholds', () => {
  test('are strict, and the string has the general tags, most certain first', () => {
    const { string, general, characters, rating, tags } = apply()
    expect(string).toBe('1girl, long hair, hair, smile ')
    expect(names(general)).toEqual(['1girl', 'long hair', 'hair', 'smile '])
    expect(names(characters)).toEqual(['ganyu (genshin impact)'])
    expect(names(tags)).toEqual(['1girl', 'long hair', 'ganyu (genshin impact)', 'hair', 'smile '])
    expect(rating).toEqual(scores.rating)
  })

  test('MCut is the middle of the largest drop, the first of equal ones', () => {
    const cut = (...values: number[]) => mcut(values.map((confidence) => ({ confidence })))
    expect(cut(0.9, 0.8, 0.2, 0.1)).toBeCloseTo(0.5)
    expect(cut(0.1, 0.9, 0.2, 0.8)).toBeCloseTo(0.5)
    expect(cut(0.75, 0.5, 0.25)).toBeCloseTo(0.625)
    expect([cut(), cut(0.4)]).toEqual([undefined, undefined])
  })

  test('MCut of characters asks for 0.15 at least, of general tags for nothing', () => {
    const faint = scored({ a: 0.14, b: 0.01, c: 0.005 })
    const { general, characters } = apply(
      { general_mcut: true, character_mcut: true },
      { general: faint, characters: faint },
    )
    expect([names(general), names(characters)]).toEqual([['a'], []])
  })

  test('a single tag is left to the threshold', () => {
    expect(names(apply({ general_mcut: true }, { general: scored({ a: 0.3 }) }).general)).toEqual([])
  })
})

describe('names', () => {
  const faces = scored({ '^_^': 0.9, '(o)_(o)': 0.8, '||_||': 0.7, 'fate_(series)': 0.6, '\\m/': 0.5 })

  test('lose their underscores, but faces keep them; parentheses are escaped in the string alone', () => {
    const { string, general } = apply({}, { general: faces })
    expect(string).toBe('^_^, \\(o\\)_\\(o\\), ||_||, fate \\(series\\), \\m/')
    expect(names(general)).toEqual(['^_^', '(o)_(o)', '||_||', 'fate (series)', '\\m/'])
  })

  test('can keep them, and be unescaped and weighed', () => {
    expect(apply({ underscores: true, escape: false }, { general: faces }).string).toContain('fate_(series)')
    expect(apply({ weights: true }, { general: faces }).string).toContain('(fate \\(series\\):0.60)')
  })

  test('can be sorted, and characters can stand in the string, first', () => {
    expect(apply({ sort: 'name' }).string).toBe('1girl, hair, long hair, smile ')
    expect(apply({ merge_characters: true }).string).toMatch(/^ganyu \\\(genshin impact\\\), 1girl, /)
  })
})

describe('what the caller wants', () => {
  test('additional tags are there once, with confidence 1, found or not', () => {
    const { general } = apply({ additional_tags: ['hat', 'Long Hair', 'my style'] })
    expect(general.filter(({ confidence }) => confidence === 1)).toEqual([
      { tag: 'long hair', confidence: 1 },
      { tag: 'hat', confidence: 1 },
      { tag: 'my style', confidence: 1 },
    ])
  })

  test('excluded tags are not, in either spelling, and exclusion wins', () => {
    const { string, characters } = apply({
      additional_tags: ['hat'],
      exclude: ['Long hair', 'hat', 'ganyu (genshin impact)'],
    })
    expect(string).toBe('1girl, hair, smile ')
    expect(characters).toEqual([])
  })

  test('drop_overlap: whole words in another tag go, parts of words stay, added ones too', () => {
    const general = scored({ long_hair: 0.9, very_long_hair: 0.8, hair: 0.7, hat: 0.6, that: 0.5, hair_long: 0.4 })
    expect(apply({ drop_overlap: true }, { general }).string).toBe('very long hair, hat, that, hair long')
    expect(apply({ drop_overlap: true, additional_tags: ['hair'] }, { general }).string).toContain('hair, very long')
  })
})

test('a tagger without ratings and characters says so', () => {
  expect(apply({}, { rating: null, characters: null })).toMatchObject({ rating: null, characters: null })
})
