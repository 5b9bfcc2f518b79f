/** Reads term banks: the format of assets/banks/README.md, and plain lists of a user's own. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { TermlensError } from '../src/errors.ts'
import type { Flag } from '../src/types.ts'
import { isDenied } from './deny-list.ts'

export interface BankTerm {
  term: string
  gloss: string
  /** Chinese name, or empty. */
  name: string
  flags: Flag[]
  /** Index into the bank's `themes`. */
  theme: number
  line: number
}

export interface Bank {
  name: string
  /** Where it was read from, for messages. */
  file: string
  templates: string[]
  /** `''` first, for terms before any heading. */
  themes: string[]
  terms: BankTerm[]
  /** What was passed over in a plain list. */
  warnings: string[]
}

export interface UserBank {
  name: string
  file: string
}

const NAME = /^[a-z][a-z0-9_-]{0,31}$/
/** Flags that a bank file may give. `unproven` is given by a measurement, `living` implies `person`. */
const FLAGS: readonly Flag[] = ['person', 'living', 'unsafe', 'unproven']
const BRACKETS = /[()[\]{}<>]/
const DEFAULT_TEMPLATE = '{}'

/** Two terms with the same key are duplicates: case, spacing and hyphens do not count. */
export const termKey = (term: string): string =>
  term
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{Pd}]+/gu, '')

/** Splits `name=file.txt` at its first `=`, so that Windows paths survive. @throws TermlensError `option_invalid` */
export function parseUserBank(argument: string): UserBank {
  const at = argument.indexOf('=')
  const name = argument.slice(0, Math.max(at, 0))
  const file = argument.slice(at + 1)
  if (NAME.test(name) && file) return { name, file }
  throw new TermlensError('option_invalid', `"${argument}" is not of the form name=file.txt.`, {
    hint: 'The name of a bank is lower case: a letter, then letters, digits, - and _.',
  })
}

/**
 * All banks of a folder, by name, then a user's own.
 * @throws TermlensError `bank_invalid` naming file and line; `input_not_found`
 */
export async function readBanks(banksDir: string | null, userBanks: readonly UserBank[] = []): Promise<Bank[]> {
  const files = banksDir ? (await list(banksDir)).filter((file) => file.endsWith('.txt')).sort() : []
  const banks: Bank[] = []
  for (const file of files) banks.push(parseBank(await read(join(banksDir!, file)), join(banksDir!, file)))
  for (const { name, file } of userBanks) banks.push(parseList(await read(file), file, name))
  for (const [i, { name, file }] of banks.entries()) {
    const other = banks.findIndex((bank) => bank.name === name)
    if (other !== i) throw invalid(file, 1, `the bank "${name}" is already read from ${banks[other]!.file}`)
  }
  return banks
}

/** @param text of a bank file @param file its path: the bank is named like it. @throws TermlensError `bank_invalid` */
export function parseBank(text: string, file: string): Bank {
  const lines = linesOf(text)
  const name = /^#: bank (\S+)$/.exec(lines[0] ?? '')?.[1] ?? ''
  if (!NAME.test(name)) throw invalid(file, 1, 'the first line is not "#: bank NAME"')
  if (basename(file.replaceAll('\\', '/')) !== `${name}.txt`)
    throw invalid(file, 1, `the file of the bank "${name}" must be named ${name}.txt`)

  const bank: Bank = { name, file, templates: [], themes: [''], terms: [], warnings: [] }
  const common: Flag[] = []
  for (const [i, line] of lines.entries()) {
    const number = i + 1
    if (i === 0 || line === '' || line === '#' || line.startsWith('# ')) continue
    if (line.startsWith('## ')) bank.themes.push(line.slice(3).trim())
    else if (line.startsWith('#: ')) readHeader(line, number, bank, common)
    else if (line.startsWith('#')) throw invalid(file, number, 'a line that begins with # is "#: …", "## …" or "# …"')
    else bank.terms.push(readTerm(line, number, bank, common))
  }
  if (bank.terms.length === 0) throw invalid(file, 1, 'the bank has no terms')
  if (bank.templates.length === 0) bank.templates.push(DEFAULT_TEMPLATE)
  refuseDuplicates(bank)
  return bank
}

