/** Names of files mean on Windows what they mean elsewhere. */
import { join, posix, win32 } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseList, parseUserBank } from '../../../index-build/banks.ts'
import { callerDir, isPicture } from '../../../index-build/inputs.ts'
import { sideCarPath } from '../../../index-build/side-car.ts'
import { root } from './run.ts'

describe('what of a folder is a picture', () => {
  test.each(['a.jpg', 'a.JPG', 'a.JpEg', 'a.b.png', 'sub/a.webp', 'sub/deep/a.GIF', 'a.avif', 'ü ö.jfif', '照片.png'])(
    '%s is one',
    (path) => {
      expect(isPicture(path, posix)).toBe(true)
      expect(isPicture(path.replaceAll('/', '\\'), win32)).toBe(true)
    },
  )

  test.each(['a.txt', 'jpg', '.jpg', '.a.jpg', '.thumbnails/a.jpg', 'sub/.git/a.jpg', 'a.jpg.part', 'a.jpg/notes'])(
    '%s is none',
    (path) => {
      expect(isPicture(path, posix)).toBe(false)
      expect(isPicture(path.replaceAll('/', '\\'), win32)).toBe(false)
    },
  )
})

describe('where relative paths begin', () => {
  test('where the user stands', () => {
    expect(callerDir(join(root, 'docs'), undefined)).toBe(join(root, 'docs'))
  })

  test('where the user called npm, which runs scripts in the folder of the package', () => {
    expect(callerDir(root, '/home/me')).toBe('/home/me')
  })

  test('where a script of another package stands, whatever npm says of its caller', () => {
    expect(callerDir(join(root, 'docs'), '/home/me')).toBe(join(root, 'docs'))
  })
})

describe('Windows', () => {
  test('paths survive in --bank', () => {
    expect(parseUserBank('mine=C:\\My Lists\\a=b.txt')).toEqual({ name: 'mine', file: 'C:\\My Lists\\a=b.txt' })
  })

  test('line ends and the byte order mark of lists do not count', () => {
    const list = (text: string) => parseList(text, 'C:\\lists\\mine.txt', 'mine').terms.map(({ term }) => term)
    expect(list('\uFEFFone\r\n\r\ntwo\r\n')).toEqual(['one', 'two'])
    expect(list('one\rtwo')).toEqual(['one', 'two'])
  })

  test('the side-car of a picture stands beside it', () => {
    expect(sideCarPath('C:\\photos.2024\\a.b.JPG')).toBe('C:\\photos.2024\\a.b.txt')
  })
})
