/** Errors as RFC 9457 problem details. */
import { TermlensError } from '../errors.ts'

export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  hint: string
  request_id: string
}

/** What a failure looks like on the wire. Anything but a `TermlensError` is a bug and tells nothing of its inside. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known =
    error instanceof TermlensError
      ? error
      : new TermlensError('internal', 'Something went wrong here.', { cause: error })
  const { code, status, hint, message } = known
  return {
    type: `/docs#${code}`,
    title: code.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase()),
    status,
    detail: message,
    code,
    hint,
    request_id: requestId,
  }
}

/** A failure as a line of the log. */
export function logProblem(
  log: (entry: Record<string, unknown>) => void,
  { method, path }: { method: string; path: string },
  { status, code, request_id }: Problem,
  error: unknown,
): void {
  const level = status >= 500 ? 'error' : 'info'
  const inside = code === 'internal' && {
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
  log({ level, request_id, method, path, status, code, ...inside })
}

/** Seconds after which a client may try again, for the codes where that helps. */
export const retryAfter = (code: string): number | undefined =>
  ({ overloaded: 1, rate_limited: 10, model_load_failed: 5 })[code]
