/** What the benches of the engines make of their measurements; the numbers themselves are no test's business. */
import { expect, test } from 'vitest'
import { type EngineRow, extrapolate, formatEngines } from '../../index-build/bench-engines.ts'
import { benchGraph, formatGraphs } from '../../index-build/bench-graph.ts'
import { pictures, vectorOf } from './model-folder.ts'

test('both searches of one graph find the same, beside each other', async () => {
  const vectors = Array.from({ length: 300 }, (_, i) => vectorOf(`row ${i}`))
  const results = await benchGraph(vectors, pictures(5), 1)
  expect(results.map(({ ef }) => ef)).toEqual([40, 64, 128, 256, 512])
  const { ours, theirs } = results.at(-1)!
  // Keeping more rows than there are, both compare all.
  expect(ours.recall).toBeGreaterThanOrEqual(0.98)
  expect(theirs.recall).toBe(ours.recall)
  expect(formatGraphs(results).split('\n')).toHaveLength(7)
})

test('a graph of more rows is guessed from the two largest: a step in time for each power, memory by the row', () => {
  const row = (rows: number, engine: string, median: number, memory: number): EngineRow => ({
    rows,
    engine,
    median,
    min: median,
    max: median,
    memory,
    recall: { 1: 1, 10: 1, 32: 1 },
  })
  const measured = [row(10, 'graph, ef 64', 9, 9), row(1000, 'exact', 8, 8)]
  expect(extrapolate(measured, 100_000)).toBe(null)
  measured.push(row(10_000, 'graph, ef 64', 3, 5_000_000), row(1000, 'graph, ef 64', 2, 500_000))
  const guess = extrapolate(measured, 1_000_000)!
  expect(guess).toMatchObject({ engine: 'graph, EXTRAPOLATED', memory: 500_000_000, recall: null })
  expect(guess.median).toBeCloseTo(5)
  expect(formatEngines([guess])).toContain('EXTRAPOLATED')
})
