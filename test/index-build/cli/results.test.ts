/** A result file has one line an image; a run that was cut goes on where it stopped, and a file of other content is left alone. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openResults, type Result, toCsv } from '../../../index-build/results.ts'
import { fill, testFolder } from './run.ts'

const good = (image: string): Result => ({
  image,
  prompt: `a "red", boat of ${image}`,
  mode: 'fast',
  similarity: 0.25,
  error: '',
})
const bad = (image: string): Result => ({
  image,
  prompt: '',
  mode: 'fast',
  similarity: null,
  error: 'image_corrupt: cut',
})

async function fileWith(name: string, content?: string) {
  const folder = await testFolder()
  if (content !== undefined) await fill(folder, { [name]: content })
  const path = join(folder, name)
  return { path, text: () => readFile(path, 'utf8') }
}

describe('a record', () => {
  test('is quoted where it must be, and stays on its line', () => {
    expect(toCsv({ ...good('a,b.jpg'), prompt: 'x\r\ny' })).toBe('"a,b.jpg",x y,fast,0.25,\r\n')
    expect(toCsv({ ...bad('a"b.jpg'), error: 'no\nway' })).toBe('"a""b.jpg",,fast,,no way\r\n')
  })
})

describe.each(['results.csv', 'results.jsonl', 'RESULTS.CSV'])('%s', (name) => {
  const csv = /csv$/i.test(name)
  const header = csv ? 'image,prompt,mode,similarity,error\r\n' : ''
  const line = (result: Result) => (csv ? toCsv(result) : `${JSON.stringify(result)}\n`)

  test('begins with its header', async () => {
    const { path, text } = await fileWith(name)
    expect((await openResults(path, [], 'fast')).done).toEqual(new Map())
    expect(csv ? await text() : '').toBe(header)
  })

  test('knows again what it has written, whatever the name', async () => {
    const images = ['a.jpg', 'sub/b, c.jpg', 'say "x".png', 'C:\\photos\\d.jpg', '照片.png', ' e .gif', "=1+1'.png"]
    const { path, text } = await fileWith(name)
    const { add } = await openResults(path, images, 'fast')
    for (const image of images) await add(good(image))
    const written = await text()
    expect((await openResults(path, images, 'fast')).done).toEqual(
      new Map(images.map((image) => [image, good(image).prompt])),
    )
    expect(await text()).toBe(written)
  })

  test('cut at any byte of its last line goes on after the line before', async () => {
    const whole = header + line(good('a.jpg')) + line(good('b.jpg'))
    const bytes = Buffer.from(whole)
    const start = Buffer.byteLength(header + line(good('a.jpg')))
    for (let end = start; end < bytes.length; end += 3) {
      const { path, text } = await fileWith(name, bytes.subarray(0, end).toString())
      const { done, add } = await openResults(path, ['a.jpg', 'b.jpg'], 'fast')
      expect([...done.keys()]).toEqual(['a.jpg'])
      await add(good('b.jpg'))
      expect(await text()).toBe(whole)
    }
  })

  test('loses the failures that are tried again, and keeps the others', async () => {
    const { path, text } = await fileWith(name, header + line(bad('a.jpg')) + line(good('b.jpg')) + line(bad('c.jpg')))
    const { done } = await openResults(path, ['a.jpg', 'b.jpg'], 'fast')
    expect([...done.keys()]).toEqual(['b.jpg'])
    expect(await text()).toBe(header + line(good('b.jpg')) + line(bad('c.jpg')))
  })

  test('with prompts of another mode is refused and left as it is; those of other images do not count', async () => {
    const content = header + line(bad('a.jpg')) + line(good('b.jpg'))
    const { path, text } = await fileWith(name, content)
    await expect(openResults(path, ['a.jpg', 'b.jpg'], 'best')).rejects.toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('b.jpg was done with the mode "fast"'),
    })
    expect(await text()).toBe(content)
    expect((await openResults(path, ['c.jpg'], 'best')).done.has('b.jpg')).toBe(true)
    await openResults(path, ['a.jpg'], 'best')
    expect(await text()).toBe(header + line(good('b.jpg')))
  })

  test.each(['name,price\r\nboat,3\r\n', 'my notes', 'my notes\n', '[1, 2]\n', '{"a": 1}\n', '\0\x01\n'])(
    'that holds %j is refused and left as it is',
    async (content) => {
      const { path, text } = await fileWith(name, content)
      await expect(openResults(path, [], 'fast')).rejects.toMatchObject({ code: 'option_invalid' })
      expect(await text()).toBe(content)
    },
  )
})

test('a header that was cut is written again', async () => {
  for (const content of ['', 'image,pro', 'image,prompt,mode,similarity,error']) {
    const { path, text } = await fileWith('r.csv', content)
    await openResults(path, [], 'fast')
    expect(await text()).toBe('image,prompt,mode,similarity,error\r\n')
  }
})

test('a spreadsheet’s byte order mark and line ends do not count', async () => {
  const { path } = await fileWith(
    'r.csv',
    `\uFEFFimage,prompt,mode,similarity,error\n${toCsv(good('a.jpg')).trimEnd()}\n`,
  )
  expect([...(await openResults(path, [], 'fast')).done.keys()]).toEqual(['a.jpg'])
})

test.each(['results', 'results.txt', 'results.csv.gz'])('--out %s is refused', async (name) => {
  await expect(openResults(join(await testFolder(), name), [], 'fast')).rejects.toMatchObject({
    code: 'option_invalid',
  })
})
