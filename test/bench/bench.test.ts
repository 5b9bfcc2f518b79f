/** The bench's own arithmetic and writing; what it measures is no test's business. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTable } from '../../index-build/bench/index-section.ts'
import { BEGIN, END, toMarkdown, writeBetweenMarkers } from '../../index-build/bench/markdown.ts'
import { mean, median, quantile } from '../../index-build/bench/stats.ts'
import { formatTable } from '../../index-build/table.ts'

test('medians and quantiles are measured values, of one run too', () => {
  expect(median([30, 10, 20])).toBe(20)
  expect(quantile([7], 0.95)).toBe(7)
  expect(
    quantile(
      Array.from({ length: 100 }, (_, i) => 100 - i),
      0.95,
    ),
  ).toBe(95)
  expect(mean([1, 2, 6])).toBe(3)
})

test('the plain table of another program becomes a Markdown table', () => {
  const plain = formatTable(
    ['dims', 'what', 'min–max'],
    [
      [256, 'plain loop', '1.00–2.00'],
      [100_000, 'kernel, top 50', '0.10–0.20'],
    ],
  )
  const table = parseTable(`Exact search\n${plain}\nNOT MEASURED: 250,000 rows.\n`)
  expect(toMarkdown(table)).toBe(
    [
      '**Exact search**',
      '',
      '| dims | what | min–max |',
      '| --- | ---: | ---: |',
      '| 256 | plain loop | 1.00–2.00 |',
      '| 100,000 | kernel, top 50 | 0.10–0.20 |',
      '',
      'NOT MEASURED: 250,000 rows.',
    ].join('\n'),
  )
  expect(() => parseTable('nothing')).toThrow('no table')
})

describe('the place in a file', () => {
  const inFile = async (before: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'termlens-bench-test-'))
    const file = join(folder, 'README.md')
    try {
      await writeFile(file, before)
      await writeBetweenMarkers(file, 'a\nb')
      return await readFile(file, 'utf8')
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test.each(['\n', '\r\n'])('is filled anew, and the rest stays (%j)', async (end) => {
    const before = ['top', BEGIN, 'old', END, 'bottom', ''].join(end)
    const after = ['top', BEGIN, '', 'a', 'b', '', END, 'bottom', ''].join(end)
    expect(await inFile(before)).toBe(after)
    expect(await inFile(after)).toBe(after)
  })

  test('must be there', async () => {
    await expect(inFile(`${END}${BEGIN}`)).rejects.toThrow(BEGIN)
  })
})
