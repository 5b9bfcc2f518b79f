/** What a caller of the index may rely on. */
import { expect, test } from 'vitest'
import { contentOf, generator, openContent, unit } from './support.ts'

const DIMS = 24
const content = contentOf({ dims: DIMS, terms: 40 })
const index = await openContent(content)
const query = unit(DIMS, generator(2))

test('ranks by score unless asked for similarity, best first', async () => {
  const byScore = await index.rank('test', query, 80)
  expect(byScore).toHaveLength(80)
  expect(byScore.map(({ score }) => score)).toEqual(byScore.map(({ score }) => score).toSorted((a, b) => b - a))
  const bySimilarity = await index.rank('test', query, 80, { by: 'similarity' })
  expect(bySimilarity.map(({ similarity }) => similarity)).toEqual(
    byScore.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
  )
})

test('fewer rows than asked for come back when there are no more', async () => {
  expect(await index.rank('test', query, 1000)).toHaveLength(80)
  expect(await index.rank('test', query, 0)).toEqual([])
  expect(await index.rank('test', query, -1)).toEqual([])
  expect(await index.rank('test', query, Number.NaN)).toEqual([])
  // Terms without any flag: 0, 16 and 32, two rows each.
  const clean = await index.rank('test', query, 50, { without: ['person', 'living', 'unsafe', 'unproven'] })
  expect(clean.map(({ term }) => term).toSorted()).toEqual([
    'térm 0',
    'térm 0',
    'térm 16',
    'térm 16',
    'térm 32',
    'térm 32',
  ])
})

test('an empty bank answers with nothing', async () => {
  const empty = await openContent(contentOf({ dims: DIMS, terms: 0 }))
  expect(await empty.rank('test', query, 5)).toEqual([])
})

test('a bank without calibration scores by similarity', async () => {
  const plain = await openContent(contentOf({ dims: DIMS, calibrated: false }))
  for (const { score, similarity } of await plain.rank('test', query, 5)) expect(score).toBe(similarity)
})

test('names come in the language of the request, then of the index', async () => {
  const [hit] = await index.rank('test', query, 1, { without: [], lang: 'zh-CN' })
  const row = 2 * 4 + 1
  expect(index.label('test', row, 'zh').name).toBe('词4')
  expect(index.label('test', row)).toEqual({ text: 'by térm 4', term: 'térm 4', flags: ['unsafe'] })
  expect(index.label('test', hit!.row, 'zh').name).toBe(hit!.name)
})

test('candidates carry the vector whose cosine was given', async () => {
  for (const { vector, similarity } of await index.candidates('test', query, 10)) {
    expect(vector).toHaveLength(DIMS)
    expect(vector.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5)
    expect(vector.reduce((sum, x, i) => sum + x * query[i]!, 0)).toBeCloseTo(similarity, 4)
  }
})

test('answers are the caller’s own: a later search does not change them', async () => {
  const first = await index.rank('test', query, 5)
  const kept = structuredClone(first)
  await index.rank('test', unit(DIMS, generator(99)), 5)
  expect(first).toEqual(kept)
})

test('unknown banks, rows and embeddings that do not fit are refused', async () => {
  await expect(index.rank('tset', query, 5)).rejects.toMatchObject({ code: 'bank_unknown' })
  await expect(index.candidates('tset', query, 5)).rejects.toMatchObject({ code: 'bank_unknown' })
  await expect(index.rank('test', query.subarray(1), 5)).rejects.toMatchObject({ code: 'embedding_invalid' })
  await expect(index.rank('test', query.with(3, Number.NaN), 5)).rejects.toMatchObject({ code: 'embedding_invalid' })
  await expect(index.rank('test', query.with(0, Number.POSITIVE_INFINITY), 0)).rejects.toMatchObject({
    code: 'embedding_invalid',
  })
  for (const row of [-1, 80, 0.5]) expect(() => index.label('test', row)).toThrow(RangeError)
  expect(() => index.vector('test', 80)).toThrow(RangeError)
})
