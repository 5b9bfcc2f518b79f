/**
 * Timeouts, retries, a circuit breaker and bounded concurrency for one endpoint.
 *
 * Own code, because requests of one isolate share it: in workerd a promise is settled, and I/O is done, in the request
 * that began it, and a request whose client left may never run its `finally`. So whoever waits here has a timer of its
 * own, nobody runs another's work, and what is held expires. The bulkhead of cockatiel 3 and 4 stays stuck there (docs/captioning.md).
 */
import { Failure } from './adapters/failure.ts'
import { sleep, within } from './adapters/time.ts'

const TRIES = 3
const FIRST_PAUSE_MS = 250
const FAILURES_TO_OPEN = 5
const OPEN_MS = 10_000
const LONGEST_OPEN_MS = 120_000
const MOST_WAITING = 32

/** Statuses that blame the picture or the question, not the endpoint. */
const CALLERS_FAULT = [400, 413, 415, 422]

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface Call {
  signal?: AbortSignal | undefined
  /** When everything must be over, in milliseconds since 1970. */
  deadline: number
}

export interface Guard {
  /** Runs `task`, again where that is safe. Rejects with a `Failure` in time, even if `task` overlooks its signal. */
  run<T>(task: (signal: AbortSignal) => Promise<T>, call: Call): Promise<T>
  state(): BreakerState
}

export function createGuard(
  { timeout_ms, concurrency }: { timeout_ms: number; concurrency: number },
  now: () => number = Date.now,
): Guard {
  const breaker = createBreaker(now)
  const takePlace = createPlaces(concurrency, now)

  async function once<T>(task: (signal: AbortSignal) => Promise<T>, { signal, deadline }: Call): Promise<T> {
    const leave = await takePlace({ signal, deadline })
    try {
      return await within(Math.max(0, Math.min(timeout_ms, deadline - now())), signal, task)
    } finally {
      leave()
    }
  }

  return {
    state: breaker.state,
    async run(task, call) {
      for (let tries = 1; ; tries++) {
        breaker.enter(call.deadline)
        try {
          const value = await once(task, call)
          breaker.succeeded()
          return value
        } catch (error) {
          breaker.failed(error)
          if (!(error instanceof Failure) || !error.retry || tries === TRIES || breaker.state() === 'open') throw error
          // Full jitter over a doubling pause: exponential backoff as AWS describes it ("Exponential Backoff And Jitter", 2015).
          const pause = (error.retryAfter ?? 0) + Math.random() * FIRST_PAUSE_MS * 2 ** tries
          if (now() + pause >= call.deadline) throw error
          await sleep(pause, call.signal)
        }
      }
    },
  }
}

/** Opens after some failures in a row; then one try at a time, after a pause that doubles. */
function createBreaker(now: () => number) {
  let failures = 0
  let openings = 0
  let openUntil = 0
  let probeUntil = 0
  let last = ''

  const state = (): BreakerState => (failures < FAILURES_TO_OPEN ? 'closed' : now() < openUntil ? 'open' : 'half_open')

  return {
    state,
    /** @throws Failure `breaker_open` */
    enter(deadline: number): void {
      if (state() === 'closed') return
      if (now() < openUntil || now() < probeUntil) {
        throw new Failure('breaker_open', `not asked, since its last ${failures} tries failed, the last with ${last}`)
      }
      probeUntil = deadline
    },
    succeeded(): void {
      failures = openings = openUntil = probeUntil = 0
    },
    failed(error: unknown): void {
      const before = state()
      if (before === 'open') return
      probeUntil = 0
      if (!(error instanceof Failure) || error.code === 'cancelled' || error.code === 'busy') return
      if (error.status !== undefined && CALLERS_FAULT.includes(error.status)) return
      failures++
      last = error.status === undefined ? error.code : `${error.code} ${error.status}`
      if (before === 'half_open' || failures === FAILURES_TO_OPEN) {
        openUntil = now() + Math.min(OPEN_MS * 2 ** openings++, LONGEST_OPEN_MS)
      }
    },
  }
}

/** So many at once, a bounded number waiting. What is held is given up at its holder's deadline at the latest. */
function createPlaces(most: number, now: () => number) {
  interface Entry {
    until: number
    wake: () => void
  }
  const held = new Set<Entry>()
  const waiting = new Set<Entry>()
  const full = () => {
    for (const set of [held, waiting]) for (const entry of set) if (entry.until <= now()) set.delete(entry)
    return held.size >= most
  }

  return async ({ signal, deadline }: Call): Promise<() => void> => {
    const entry: Entry = { until: deadline, wake: () => undefined }
    if (full() && waiting.size >= MOST_WAITING) throw new Failure('busy', 'too many wait for it already')
    waiting.add(entry)
    try {
      while (full()) {
        const patience = Math.min(deadline, ...[...held].map(({ until }) => until)) - now()
        await sleep(patience, signal, (wake) => {
          entry.wake = wake
        })
        if (now() >= deadline) throw new Failure('busy', 'no place came free in time')
      }
    } finally {
      waiting.delete(entry)
    }
    held.add(entry)
    return () => {
      held.delete(entry)
      for (const { wake } of waiting) wake()
    }
  }
}
