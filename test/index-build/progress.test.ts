import { expect, test } from 'vitest'
import { createProgress, progressLine } from '../../index-build/progress.ts'

/** Collects what would be on the screen. */
function output(isTTY: boolean) {
  const written: string[] = []
  return { written, isTTY, columns: 60, write: (text: string) => written.push(text) }
}

test('on a terminal it draws a bar that fits, and leaves the last one', () => {
  const out = output(true)
  const progress = createProgress('pictures', 4, out, false)
  for (let i = 0; i < 4; i++) progress.tick()
  progress.done()
  expect(out.written.at(-2)).toContain('████████████████████████  4/4')
  expect(out.written.at(-1)).toBe('\n')
  for (const text of out.written) expect(text.length).toBeLessThanOrEqual(60 + 4)
})

test('it makes room for a line in between', () => {
  const out = output(true)
  const progress = createProgress('rows', 2, out, false)
  progress.start(2)
  progress.clear()
  expect(out.written.at(-1)).toBe('\r\x1b[K')
  progress.tick()
  expect(out.written.at(-1)).toContain('1/2')
})

test('under CI it writes a line every tenth', () => {
  const out = output(false)
  const progress = createProgress('pictures', 50, out, true)
  for (let i = 0; i < 50; i++) progress.tick()
  progress.done()
  expect(out.written).toHaveLength(10)
  expect(out.written[0]).toBe('pictures: 5 of 50 (10 %)\n')
  expect(out.written[9]).toBe('pictures: 50 of 50 (100 %)\n')
})

test('elsewhere it writes nothing', () => {
  const out = output(false)
  const progress = createProgress('pictures', 3, out, false)
  progress.start(3)
  progress.set(3)
  progress.clear()
  progress.done()
  expect(out.written).toEqual([])
})

test('the line tells how long is left', () => {
  expect(progressLine('pictures', 12, 48, 21_000)).toBe(`pictures ${'█'.repeat(6)}${'░'.repeat(18)}  12/48  1:03 left`)
  expect(progressLine('pictures', 0, 0, 0)).toBe(`pictures ${'░'.repeat(24)}  0/0`)
})
