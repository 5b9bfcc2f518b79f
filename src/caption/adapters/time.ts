/** Waiting that ends: by the clock, or when the caller leaves. */
import { Failure } from './failure.ts'

/**
 * Gives `task` a signal that ends it after `ms` or when the caller leaves, and does not wait for it after that.
 * @throws Failure `timeout`, `cancelled`
 */
export function within<T>(
  ms: number,
  outer: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const stop = (failure: Failure) => {
      tidy()
      controller.abort(failure)
      reject(failure)
    }
    const leave = () => stop(new Failure('cancelled', 'the caller left'))
    const expire = () => stop(new Failure('timeout', `no answer within ${Math.round(ms) / 1000} s`))
    const timer = Number.isFinite(ms) ? setTimeout(expire, ms) : undefined
    const tidy = () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', leave)
    }
    if (outer?.aborted) return leave()
    outer?.addEventListener('abort', leave)
    const run = async () => task(controller.signal)
    run().then(resolve, reject).finally(tidy)
  })
}

/** Resolves after `ms`, or when woken. @throws Failure `cancelled` */
export function sleep(ms: number, signal?: AbortSignal, onWake?: (wake: () => void) => void): Promise<void> {
  return within(Number.POSITIVE_INFINITY, signal, (inner) => {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      inner.addEventListener('abort', () => clearTimeout(timer))
      onWake?.(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  })
}
