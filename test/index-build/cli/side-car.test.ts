/** The prompt of picture.jpg stands in picture.txt; what stood there before is kept unless the user says otherwise. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { joinSideCar, readSideCar, writeSideCar } from '../../../index-build/side-car.ts'
import { fill, testFolder } from './run.ts'

describe('joining', () => {
  test.each([
    ['skip', 'old'],
    ['append', 'old, new'],
    ['prepend', 'new, old'],
    ['overwrite', 'new'],
  ] as const)('%s gives "%s"', (mode, joined) => {
    expect(joinSideCar('old\r\n', 'new', mode)).toBe(joined)
    expect(joinSideCar(undefined, 'new', mode)).toBe('new')
    expect(joinSideCar('\uFEFF \n', 'new', mode)).toBe('new')
  })

  test.each(['append', 'prepend'] as const)('%s does not say it twice', (mode) => {
    const once = joinSideCar('old', 'new', mode)
    expect(joinSideCar(once, 'new', mode)).toBe(once)
  })
})

test.each([
  ['a boat on a lake', 'a boat', false],
  ['a lake, red boat', 'boat', false],
  ['a boat, a lake', 'a boat', true],
  ['a boat, a lake', 'a lake', true],
  ['mine, a boat, a lake, yours', 'a boat, a lake', true],
  ['mine', '', true],
])('"%s" says "%s": %s', (old, prompt, said) => {
  expect(joinSideCar(old, prompt, 'append')).toBe(said ? old : `${old}, ${prompt}`)
  expect(joinSideCar(old, prompt, 'prepend')).toBe(said ? old : `${prompt}, ${old}`)
})

test('a side-car is written whole, beside its picture, and nothing else is left', async () => {
  const folder = await testFolder()
  await fill(folder, { 'a.b.jpg': 'picture' })
  const path = join(folder, 'a.b.jpg')
  expect(await readSideCar(path)).toBeUndefined()
  await writeSideCar(path, 'a boat', 'skip')
  await writeSideCar(path, '水彩画', 'append')
  expect(await readFile(join(folder, 'a.b.txt'), 'utf8')).toBe('a boat, 水彩画\n')
  expect((await readdir(folder)).sort()).toEqual(['a.b.jpg', 'a.b.txt'])
})
