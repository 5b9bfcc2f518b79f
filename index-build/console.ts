/** How the command speaks: answers on stdout, everything else on stderr. */
import { type ErrorCode, errorTable, TermlensError } from '../src/errors.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
export const note = (line: string): void => void process.stderr.write(`${line}\n`)

/** Ends the process with `code` when its work is done. */
export function exitCode(code: number): void {
  process.exitCode = code
}

/** A reader that has enough (`termlens … | head`) ends the command; it is no failure of it. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const USAGE = new Set<string>([
  'option_invalid',
  'mode_unknown',
  'bank_unknown',
  'input_not_found',
  'bank_invalid',
  'text_unknown',
])
const NOT_SET_UP = new Set<string>([
  'setup_missing',
  'index_invalid',
  'index_version',
  'index_model_mismatch',
  'model_load_failed',
])

/** The exit code that an error stands for: 1 failed, 2 usage, 3 not set up. */
export function exitCodeOf(error: unknown): 1 | 2 | 3 {
  if (!(error instanceof TermlensError)) return 1
  return USAGE.has(error.code) ? 2 : NOT_SET_UP.has(error.code) ? 3 : 1
}

/** What to do here, where the table of errors speaks to a client of HTTP. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  image_missing: 'Nothing came in: pipe a picture into the command, or give its path.',
  image_too_large: 'Scale the picture down: 20 MB are the most.',
  image_too_many_pixels: 'Scale the picture down: 1024 pixels on the long side are plenty.',
  image_unsupported: 'Give a JPEG, PNG, WebP, GIF or AVIF.',
  option_invalid: 'Call the command with --help: it lists the options.',
  bank_unknown: 'npm run termlens -- inspect lists the banks.',
  url_failed: 'Check that the address answers with an image, or give the image itself.',
  caption_unavailable: 'Check the captioner with "termlens doctor --caption", or leave out --require-caption.',
  internal: 'This is a bug: please report it.',
}

/** The hint of `error` for people in a terminal: commands as they can be typed there, for `termlens` itself is not on the PATH. */
export function hintOf({ code, hint }: Pick<TermlensError, 'code' | 'hint'>): string {
  const [, usual] = errorTable[code]
  return ((hint === usual && HINTS[code]) || hint).replaceAll('"termlens ', '"npm run termlens -- ')
}

/** What went wrong: a file that is not there has no status. */
export const messageOf = ({ message }: Error): string => message.replace(/ \(status 404\)/, '')

/** Says what went wrong and what to do about it, and sets the exit code. */
export function report(error: unknown): void {
  if (error instanceof TermlensError) note(`${error.code}: ${messageOf(error)}\n${hintOf(error)}`)
  else if (isSystemError(error)) note(error.message)
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  exitCode(exitCodeOf(error))
}

/** Whether the operating system refused something: a full disk, a file that may not be written. No bug of ours. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error
