import { afterEach, describe, expect, test, vi } from 'vitest'
import { Failure, type FailureOptions } from '../../../src/caption/adapters/failure.ts'
import { createGuard } from '../../../src/caption/resilience.ts'

const soon = () => ({ deadline: Date.now() + 20_000 })
const failure = (code: Failure['code'], options?: FailureOptions) => new Failure(code, code, options)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'well',
    (error: Failure) => error.code ?? String(error),
  )
const never = () => new Promise<never>(() => undefined)

afterEach(() => vi.restoreAllMocks())

describe('retries', () => {
  const failing = (times: number, error: Failure) => {
    const tries: number[] = []
    const task = async () => {
      tries.push(performance.now())
      if (tries.length <= times) throw error
      return 'fine'
    }
    return { tries, task }
  }

  test('what may be sent again is sent at most three times', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.01)
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const twice = failing(2, failure('bad_status', { status: 503, retry: true }))
    expect(await guard.run(twice.task, soon())).toBe('fine')
    const thrice = failing(3, failure('refused', { retry: true }))
    expect(await codeOf(guard.run(thrice.task, soon()))).toBe('refused')
    expect([twice.tries.length, thrice.tries.length]).toEqual([3, 3])
  })

  test('what may not is not', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const { tries, task } = failing(1, failure('reset'))
    expect(await codeOf(guard.run(task, soon()))).toBe('reset')
    expect(tries).toHaveLength(1)
  })

  test('the pause is random, doubles, and comes after Retry-After', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.4)
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const plain = failing(2, failure('bad_status', { status: 503, retry: true }))
    await guard.run(plain.task, soon())
    const pauses = [plain.tries[1]! - plain.tries[0]!, plain.tries[2]! - plain.tries[1]!]
    expect(pauses[0]).toBeGreaterThan(195)
    expect(pauses[1]).toBeGreaterThan(395)
    const told = failing(1, failure('bad_status', { status: 429, retry: true, retryAfter: 300 }))
    await guard.run(told.task, soon())
    expect(told.tries[1]! - told.tries[0]!).toBeGreaterThan(495)
  })

  test('a pause that would end after the deadline is not begun', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const { tries, task } = failing(1, failure('bad_status', { status: 429, retry: true, retryAfter: 60_000 }))
    expect(await codeOf(guard.run(task, soon()))).toBe('bad_status')
    expect(tries).toHaveLength(1)
  })

  test('a caller who leaves during a pause ends it', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const caller = new AbortController()
    const { task } = failing(1, failure('bad_status', { status: 429, retry: true, retryAfter: 5000 }))
    const ended = codeOf(guard.run(task, { ...soon(), signal: caller.signal }))
    setTimeout(() => caller.abort(), 20)
    expect(await ended).toBe('cancelled')
  })
})

describe('time', () => {
  test('a task that overlooks its signal is left behind', async () => {
    const guard = createGuard({ timeout_ms: 100, concurrency: 1 })
    expect(await codeOf(guard.run(never, soon()))).toBe('timeout')
  })

  test('the deadline counts even where a try may take longer', async () => {
    const guard = createGuard({ timeout_ms: 600_000, concurrency: 1 })
    expect(await codeOf(guard.run(never, { deadline: Date.now() + 100 }))).toBe('timeout')
  })

  test('an error that is no failure of the endpoint goes through as it is', async () => {
    const guard = createGuard({ timeout_ms: 1000, concurrency: 1 })
    const bug = new TypeError('undefined is not a function')
    await expect(guard.run(() => Promise.reject(bug), soon())).rejects.toBe(bug)
    expect(guard.state()).toBe('closed')
  })
})

describe('places', () => {
  test('only so many run at once, and the others in their order', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 2 })
    let running = 0
    let most = 0
    const done: number[] = []
    const task = (number: number) => async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 10))
      running--
      done.push(number)
    }
    await Promise.all(Array.from({ length: 10 }, (_, number) => guard.run(task(number), soon())))
    expect(most).toBe(2)
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('who waits in vain is told that it is busy, and the breaker does not count it', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const caller = new AbortController()
    const first = codeOf(guard.run(never, { ...soon(), signal: caller.signal }))
    const short = { deadline: Date.now() + 100 }
    expect(await Promise.all(Array.from({ length: 10 }, () => codeOf(guard.run(never, short))))).toEqual(
      Array(10).fill('busy'),
    )
    expect(guard.state()).toBe('closed')
    caller.abort()
    expect(await first).toBe('cancelled')
  })

  test('the queue is bounded', async () => {
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 })
    const caller = new AbortController()
    const call = { ...soon(), signal: caller.signal }
    const all = Array.from({ length: 34 }, () => codeOf(guard.run(never, call)))
    expect(await all[33]).toBe('busy')
    caller.abort()
    expect(await Promise.all(all.slice(0, 33))).toEqual(Array(33).fill('cancelled'))
    expect(await guard.run(async () => 'free again', soon())).toBe('free again')
  })

  test('a place whose holder vanished is free after its deadline', async () => {
    let time = 1000
    const guard = createGuard({ timeout_ms: 10_000, concurrency: 1 }, () => time)
    void codeOf(guard.run(never, { deadline: 2000 }))
    time = 2001
    expect(await guard.run(async () => 'next', { deadline: 9000 })).toBe('next')
  })
})

