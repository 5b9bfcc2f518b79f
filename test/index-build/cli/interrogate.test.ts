/** `interrogate` and `analyze` as a user runs them: in a terminal, over files, folders, a pipe and addresses. */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyzeAnswer, interrogateAnswer } from '../../../src/http/schemas.ts'
import { type Finished, fill, lines, newFolder, picture, root, start, termlens, testFolder } from './run.ts'

const PHOTO = { picture: 'baseline-420.jpg' }
const OTHER = { picture: 'lossy.webp' }
const slash = (path: unknown) => String(path).replaceAll('\\', '/')

interface Line {
  file: string
  prompt?: string
  code?: string
  detail?: string
}

let folder: string
let remove: () => Promise<void>
let server: Server
let host: string
/** The answer to the folder, which most tests compare with. */
let whole: Finished
let photoPrompt: string

beforeAll(async () => {
  ;({ folder, remove } = await newFolder())
  await fill(folder, {
    'photos/a.JPG': PHOTO,
    'photos/sub/b.webp': OTHER,
    'photos/sub/deep/c ü.PnG': { picture: 'palette.png' },
    'photos/.hidden.jpg': PHOTO,
    'photos/notes.txt': 'no picture',
    'cut.jpg': (await picture(PHOTO.picture)).subarray(0, 300),
  })
  server = createServer(async (request, response) => {
    if (request.url === '/a.jpg') response.end(await picture(PHOTO.picture))
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  whole = await termlens(['interrogate', 'photos', '--json'], { cwd: folder })
  photoPrompt = lines<Line>(whole.stdout)[0]!.prompt!
})
afterAll(async () => {
  server?.close()
  await remove()
})

describe('interrogate', () => {
  test('a folder, with --json: one object of the HTTP shape a line, and nothing else', () => {
    expect(whole).toMatchObject({ code: 0, stderr: '' })
    const objects = lines<Line>(whole.stdout)
    expect(objects.map(({ file }) => slash(file))).toEqual([
      'photos/a.JPG',
      'photos/sub/b.webp',
      'photos/sub/deep/c ü.PnG',
    ])
    for (const { file: _, ...body } of objects) expect(interrogateAnswer.strict().safeParse(body).error).toBeUndefined()
  })

  test('each line has a request id of its own', () => {
    const ids = lines<{ request_id: string }>(whole.stdout).map(({ request_id }) => request_id)
    expect(new Set(ids).size).toBe(3)
  })

  test('one file: its prompt, alone on stdout', async () => {
    const { code, stdout, stderr } = await termlens(['interrogate', join('photos', 'a.JPG')], { cwd: folder })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${photoPrompt}\n`, stderr: '' })
  })

  test('several inputs: what fails is named, and the others go on', async () => {
    const address = `${host}/nothing.jpg`
    const nobody = 'http://127.0.0.1:1/a.jpg'
    const args = ['nix.jpg', 'photos/a.JPG', 'cut.jpg', 'photos/notes.txt', address, nobody, `${host}/a.jpg`]
    const { code, stdout, stderr } = await termlens(['interrogate', ...args], { cwd: folder })
    expect(code).toBe(1)
    expect(stdout).toBe(`photos/a.JPG\n${photoPrompt}\n\n${host}/a.jpg\n${photoPrompt}\n\n`)
    const told = stderr.trimEnd().split('\n')
    const named = ['nix.jpg', 'cut.jpg', 'photos/notes.txt', address, nobody]
    expect(told.map((line, i) => line.startsWith(`${named[i]}: `))).toEqual([true, true, true, true, true, false])
    expect(told[4]).toMatch(/could not be fetched: \S/)
    expect(told.at(-1)).toBe('5 of 7 pictures failed.')
  })

  test('standard input', async () => {
    const stdin = await picture(PHOTO.picture)
    const { code, stdout } = await termlens(['interrogate', '-', '--json'], { stdin })
    expect(code).toBe(0)
    expect(lines<Line>(stdout)).toEqual([expect.objectContaining({ file: '-', prompt: photoPrompt })])
  })

  test('nothing on standard input, with --json: the problem is the line', async () => {
    const { code, stdout, stderr } = await termlens(['interrogate', '-', '--json'])
    expect(code).toBe(1)
    expect(lines(stdout)).toEqual([
      expect.objectContaining({
        file: '-',
        code: expect.stringMatching(/^image_/),
        hint: expect.stringMatching(/^Give /),
        request_id: expect.stringMatching(/^[\da-f-]{36}$/),
      }),
    ])
    expect(stderr).toContain('-: ')
    expect(stderr).toContain('1 of 1 picture failed.')
  })

  test('npm runs it in the package’s folder: paths are those of the user', async () => {
    const { code, stdout } = await termlens(['interrogate', 'a.JPG'], {
      cwd: root,
      env: { INIT_CWD: join(folder, 'photos') },
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${photoPrompt}\n` })
  })

  test('a reader that has enough ends it in peace', async () => {
    const { child, finished } = start(['interrogate', 'photos', '--json'], { cwd: folder })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const { code, stderr } = await finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('options have their effect', async () => {
    const args = [
      '--mode',
      'classic',
      '--rules',
      'original',
      '--include',
      'red, blue',
      '--max-flavors',
      '2',
      '--with-negative',
    ]
    const { stdout } = await termlens(['interrogate', 'photos/a.JPG', ...args, '--lang', 'zh-CN', '--json'], {
      cwd: folder,
    })
    expect(lines(stdout)[0]).toMatchObject({
      mode: 'classic',
      rules: 'original',
      prompt: expect.stringContaining('red, blue'),
      negative_prompt: expect.stringMatching(/./),
      prompt_local: expect.stringMatching(/\p{Script=Han}/u),
    })
  })
})

describe('analyze', () => {
  test('--json: the terms of each bank', async () => {
    const args = ['analyze', 'photos/a.JPG', '--top-k', '2', '--banks', 'medium', '--banks', 'artist', '--json']
    const { code, stdout } = await termlens(args, { cwd: folder })
    expect(code).toBe(0)
    const [{ file: _, ...body }] = lines<Line>(stdout) as [Line]
    const { terms } = analyzeAnswer.strict().parse(body)
    expect(Object.entries(terms).map(([bank, found]) => [bank, found.length])).toEqual([
      ['medium', 2],
      ['artist', 2],
    ])
  })

  test('for people: each bank, and its terms by their score, with the cosine behind it', async () => {
    const { stdout } = await termlens(['analyze', 'photos/a.JPG', '--top-k', '9', '--banks', 'medium'], { cwd: folder })
    expect(stdout).toMatch(/^medium\n( {2}-?\d+\.\d{3} {2}\S.* {2}\(cosine -?\d\.\d{3}\)\n){9}$/)
    const scores = stdout.split('\n').slice(1, -1).map(Number.parseFloat)
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  })
})

describe('--out', () => {
  const header = 'image,prompt,mode,similarity,error'

  test('has a row for each image, goes on after a cut, and tries what failed again', async () => {
    const own = await testFolder()
    await fill(own, { 'a.jpg': PHOTO, 'b.webp': OTHER, 'c.png': 'no picture yet' })
    const run = () => termlens(['interrogate', 'a.jpg', 'b.webp', 'c.png', '--out', 'r.csv'], { cwd: own })
    const table = () => readFile(join(own, 'r.csv'), 'utf8')

    const first = await run()
    expect(first).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('c.png: ') })
    const rows = (await table()).split('\r\n')
    expect(rows[0]).toBe(header)
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(['a.jpg', 'b.webp', 'c.png', ''])
    expect(rows[1]).toContain(photoPrompt.split(',')[0])
    expect(rows[3]).toMatch(/^c\.png,,fast,,"?image_unsupported: /)

    await fill(own, {
      'c.png': { picture: 'palette.png' },
      'r.csv': `${rows.slice(0, 2).join('\r\n')}\r\n${rows[2]!.slice(0, 20)}`,
    })
    expect(await run()).toMatchObject({ code: 0, stderr: '1 of 3 pictures were done before.\n' })
    const again = (await table()).split('\r\n')
    expect(again.slice(0, 3)).toEqual(rows.slice(0, 3))
    expect(again[3]).toMatch(/^c\.png,[^,]/)

    expect(await run()).toMatchObject({ code: 0, stderr: '3 of 3 pictures were done before.\n' })
    expect((await table()).split('\r\n')).toEqual(again)
  })

  test('refuses the rows of another mode, and leaves them', async () => {
    const own = await testFolder()
    await fill(own, { 'a.jpg': PHOTO })
    const run = (...more: string[]) => termlens(['interrogate', 'a.jpg', '--out', 'r.csv', ...more], { cwd: own })
    expect(await run()).toMatchObject({ code: 0 })
    const before = await readFile(join(own, 'r.csv'), 'utf8')
    const { code, stderr } = await run('--mode', 'caption')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^option_invalid: .*a\.jpg was done with the mode "fast"\..*\n.*another name/),
    })
    expect(await readFile(join(own, 'r.csv'), 'utf8')).toBe(before)
  })

  test('with --txt writes the side-cars of what was done before', async () => {
    const own = await testFolder()
    await fill(own, { 'a.jpg': PHOTO, 'a.txt': 'mine\n' })
    const run = (...more: string[]) => termlens(['interrogate', 'a.jpg', '--out', 'r.csv', ...more], { cwd: own })
    const text = () => readFile(join(own, 'a.txt'), 'utf8')
    await run()
    const done = { code: 0, stdout: '', stderr: '1 of 1 picture was done before.\n' }
    for (const [mode, wanted] of [
      ['skip', 'mine\n'],
      ['append', `mine, ${photoPrompt}\n`],
      ['overwrite', `${photoPrompt}\n`],
    ] as const) {
      expect(await run('--txt', mode)).toEqual(done)
      expect(await text()).toBe(wanted)
    }
  })

  test('.jsonl holds the same columns', async () => {
    const out = join(await testFolder(), 'r.jsonl')
    expect(await termlens(['interrogate', 'photos', '--out', out, '--mode', 'caption'], { cwd: folder })).toMatchObject(
      { code: 0 },
    )
    const rows = lines(await readFile(out, 'utf8'))
    expect(rows).toHaveLength(3)
    for (const row of rows) {
      expect(Object.keys(row).join(',')).toBe(header)
      expect(row).toMatchObject({ mode: 'caption', error: '' })
    }
  })
})

