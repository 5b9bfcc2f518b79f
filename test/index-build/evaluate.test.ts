/** A model is scored as the data set's README says: shares, counts, intervals, by source. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openDataSet } from '../../index-build/dataset.ts'
import { evaluate, formatEvaluation, metricNames } from '../../index-build/evaluate.ts'

const data = await openDataSet(fileURLToPath(new URL('../fixtures/dataset', import.meta.url)))

/** Every text and every picture has a direction of its own; a picture of `knows` looks as its label says. */
const DIMS = 512
const directions = new Map<string, number>()
const direction = (text: string) => directions.get(text) ?? directions.set(text, directions.size).get(text)!
function vector(text: string): Float32Array {
  let state = direction(text) + 1
  const values = Float32Array.from({ length: DIMS }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  })
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}
const text = { encode: async (texts: string[]) => texts.map(vector) }

test('an oracle of mediums finds every medium and little else', async () => {
  const rows = data.rows.filter(({ split }) => split !== 'train')
  let next = 0
  const see = async () => vector(rows[next++]!.labels.medium[0] ?? 'nothing')
  const scores = await evaluate({ data, see, text })
  expect(Object.keys(scores.metrics)).toEqual(metricNames)
  expect(scores.metrics.medium_top1).toBe(1)
  expect(scores.intervals.medium_top1).toEqual([1, 1])
  expect(scores.metrics.artist_top1).toBeLessThan(0.5)
  expect(scores.counts.medium_top1).toBe(rows.filter(({ labels }) => labels.medium.length > 0).length)
  const counted = Object.values(scores.per_source).reduce((sum, { counts }) => sum + counts.medium_top1!, 0)
  expect(counted).toBe(scores.counts.medium_top1)
  expect(formatEvaluation(scores)).toMatch(/medium_top1 +100.0 %/)
})

test('a metric without a qualifying picture is null, with its count', async () => {
  const bare = { ...data, rows: data.rows.map((row) => ({ ...row, captions: [] })) }
  const scores = await evaluate({ data: bare, split: 'val', see: async () => vector('x'), text })
  expect(scores.metrics.caption_r1).toBeNull()
  expect(scores.intervals.caption_r1).toBeNull()
  expect(scores.counts.caption_r1).toBe(0)
})

test('an unknown split and a folder that is no data set are errors that say what there is', async () => {
  const ask = evaluate({ data, split: 'tset', see: async () => vector('x'), text })
  await expect(ask).rejects.toMatchObject({ code: 'option_invalid', hint: expect.stringContaining('train') })
  await expect(openDataSet(fileURLToPath(new URL('.', import.meta.url)))).rejects.toMatchObject({
    code: 'input_not_found',
  })
})

test('pictures come out of the zips, and a missing one is named', async () => {
  const bytes = await data.picture(data.rows[0]!)
  expect(new TextDecoder().decode(bytes.subarray(8, 12))).toBe('WEBP')
  await expect(data.picture({ ...data.rows[0]!, id: 'nobody' })).rejects.toMatchObject({ code: 'input_not_found' })
})