describe('breaker', () => {
  /** A guard with a clock to turn, and its failures by hand. */
  function broken() {
    const clock = { time: 1_000_000 }
    const guard = createGuard({ timeout_ms: 5000, concurrency: 50 }, () => clock.time)
    const call = () => ({ deadline: clock.time + 20_000 })
    const fail = (error: Error) => codeOf(guard.run(() => Promise.reject(error), call()))
    const succeed = () => codeOf(guard.run(async () => 1, call()))
    const open = async () => {
      for (let count = 0; count < 5; count++) await fail(failure('timeout'))
    }
    return { clock, guard, call, fail, succeed, open }
  }

  test('five failures in a row open it; then nothing is sent', async () => {
    const { guard, call, open } = broken()
    await open()
    expect(guard.state()).toBe('open')
    const task = vi.fn(async () => 1)
    await expect(guard.run(task, call())).rejects.toMatchObject({
      code: 'breaker_open',
      message: 'not asked, since its last 5 tries failed, the last with timeout',
    })
    expect(task).not.toHaveBeenCalled()
  })

  test('a success in between begins the count again', async () => {
    const { guard, fail, succeed } = broken()
    for (let count = 0; count < 20; count++) {
      await (count % 5 === 4 ? succeed() : fail(failure('timeout')))
    }
    expect(guard.state()).toBe('closed')
  })

  test('after ten seconds one try is let through, and its success closes it', async () => {
    const { clock, guard, call, open, succeed } = broken()
    await open()
    clock.time += 10_000
    expect(guard.state()).toBe('half_open')
    let finish: (value: unknown) => void = () => undefined
    const probe = guard.run(
      () =>
        new Promise((resolve) => {
          finish = resolve
        }),
      call(),
    )
    expect(await succeed()).toBe('breaker_open')
    finish(1)
    await probe
    expect(guard.state()).toBe('closed')
    expect(await succeed()).toBe('well')
  })

  test('a failed try opens it for twice as long, up to two minutes', async () => {
    const { clock, guard, fail, open } = broken()
    await open()
    for (const seconds of [10, 20, 40, 80, 120, 120]) {
      clock.time += seconds * 1000 - 1
      expect(guard.state()).toBe('open')
      clock.time += 1
      expect(guard.state()).toBe('half_open')
      await fail(failure('refused'))
    }
  })

  test('a try whose request vanished does not block it for good', async () => {
    const { clock, guard, call, open, succeed } = broken()
    await open()
    clock.time += 10_000
    void codeOf(guard.run(never, call()))
    expect(await succeed()).toBe('breaker_open')
    clock.time += 20_000
    expect(await succeed()).toBe('well')
    expect(guard.state()).toBe('closed')
  })

  test.each([
    ['cancelled', failure('cancelled')],
    ['a bad picture', failure('bad_status', { status: 422 })],
    ['a bug', new TypeError('bug')],
  ])('%s is not held against the endpoint', async (_, error) => {
    const { guard, fail, clock, open, succeed } = broken()
    for (let count = 0; count < 10; count++) await fail(error)
    expect(guard.state()).toBe('closed')
    await open()
    clock.time += 10_000
    await fail(error)
    expect(await succeed()).toBe('well')
  })

  test('an opening ends the retries of who opened it', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { guard, call } = broken()
    const task = vi.fn(() => Promise.reject(failure('refused', { retry: true })))
    expect(await codeOf(guard.run(task, call()))).toBe('refused')
    expect(await codeOf(guard.run(task, call()))).toBe('refused')
    expect(task).toHaveBeenCalledTimes(5)
    expect(await codeOf(guard.run(task, call()))).toBe('breaker_open')
  })
})