/**
 * A user's list: one term a line, blank lines and `# …` ignored, `term | gloss | name | flags` allowed. Terms may hold commas and
 * brackets; repeated ones are passed over with a warning. @throws TermlensError `bank_invalid`
 */
export function parseList(text: string, file: string, name: string): Bank {
  const bank: Bank = { name, file, templates: [DEFAULT_TEMPLATE], themes: [''], terms: [], warnings: [] }
  const seen = new Map<string, number>()
  for (const [i, line] of linesOf(text).entries()) {
    if (line === '' || line === '#' || line.startsWith('# ')) continue
    const term = readColumns(line, i + 1, file, [])
    const first = seen.get(termKey(term.term))
    if (first === undefined) bank.terms.push({ ...term, theme: 0 })
    else bank.warnings.push(`${file}:${i + 1}: "${term.term}" is already in line ${first}; passed over`)
    seen.set(termKey(term.term), first ?? i + 1)
  }
  if (bank.terms.length === 0) throw invalid(file, 1, 'the list has no terms')
  return bank
}

function readHeader(line: string, number: number, bank: Bank, common: Flag[]): void {
  if (bank.terms.length > 0) throw invalid(bank.file, number, 'header lines stand before the first term')
  const [, key, value = ''] = /^#: (\S+)\s*(.*)$/.exec(line) ?? []
  if (key === 'template') {
    if (value.split('{}').length !== 2) throw invalid(bank.file, number, 'a template holds {} exactly once')
    if (bank.templates.includes(value)) throw invalid(bank.file, number, `the template "${value}" stands there twice`)
    bank.templates.push(value)
  } else if (key === 'flags') common.push(...readFlags(value, number, bank.file))
  else throw invalid(bank.file, number, `"${line}" is not a known header`)
}

function readTerm(line: string, number: number, bank: Bank, common: readonly Flag[]): BankTerm {
  const term = readColumns(line, number, bank.file, common)
  if (term.term.includes(',')) throw invalid(bank.file, number, `"${term.term}" holds a comma`)
  if (BRACKETS.test(term.term)) throw invalid(bank.file, number, `"${term.term}" holds a bracket`)
  if (isDenied(term.term)) throw invalid(bank.file, number, 'the term holds a word that is on the deny list')
  return { ...term, theme: bank.themes.length - 1 }
}

function readColumns(line: string, number: number, file: string, common: readonly Flag[]): Omit<BankTerm, 'theme'> {
  const [term = '', gloss = '', name = '', flags = '', ...more] = line.split('|').map((column) => column.trim())
  if (more.length > 0) throw invalid(file, number, 'there are more than four columns')
  if (!term) throw invalid(file, number, 'the term is empty')
  if (/\s{2}|[\p{Cc}\p{Cf}]/u.test(term))
    throw invalid(file, number, `"${term}" holds a double space or an invisible character`)
  const all = new Set([...common, ...readFlags(flags, number, file)])
  if (all.has('living')) all.add('person')
  return { term, gloss, name, flags: FLAGS.filter((flag) => all.has(flag)), line: number }
}

function readFlags(text: string, number: number, file: string): Flag[] {
  const flags = text.split(/[\s,]+/).filter(Boolean)
  const unknown = flags.find((flag) => !FLAGS.some((known) => known === flag))
  if (unknown) throw invalid(file, number, `the flag "${unknown}" is unknown`)
  return flags as Flag[]
}

function refuseDuplicates({ terms, file }: Bank): void {
  const seen = new Map<string, BankTerm>()
  for (const term of terms) {
    const first = seen.get(termKey(term.term))
    if (first) throw invalid(file, term.line, `"${term.term}" repeats "${first.term}" of line ${first.line}`)
    seen.set(termKey(term.term), term)
  }
}

const linesOf = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())

const invalid = (file: string, line: number, message: string): TermlensError =>
  new TermlensError('bank_invalid', `${file}:${line}: ${message}.`)

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    throw new TermlensError('input_not_found', `There is no folder ${folder}.`, { cause })
  }
}

async function read(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new TermlensError('input_not_found', `The list ${file} could not be read.`, { cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new TermlensError('bank_invalid', `${file}:1: the file is not UTF-8.`, { cause })
  }
}
