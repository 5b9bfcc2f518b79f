import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseBank, parseList, parseUserBank, readBanks, termKey } from '../../index-build/banks.ts'
import { ARTIST } from './model-folder.ts'

test('reads terms, glosses, names, flags, templates and themes', () => {
  const bank = parseBank(ARTIST, 'banks/artist.txt')
  expect(bank.templates).toEqual(['by {}', 'inspired by {}'])
  expect(bank.themes).toEqual(['', 'one', 'two'])
  expect(bank.terms).toEqual([
    { term: 'Ann Example', gloss: 'soft light', name: '安', flags: ['person'], theme: 1, line: 6 },
    { term: 'Bob Example', gloss: '', name: '', flags: ['person', 'living'], theme: 1, line: 7 },
    { term: 'Cid Example', gloss: 'hard light', name: '', flags: ['person'], theme: 2, line: 9 },
  ])
})

test('a file from Windows, with CRLF and a byte order mark, is the same bank', () => {
  const windows = `\uFEFF${ARTIST.replaceAll('\n', '\r\n')}`
  expect(parseBank(windows, 'C:\\banks\\artist.txt')).toEqual({
    ...parseBank(ARTIST, 'artist.txt'),
    file: 'C:\\banks\\artist.txt',
  })
})

test('a bank without templates has the bare term; living implies person', () => {
  const bank = parseBank('#: bank flavor\n# a remark\n#\n\nsoft focus ||| living\n', 'flavor.txt')
  expect(bank.templates).toEqual(['{}'])
  expect(bank.terms[0]?.flags).toEqual(['person', 'living'])
})

describe('refuses, naming file and line', () => {
  const head = '#: bank flavor\n'
  const cases: Record<string, [line: number, text: string]> = {
    'no first line': [1, 'soft focus\n'],
    'a name that is no name': [1, '#: bank My Bank\nx\n'],
    'a name that is not the file’s': [1, '#: bank artist\nx\n'],
    'no terms': [1, `${head}# nothing\n`],
    'an unknown header': [2, `${head}#: colour red\nx\n`],
    'a header after a term': [3, `${head}x\n#: template by {}\n`],
    'a template without {}': [2, `${head}#: template by\nx\n`],
    'a template twice': [3, `${head}#: template by {}\n#: template by {}\nx\n`],
    'an unknown flag for all': [2, `${head}#: flags tall\nx\n`],
    'a remark without a space': [2, `${head}#remark\nx\n`],
    'an empty term': [2, `${head} | gloss\n`],
    'a comma': [2, `${head}soft, focus\n`],
    'a bracket': [2, `${head}soft (focus)\n`],
    'too many columns': [2, `${head}a | b | c | | d\n`],
    'an unknown flag': [2, `${head}a | | | tall\n`],
    'a double space': [2, `${head}soft  focus\n`],
    'an invisible character': [2, `${head}soft\u200bfocus\n`],
    'the same term': [3, `${head}soft focus\nsoft focus\n`],
    'the same term in other letters': [4, `${head}soft focus\nhard\nSoft-Focus\n`],
    'the same term with an em dash for a space': [3, `${head}soft focus\nsoft—focus\n`],
    'a word of the deny list': [2, `${head}an old ${atob('c2x1dHM=')} portrait\n`],
  }
  test.each(Object.entries(cases))('%s', (_, [line, text]) => {
    expect(() => parseBank(text, 'some/flavor.txt')).toThrow(
      expect.objectContaining({ code: 'bank_invalid', message: expect.stringContaining(`some/flavor.txt:${line}: `) }),
    )
  })
})

test('keys ignore case, spacing, hyphens and width', () => {
  expect(termKey('Soft-Focus')).toBe(termKey('soft  focus'))
  expect(termKey('ｓｏｆｔ focus')).toBe(termKey('softfocus'))
  expect(termKey('soft focus')).not.toBe(termKey('soft locus'))
})

describe('a user’s own list', () => {
  test('is one term a line; commas and brackets stay, repeated terms are passed over with a warning', () => {
    const bank = parseList(
      '\uFEFFhd, 8k\r\n# remark\r\n\r\n#vfx\r\n(soft)\r\nHD,  8K\r\n'.replace('  ', ' '),
      'mine.txt',
      'mine',
    )
    expect(bank.terms.map(({ term }) => term)).toEqual(['hd, 8k', '#vfx', '(soft)'])
    expect(bank.warnings).toEqual(['mine.txt:6: "HD, 8K" is already in line 1; passed over'])
    expect(() => parseList('\n', 'mine.txt', 'mine')).toThrow('mine.txt:1: the list has no terms')
  })

  test('is named on the command line, with paths of any system', () => {
    expect(parseUserBank('mine=lists/a=b.txt')).toEqual({ name: 'mine', file: 'lists/a=b.txt' })
    expect(parseUserBank('mine=C:\\lists\\x.txt')).toEqual({ name: 'mine', file: 'C:\\lists\\x.txt' })
    for (const wrong of ['mine', '=x.txt', 'Mine=x.txt', 'mine=', '9=x']) {
      expect(() => parseUserBank(wrong)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    }
  })
})

describe('a folder of banks', () => {
  test('is read by name, then the user’s lists', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'banks '))
    await writeFile(join(folder, 'movement.txt'), '#: bank movement\ncubism\n')
    await writeFile(join(folder, 'artist.txt'), ARTIST)
    await writeFile(join(folder, 'README.md'), 'not a bank')
    const list = join(folder, 'mine.lst')
    await writeFile(list, 'a\nb\n')
    const banks = await readBanks(folder, [{ name: 'mine', file: list }])
    expect(banks.map(({ name }) => name)).toEqual(['artist', 'movement', 'mine'])
    await expect(readBanks(folder, [{ name: 'artist', file: list }])).rejects.toMatchObject({ code: 'bank_invalid' })
    await writeFile(list, Buffer.from([0xff, 0xfe, 0x41]))
    await expect(readBanks(null, [{ name: 'mine', file: list }])).rejects.toMatchObject({ code: 'bank_invalid' })
  })

  test('that is not there is an error of its own', async () => {
    await expect(readBanks('/nowhere/banks')).rejects.toMatchObject({ code: 'input_not_found' })
    await expect(readBanks(null, [{ name: 'a', file: '/nowhere/a.txt' }])).rejects.toMatchObject({
      code: 'input_not_found',
    })
  })
})

test('the banks of this project are as their README says', async () => {
  const folder = join(import.meta.dirname, '../../assets/banks')
  const files = (await readdir(folder)).filter((file) => file.endsWith('.txt'))
  for (const file of files) parseBank(await readFile(join(folder, file), 'utf8'), file)
  expect(files).toContain('artist.txt')
})
