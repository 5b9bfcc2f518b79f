/** How the command speaks: answers on stdout, everything else on stderr. */
import { TermlensError } from '../src/errors.ts'

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

/** Says what went wrong and what to do about it, and sets the exit code. */
export function report(error: unknown): void {
  if (error instanceof TermlensError) note(`${error.code}: ${error.message}\n${error.hint}`)
  else if (isSystemError(error)) note(error.message)
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  exitCode(exitCodeOf(error))
}

/** Whether the operating system refused something: a full disk, a file that may not be written. No bug of ours. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error