describe('--txt', () => {
  test('skip leaves what is there, append adds to it once; an input without a file is printed', async () => {
    const own = await testFolder()
    await fill(own, { 'a.jpg': PHOTO, 'a.txt': 'mine\r\n', 'sub/b.webp': OTHER })
    const text = async (name: string) => (await readFile(join(own, name), 'utf8')).trimEnd()

    expect(await termlens(['interrogate', '.', '--txt', 'skip'], { cwd: own })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '1 of 2 pictures were done before.\n',
    })
    const other = lines<Line>(whole.stdout)[1]!.prompt
    expect([await text('a.txt'), await text('sub/b.txt')]).toEqual(['mine', other])

    for (const input of ['.', `${host}/a.jpg`]) {
      const { stdout } = await termlens(['interrogate', 'a.jpg', input, '--txt', 'append'], { cwd: own })
      expect(stdout).toBe(input === '.' ? '' : `${input}\n${photoPrompt}\n\n`)
      expect([await text('a.txt'), await text('sub/b.txt')]).toEqual([`mine, ${photoPrompt}`, other])
    }
    expect((await readdir(own)).sort()).toEqual(['a.jpg', 'a.txt', 'sub'])
  })
})

describe('Ctrl-C', () => {
  test('stops a long run with code 130, and the same command does the rest', async () => {
    const own = await testFolder()
    const count = 30
    const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(2, '0')}.jpg`)
    await fill(own, Object.fromEntries(names.map((name) => [name, PHOTO])))
    const command = ['interrogate', '.', '--out', 'r.jsonl', '--json']

    const { child, finished } = start(command, { cwd: own })
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const stopped = await finished
    expect(stopped).toMatchObject({ code: 130, stderr: 'Stopped. The same command goes on from here.\n' })
    const before = lines(await readFile(join(own, 'r.jsonl'), 'utf8')).map(({ image }) => image)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(count)

    const rest = await termlens(command, { cwd: own })
    expect(rest).toMatchObject({ code: 0, stderr: `${before.length} of ${count} pictures were done before.\n` })
    expect(lines(rest.stdout)).toHaveLength(count - before.length)
    expect(lines(await readFile(join(own, 'r.jsonl'), 'utf8')).map(({ image }) => image)).toEqual(names)
  })

  test('does not wait for a pipe that stays silent', async () => {
    const { child, finished } = start(['interrogate', 'photos/a.JPG', '-'], { cwd: folder })
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await finished).toMatchObject({ code: 130, stderr: 'Stopped.\n' })
  })
})

describe('exit codes', () => {
  test.each([
    ['an option that is none', ['interrogate', 'photos', '--modee', 'fast'], /unknown option '--modee'/],
    ['a command that is none', ['interogate', 'photos'], /unknown command 'interogate'/],
    ['no input', ['interrogate'], /missing required argument 'inputs'/],
    ['a mode that is none', ['interrogate', 'photos', '--mode', 'slow'], /slow.*best, fast, classic/s],
    ['a number that is none', ['interrogate', 'photos', '--max-flavors', 'x'], /--max-flavors: /],
    ['a number out of range', ['analyze', 'photos', '--top-k', '0'], /--top-k: /],
    [
      'a bank that is none',
      ['analyze', 'photos', '--banks', 'nonsense'],
      /bank_unknown: .*"nonsense".*\n.*termlens -- inspect/,
    ],
    ['what the model cannot do', ['interrogate', 'photos', '--mode', 'best', '--chain', 'full'], /^option_invalid: /],
    ['results of another kind', ['interrogate', 'photos', '--out', 'r.txt'], /\.csv or \.jsonl/],
    ['results over another file', ['interrogate', 'photos', '--out', 'photos/other.csv'], /something else/],
    ['a folder without pictures', ['interrogate', 'empty'], /There is no picture in empty/],
  ])('2: %s', async (_, args, words) => {
    await fill(folder, { 'photos/other.csv': 'a,b\n', 'empty/notes.txt': '' })
    const { code, stdout, stderr } = await termlens(args, { cwd: folder })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('3: what is not set up, once for all pictures', async () => {
    const args = ['interrogate', 'photos', '--json', '--out', 'never.csv']
    const { code, stdout, stderr } = await termlens(args, { cwd: folder, env: { TERMLENS_ASSETS: 'photos' } })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/index\/manifest\.json.*\n.*npm run termlens -- (build|doctor|verify)/)
  })
})
