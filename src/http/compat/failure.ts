/** Failures of foreign routes: told as a native route would, in the log and to nobody. */
import type { Context } from 'hono'
import { TermlensError } from '../../errors.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'

/** A failure that the foreign program has: its status and the text that clients match on. */
export class Refusal extends Error {
  readonly status: number
  readonly detail: string

  /** @param reason what this project would say; stands in `errors` */
  constructor(status: number, detail: string, reason = '') {
    super(reason)
    this.status = status
    this.detail = detail
  }
}

/** The line of a request that was refused. */
export function logFailure(deps: CompatDeps, c: Context<CompatEnv>, status: number, error: Error): void {
  const known = error instanceof TermlensError
  const code = known ? error.code : error instanceof Refusal ? 'foreign' : 'internal'
  deps.log({
    level: code === 'internal' || (known && error.status >= 500) ? 'error' : 'info',
    request_id: c.get('requestId'),
    method: c.req.method,
    path: c.req.path,
    status,
    code,
    ...(code === 'internal' && { error: error.stack ?? String(error) }),
  })
}

/** Whether the client has left, so that nobody reads an answer. */
export function hasLeft(c: Context, error: Error): boolean {
  const { signal } = c.req.raw
  return signal.aborted && (error === signal.reason || error.name === 'AbortError')
}

/** The answer to nobody, with nginx's number for it. */
export const gone = (c: Context) => c.body(null, 499 as 400)
