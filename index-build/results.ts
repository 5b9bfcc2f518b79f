/** Result files of long runs: written line by line, so that a run can stop at any instant and go on later. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { TermlensError } from '../src/errors.ts'

export interface Result {
  image: string
  prompt: string
  mode: string
  similarity: number | null
  error: string
}

const COLUMNS = ['image', 'prompt', 'mode', 'similarity', 'error'] as const
const HEADER = COLUMNS.join(',')

interface ResultFile {
  /** The prompts of the images that the file has without an error. */
  done: Map<string, string>
  add(result: Result): Promise<void>
}

type Row = Pick<Result, 'image' | 'prompt' | 'mode' | 'error'>

/**
 * Opens `path` (.csv or .jsonl) to go on where it stops. Half a line at its end is cut off, and so are the failures of `images`, which
 * this run tries again. @throws TermlensError `option_invalid`, before anything is changed, if the file holds something else, or prompts of
 * `images` that another mode wrote
 */
export async function openResults(path: string, images: Iterable<string>, mode: string): Promise<ResultFile> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.csv' && kind !== '.jsonl') {
    throw new TermlensError('option_invalid', `--out ${path}: the name must end in .csv or .jsonl.`, {
      hint: 'For example --out results.csv.',
    })
  }
  const csv = kind === '.csv'
  const text = await readText(path)
  const lines = text.split(/\r?\n/)
  const rest = lines.pop()
  const header = csv ? lines.shift()?.replace(/^\uFEFF/, '') : undefined
  const rows = lines.filter(Boolean).map((line) => ({ line, row: csv ? fromCsv(line) : fromJson(line) }))
  const ours = csv ? (header ?? HEADER) === HEADER : rows.every(({ row }) => row)
  const started = csv && header === undefined ? HEADER.startsWith(rest ?? '') : csv || /^(\{.*)?$/.test(rest ?? '')
  if (!ours || !started) {
    throw new TermlensError('option_invalid', `--out ${path}: the file is there and holds something else.`, {
      hint: 'Give another name, or move the file away.',
    })
  }

  const again = new Set(images)
  const other = rows.find(({ row }) => row?.error === '' && row.mode !== mode && again.has(row.image))?.row
  if (other) {
    throw new TermlensError('option_invalid', `--out ${path}: ${other.image} was done with the mode "${other.mode}".`, {
      hint: `Give another name for the results of "${mode}": those that are there stay as they are.`,
    })
  }
  const kept = rows.filter(({ row }) => !row?.error || !again.has(row.image))
  const end = csv ? '\r\n' : '\n'
  const whole = [...(csv ? [HEADER] : []), ...kept.map(({ line }) => line)].map((line) => line + end).join('')
  if (whole !== text) await replace(path, whole)
  return {
    done: new Map(kept.flatMap(({ row }) => (row?.error === '' ? [[row.image, row.prompt]] : []))),
    add: (result) => appendFile(path, csv ? toCsv(result) : `${JSON.stringify(result)}\n`),
  }
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}

/** One record of RFC 4180, on one line. */
export const toCsv = (result: Result): string =>
  `${COLUMNS.map((name) => quote(String(result[name] ?? '').replaceAll(/[\r\n]+/g, ' '))).join(',')}\r\n`

const quote = (field: string) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)

const RECORD = new RegExp(`^${COLUMNS.map(() => '("(?:[^"]|"")*"|[^",]*)').join(',')}$`)

function fromCsv(line: string): Row | undefined {
  const fields = RECORD.exec(line)
    ?.slice(1)
    .map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field))
  return fields && { image: fields[0]!, prompt: fields[1]!, mode: fields[2]!, error: fields[4]! }
}

function fromJson(line: string): Row | undefined {
  try {
    const { image, prompt, mode, error } = JSON.parse(line) as Record<keyof Row, unknown>
    if (typeof image !== 'string' || typeof error !== 'string') return undefined
    return { image, prompt: String(prompt ?? ''), mode: String(mode ?? ''), error }
  } catch {
    return undefined
  }
}
