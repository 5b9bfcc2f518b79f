/** Result files of long runs: written line by line, so that a run can stop at any instant and go on later. */
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { TermlensError } from '../src/errors.ts'

export interface Result {
  image: string
  prompt: string
  mode: string
  similarity: number | null
  error: string
}

const HEADER = ['image', 'prompt', 'mode', 'similarity', 'error'] as const

interface ResultFile {
  /** Images that the file has without an error. */
  done: Set<string>
  add(result: Result): Promise<void>
}

/** Opens `path` (.csv or .jsonl) to go on where it stops; half a line at its end is cut off. @throws TermlensError `option_invalid` */
export async function openResults(path: string): Promise<ResultFile> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.csv' && kind !== '.jsonl') {
    throw new TermlensError('option_invalid', `--out ${path}: the name must end in .csv or .jsonl.`, {
      hint: 'For example --out results.csv.',
    })
  }
  const csv = kind === '.csv'
  const text = await readWhole(path)
  if (text === '' && csv) await writeFile(path, `${HEADER.join(',')}\r\n`)
  const lines = text.split(/\r?\n/).slice(csv ? 1 : 0, -1)
  const rows = lines.map((line) => (csv ? fromCsv(line) : fromJson(line))).filter((row) => row !== undefined)
  return {
    done: new Set(rows.filter(({ error }) => error === '').map(({ image }) => image)),
    add: (result) => appendFile(path, csv ? toCsv(result) : `${JSON.stringify(result)}\n`),
  }
}

async function readWhole(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const end = bytes.lastIndexOf('\n') + 1
  if (end < bytes.length) await truncate(path, end)
  return bytes.subarray(0, end).toString('utf8')
}

/** One record of RFC 4180. */
export const toCsv = (result: Result): string =>
  `${HEADER.map((name) => quote(result[name] === null ? '' : String(result[name]).replaceAll(/[\r\n]+/g, ' '))).join(',')}\r\n`

const quote = (field: string) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)

function fromCsv(line: string): Pick<Result, 'image' | 'error'> | undefined {
  const fields = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  )
  const [image, , , , error] = fields
  return image === undefined || error === undefined ? undefined : { image, error }
}

function fromJson(line: string): Pick<Result, 'image' | 'error'> | undefined {
  try {
    const { image, error } = JSON.parse(line) as Partial<Result>
    return typeof image === 'string' && typeof error === 'string' ? { image, error } : undefined
  } catch {
    return undefined
  }
}
