import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createTokenCounter } from '../../src/prompt/index.ts'

const read = (path: string) => readFile(new URL(path, import.meta.url))
const counter = createTokenCounter(await read('../../assets/tokenizer/clip-merges.bin'))
const recorded: { text: string; ids: number[] }[] = JSON.parse(await read('fixtures/clip-tokens.json').then(String))

test('the tokens of every recorded text are those of open_clip', () => {
  expect(recorded.length).toBeGreaterThan(300)
  for (const { text, ids } of recorded) {
    expect(counter.encode(text), text).toEqual(ids)
    expect(counter.count(text), text).toBe(ids.length)
  }
})

test('a data file of another size is refused', () => {
  expect(() => createTokenCounter(new ArrayBuffer(12))).toThrow('12 bytes')
})
