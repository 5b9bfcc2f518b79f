import { expect, test } from 'vitest'
import { parseBank } from '../../index-build/banks.ts'
import { createDots } from '../../index-build/float-dots.ts'
import { packRows, quantise, rowLabels, rowTexts } from '../../index-build/rows.ts'
import { generator, unit } from '../term-index/support.ts'
import { ARTIST } from './model-folder.ts'

const bank = parseBank(ARTIST, 'artist.txt')

test('a row for each template of each term, with its gloss where the model takes one', () => {
  expect(rowTexts(bank, null).slice(0, 3)).toEqual(['by Ann Example', 'inspired by Ann Example', 'by Bob Example'])
  expect(rowTexts(bank, '{term} ({gloss})').slice(0, 3)).toEqual([
    'by Ann Example (soft light)',
    'inspired by Ann Example (soft light)',
    'by Bob Example',
  ])
  expect(rowLabels(bank)).toEqual({
    terms: Uint32Array.of(0, 0, 1, 1, 2, 2),
    templates: Uint8Array.of(0, 1, 0, 1, 0, 1),
  })
})

test('terms may hold what patterns hold', () => {
  const odd = { ...bank, terms: [{ ...bank.terms[0]!, term: '$& {gloss}', gloss: '$1 {term}' }], templates: ['by {}'] }
  expect(rowTexts(odd, '{term}: {gloss}')).toEqual(['by $& {gloss}: $1 {term}'])
})

test('i8 rows have unit length and use the whole range', () => {
  const vector = unit(300, generator(1))
  const out = new Int8Array(300)
  const scale = Math.fround(quantise(vector, out))
  expect(Math.max(...out.map(Math.abs))).toBe(127)
  expect(out.reduce((sum, q) => sum + (q * scale) ** 2, 0)).toBeCloseTo(1, 6)
  const cosine = vector.reduce((sum, x, i) => sum + x * out[i]! * scale, 0)
  expect(cosine).toBeGreaterThan(0.9998)
  expect(quantise(new Float32Array(4), out)).toBe(0)
})

test('rows are padded with zeros to a multiple of 16 bytes', () => {
  const vectors = [unit(5, generator(2)), unit(5, generator(3))]
  expect(packRows(vectors, 5, 'i8').rows).toHaveLength(32)
  expect(packRows(vectors, 5, 'f16').rows).toHaveLength(32)
  expect(packRows(vectors, 5, 'f32').rows).toHaveLength(64)
  expect(packRows(vectors, 5, 'f32').rows.slice(20, 32)).toEqual(new Uint8Array(12))
})

test('the kernel’s float products are those of a loop', async () => {
  const random = generator(4)
  const vectors = Array.from({ length: 10 }, () => unit(45, random))
  const dots = await createDots(vectors, 45)
  const query = unit(45, random)
  for (const [i, dot] of dots(query).entries()) {
    expect(dot).toBeCloseTo(
      vectors[i]!.reduce((sum, x, j) => sum + x * query[j]!, 0),
      6,
    )
  }
})
