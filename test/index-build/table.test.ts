import { expect, test } from 'vitest'
import { formatTable, percent, thousands } from '../../index-build/table.ts'

test('numbers stand to the right, wide characters take two cells', () => {
  const table = formatTable(
    ['name', 'rows'],
    [
      ['莫奈', 1234567],
      ['Monet', null],
    ],
  )
  expect(table.split('\n')).toEqual(['name        rows', '-----  ---------', '莫奈   1,234,567', 'Monet          –'])
})

test('a table without rows is its header', () => {
  expect(formatTable(['a', 'b'], [])).toBe('a  b\n-  -')
})

test('numbers as people read them', () => {
  expect([thousands(0), thousands(999), thousands(1000), thousands(25_000_000)]).toEqual([
    '0',
    '999',
    '1,000',
    '25,000,000',
  ])
  expect(percent(0.9731)).toBe('97.3 %')
})
