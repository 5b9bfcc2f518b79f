import { expect, test } from 'vitest'
import { chain, estimate, type Vectored } from '../../src/prompt/chain.ts'
import { at, memoryRanker, picture, type Row, random, unit } from './helpers.ts'

const rows = async (bank: readonly Row[]): Promise<Vectored[]> =>
  memoryRanker({ bank }).candidates('bank', picture, 100)

test('the estimate is the cosine of the picture with the normalised sum', async () => {
  const [a, b] = await rows([
    { term: 'a', at: [1, 1] },
    { term: 'b', at: [1, -1] },
  ])
  expect(estimate([a!], picture)).toBeCloseTo(Math.SQRT1_2, 6)
  expect(estimate([a!, b!], picture)).toBeCloseTo(1, 6)
  expect(estimate([], picture)).toBe(0)
})

test('each step takes what brings the sum nearest, as trying every sum finds it', async () => {
  const draw = random(5)
  for (let n = 0; n < 20; n++) {
    const pool = await rows(
      Array.from({ length: 12 }, (_, i) => ({ term: `t${i}`, at: Array.from({ length: 10 }, () => draw() - 0.3) })),
    )
    const slow: Vectored[] = []
    let reached = Number.NEGATIVE_INFINITY
    while (slow.length < pool.length) {
      const left = pool.filter((term) => !slow.includes(term))
      const tried = left.map((term) => estimate([...slow, term], picture))
      const best = Math.max(...tried)
      if (best <= reached) break
      slow.push(left[tried.indexOf(best)]!)
      reached = best
    }
    const { terms, similarity } = chain(pool, picture, { min: 0, max: 12 })
    expect(terms.map(({ term }) => term)).toEqual(slow.map(({ term }) => term))
    expect(similarity).toBeCloseTo(reached, 5)
  }
})

test('min carries the chain over a step that does not improve; the best on the way comes back', async () => {
  const pool = await rows([
    { term: 'good', at: at(0.9, 1) },
    { term: 'bad', at: [-0.9, 0.3] },
  ])
  expect(chain(pool, picture, { min: 2, max: 5 }).terms.map(({ term }) => term)).toEqual(['good'])
})

test('full ends the chain after the term that filled it', async () => {
  const pool = await rows([1, 2, 3, 4].map((axis) => ({ term: `t${axis}`, at: at(0.5, axis) })))
  expect(chain(pool, picture, { min: 0, max: 9, full: (chosen) => chosen.length >= 2 }).terms).toHaveLength(2)
})

test('reverse leads away from the picture', async () => {
  const pool = await rows([
    { term: 'like', at: at(0.9, 1) },
    { term: 'unlike', at: at(-0.5, 2) },
  ])
  const { terms, similarity } = chain(pool, unit([1]), { reverse: true, min: 0, max: 9 })
  expect(terms.map(({ term }) => term)).toEqual(['unlike'])
  expect(similarity).toBeCloseTo(-0.5, 6)
})
