/** What the command line finds and reads: files, folders, addresses; and how it says what it could not read. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findInputs, type Input } from '../../../index-build/inputs.ts'
import { fill, testFolder } from './run.ts'

const names = (inputs: Input[]) => inputs.map(({ name }) => name.replaceAll('\\', '/'))

describe('folders', () => {
  test('give their pictures and those below, by name; hidden ones and other files are left out', async () => {
    const folder = await testFolder()
    await fill(folder, {
      'photos/b.JPG': 'b',
      'photos/a.png': 'a',
      'photos/sub/deep/c.WebP': 'c',
      'photos/notes.txt': 'x',
      'photos/.hidden.png': 'x',
      'photos/.thumbnails/a.png': 'x',
    })
    const found = ['photos/a.png', 'photos/b.JPG', 'photos/sub/deep/c.WebP']
    expect(names(await findInputs(['photos'], folder))).toEqual(found)
    expect(names(await findInputs(['photos/'], folder))).toEqual(found)
    expect(names(await findInputs(['.'], join(folder, 'photos')))).toEqual(['a.png', 'b.JPG', 'sub/deep/c.WebP'])
    expect(names(await findInputs(['..'], join(folder, 'photos', 'sub')))).toEqual([
      '../a.png',
      '../b.JPG',
      '../sub/deep/c.WebP',
    ])
    const [, b] = await findInputs([join(folder, 'photos')], folder)
    expect(Buffer.from(await b!.read()).toString()).toBe('b')
  })

  test('a hidden file, or one of another extension, is read when it is named', async () => {
    const folder = await testFolder()
    await fill(folder, { '.hidden': 'h', 'photo.bin': 'p' })
    const inputs = await findInputs(['photo.bin', '.hidden'], folder)
    const texts = await Promise.all(inputs.map(async ({ read }) => Buffer.from(await read()).toString()))
    expect(texts).toEqual(['p', 'h'])
  })
})

describe('files', () => {
  test('come in the order given', async () => {
    const folder = await testFolder()
    await fill(folder, { 'a.png': 'a', 'b.png': 'b' })
    expect(names(await findInputs(['b.png', 'a.png'], folder))).toEqual(['b.png', 'a.png'])
  })

  test('what is not there is named when its turn comes', async () => {
    const [missing] = await findInputs(['nothing.png'], await testFolder())
    await expect(missing!.read()).rejects.toMatchObject({ code: 'input_not_found' })
  })

  test('of more than 20 MB are refused unread', async () => {
    const folder = await testFolder()
    await fill(folder, { 'large.png': new Uint8Array(20_000_001), 'just.png': new Uint8Array(20_000_000) })
    const [large, just] = await findInputs(['large.png', 'just.png'], folder)
    await expect(large!.read()).rejects.toMatchObject({ code: 'image_too_large' })
    expect(await just!.read()).toHaveLength(20_000_000)
  })
})

describe('addresses', () => {
  let server: Server
  let host: string
  let sent = 0

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/a.png') response.end('picture')
      else if (request.url === '/moved') response.writeHead(302, { Location: '/a.png' }).end()
      else if (request.url === '/cut')
        response.writeHead(200, { 'Content-Length': 100 }).write('abc', () => response.destroy())
      else if (request.url === '/endless') {
        const more = () => {
          while (response.write(Buffer.alloc(100_000)) && sent < 1e9) sent += 100_000
        }
        response.on('drain', more)
        more()
      } else if (request.url !== '/silent') response.writeHead(404).end('no')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const read = async (path: string, signal?: AbortSignal) => (await findInputs([`${host}${path}`]))[0]!.read(signal)

  test.each(['/a.png', '/moved'])('%s is fetched', async (path) => {
    expect(Buffer.from(await read(path)).toString()).toBe('picture')
  })

  test('an address in capitals is one', async () => {
    expect((await findInputs(['HTTPS://EXAMPLE.COM/a.png']))[0]!.path).toBeUndefined()
  })

  test.each([
    ['/nothing', 'status 404'],
    ['/cut', 'could not be fetched'],
  ])('%s fails: %s', async (path, words) => {
    await expect(read(path)).rejects.toMatchObject({ code: 'url_failed', message: expect.stringContaining(words) })
  })

  test('a host that does not answer fails', async () => {
    const [input] = await findInputs(['http://127.0.0.1:1/a.png'])
    await expect(input!.read()).rejects.toMatchObject({ code: 'url_failed' })
  })

  test('an answer without end is left at 20 MB', async () => {
    await expect(read('/endless')).rejects.toMatchObject({ code: 'image_too_large' })
    expect(sent).toBeLessThan(200_000_000)
  })

  test('Ctrl-C does not wait for a silent host', async () => {
    const stop = new AbortController()
    const reading = read('/silent', stop.signal)
    stop.abort()
    await expect(reading).rejects.toBeDefined()
  })
})
