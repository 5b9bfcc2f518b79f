/** How the command speaks: answers on stdout, everything else on stderr. */
import { TermlensError } from '../src/errors.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
export const note = (line: string): void => void process.stderr.write(`${line}\n`)

/** Ends the process with `code` when its work is done. */
export function exitCode(code: number): void {
  process.exitCode = code
}

const USAGE = new Set([
  'option_invalid',
  'mode_unknown',
  'bank_unknown',
  'input_not_found',
  'bank_invalid',
  'text_unknown',
])
const NOT_SET_UP = new Set([
  'setup_missing',
  'index_invalid',
  'index_version',
  'index_model_mismatch',
  'model_load_failed',
])

/** Says what went wrong and what to do about it, and sets the exit code: 1 failed, 2 usage, 3 not set up. */
export function report(error: unknown): void {
  if (!(error instanceof TermlensError)) {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error))
    exitCode(1)
    return
  }
  note(`${error.code}: ${error.message}\n${error.hint}`)
  exitCode(USAGE.has(error.code) ? 2 : NOT_SET_UP.has(error.code) ? 3 : 1)
}
