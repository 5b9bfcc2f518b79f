/** Why an endpoint gave no answer. No imports. */

export const failureCodes = [
  'timeout',
  'refused',
  'reset',
  'bad_status',
  'bad_answer',
  'too_large',
  'redirected',
  'breaker_open',
  'busy',
  'cancelled',
] as const
export type FailureCode = (typeof failureCodes)[number]

export interface FailureOptions {
  status?: number | undefined
  /** Whether the same request may be sent again. */
  retry?: boolean
  /** Milliseconds that the endpoint asked to wait before that. */
  retryAfter?: number | undefined
  /** What the endpoint said, without its secret: for `doctor` and logs, not for callers. */
  detail?: string | undefined
}

/** `message` is in our own words: no address, no secret, nothing that the endpoint said. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly status: number | undefined
  readonly retry: boolean
  readonly retryAfter: number | undefined
  readonly detail: string | undefined

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message)
    this.code = code
    this.status = options.status
    this.retry = options.retry ?? false
    this.retryAfter = options.retryAfter
    this.detail = options.detail
  }
}
