/** A bar is for people at a terminal; a log gets a line now and then, a pipe nothing. */
import { describe, expect, test } from 'vitest'
import { createProgress } from '../../../index-build/progress.ts'

function run(output: { isTTY?: boolean; columns?: number }, ci: boolean): string {
  let text = ''
  const progress = createProgress('pictures', 40, { ...output, write: (more: string) => (text += more) }, ci)
  for (let i = 0; i < 40; i++) progress.tick()
  progress.done()
  return text
}

describe('progress', () => {
  test('is a bar on a terminal, no wider than it', () => {
    const text = run({ isTTY: true, columns: 40 }, false)
    expect(text).toContain('█')
    for (const drawn of text.split('\r\x1b[K')) expect(drawn.trimEnd().length).toBeLessThan(40)
  })

  test('is a line every tenth under CI, without control characters', () => {
    const written = run({}, true).trimEnd().split('\n')
    expect(written).toHaveLength(10)
    expect(written.at(-1)).toBe('pictures: 40 of 40 (100 %)')
  })

  test('is nothing in a pipe', () => {
    expect(run({}, false)).toBe('')
  })
})
