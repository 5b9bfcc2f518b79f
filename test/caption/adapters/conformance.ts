/** The one suite that every protocol passes: what arrives, what comes back, and how it ends when the endpoint misbehaves. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { parseCaptioners } from '../../../src/caption/adapters/settings.ts'
import type { Answer, Task } from '../../../src/caption/adapters/types.ts'
import { type Chain, createChain, type Outcome, type Reason } from '../../../src/caption/chain.ts'
import { TermlensError } from '../../../src/errors.ts'
import { faults } from './faults.ts'
import { type Handler, type Loopback, listen, send } from './servers/loopback.ts'
import { answers, captions, picture, SECRET, type Subject } from './servers/subject.ts'

const DEADLINE_MS = 15_000

interface Bench {
  server: Loopback
  chain: Chain
  /** The addresses that were asked for. */
  fetched: string[]
}

/** A fresh chain of one endpoint in front of `server`. */
export function chainTo(
  subject: Subject,
  url: string,
  own: Record<string, unknown> = {},
  fetched: string[] = [],
): Chain {
  const settings = parseCaptioners(
    JSON.stringify([{ timeout_ms: 10_000, name: 'gpu', ...subject.settings(url), ...own }]),
  )
  const host = {
    secret: (name: string) => (name === 'GPU_KEY' ? SECRET : undefined),
    ai: subject.ai?.(url),
    fetch: (address: string, init: RequestInit) => {
      fetched.push(address)
      return fetch(address, init)
    },
  }
  return createChain(settings, host, { deadline_ms: DEADLINE_MS })
}

/** A server of the protocol for one test; after it, no connection may be open. */
export async function bench(
  subject: Subject,
  run: (bench: Bench) => Promise<void>,
  own: Record<string, unknown> = {},
): Promise<void> {
  const server = await listen(authorized(subject))
  const fetched: string[] = []
  try {
    await run({ server, chain: chainTo(subject, server.url, own, fetched), fetched })
    expect(await server.idle(), 'every connection is closed').toBe(true)
  } finally {
    await server.close()
  }
}

const authorized =
  ({ handle, authorization }: Subject): Handler =>
  (seen, server) => {
    if ((seen.headers.authorization ?? null) !== authorization)
      throw new Error(`authorization ${seen.headers.authorization}`)
    return handle(seen, server)
  }

interface AskOptions {
  n?: number
  prompt?: string
  max_length?: number
  signal?: AbortSignal
}

/** Any task, as its outcome; tokens are collected where the subject streams. */
export async function ask(chain: Chain, task: Task, subject: Subject, { n = 1, signal, ...words }: AskOptions = {}) {
  const tokens: string[] = []
  const call = { signal }
  const onToken = subject.streams ? (token: string) => tokens.push(token) : undefined
  const outcome: Outcome<unknown> =
    task === 'describe'
      ? await chain.describe({ image: picture, n, ...words, onToken }, call)
      : task === 'answer'
        ? await chain.answer({ image: picture, question: 'How many bicycles are there?', n }, call)
        : await chain.tag({ image: picture }, call)
  return { ...outcome, tokens }
}

/** Why nothing came: the one reason of a chain of one endpoint. */
export async function reasonOf(promise: Promise<unknown>): Promise<Reason & { error: TermlensError }> {
  const error = await promise.then(
    (value) => expect.fail(`it answered: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(error instanceof TermlensError)) throw error
  expect(error.code).toBe('caption_unavailable')
  const reasons = error.cause as Reason[]
  expect(reasons).toHaveLength(1)
  expect(error.message).toContain(`gpu: ${reasons[0]!.code}`)
  expect(JSON.stringify([error.message, error.hint, reasons]), 'no secret is repeated').not.toContain(SECRET)
  expect(error.message, 'no address is repeated').not.toMatch(/127\.0\.0\.1|https?:/)
  return { ...reasons[0]!, error }
}

function expected(subject: Subject, task: Task, n: number): unknown {
  if (task === 'describe') return captions.slice(0, n)
  if (task === 'tag') return subject.tag!.expected
  return (subject.answer!.expected ?? answers.map((text): Answer => ({ text }))).slice(0, n)
}

export function testConformance(subject: Subject): void {
  const can = (['describe', 'answer', 'tag'] as const).filter((task) => subject[task])

  // Short pauses before a retry; how they grow and spread has tests of its own.
  beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0.05))

  describe.concurrent(subject.label, () => {
    test('says what it can do', () =>
      bench(subject, async ({ chain, server }) => {
        const [link] = chain.links()
        expect(link).toMatchObject({ name: 'gpu', tasks: can, breaker: 'closed' })
        for (const task of ['describe', 'answer', 'tag'] as const) expect(chain.can(task)).toBe(can.includes(task))
        expect(server.connections).toBe(0)
      }))

    can.forEach((task, at) => {
      describe(task, () => testTask(subject, task, at === 0))
    })

    if (subject.describe) {
      const { takes } = subject.describe
      test('prompt and length arrive where the protocol has them', () =>
        bench(subject, async ({ chain, server }) => {
          await ask(chain, 'describe', subject, { prompt: 'Describe it in detail.', max_length: 77 })
          expect(server.problems).toEqual([])
          expect(server.understood.prompt).toBe(takes.prompt ? 'Describe it in detail.' : undefined)
          expect(server.understood.max_length).toBe(takes.max_length ? 77 : undefined)
        }))

      if (takes.prompt) {
        test('the prompt of the settings stands in', () =>
          bench(
            subject,
            async ({ chain, server }) => {
              await ask(chain, 'describe', subject)
              expect(server.understood.prompt).toBe('What is this.')
            },
            { prompt: 'What is this.' },
          ))
      }
    }
  })
}

function testTask(subject: Subject, task: Task, first: boolean): void {
  test.each(task === 'tag' ? [1] : [1, 3])('asks as documented, for %i', (n) =>
    bench(subject, async ({ server, chain, fetched }) => {
      const { value, source, failures, tokens } = await ask(chain, task, subject, { n })
      expect(server.problems).toEqual([])
      const wanted = expected(subject, task, n)
      if (Array.isArray(wanted)) {
        // Candidates that are asked for at the same time come in any order.
        expect(value).toHaveLength(n)
        expect(value).toEqual(expect.arrayContaining(wanted))
      } else {
        expect(value).toEqual(wanted)
      }
      expect({ source, failures }).toEqual({ source: 'gpu', failures: [] })
      if (task === 'answer') expect(server.understood.question).toBe('How many bicycles are there?')
      if (subject.streams && task === 'describe' && n === 1) {
        expect(tokens.length).toBeGreaterThan(1)
        expect(tokens.join('').trim()).toBe(captions[0])
      }
      for (const address of fetched) expect(address.startsWith(server.url)).toBe(true)
    }),
  )

  for (const { name, fault, ends, billed, requests, timeout_ms, slow, after } of faults) {
    if (slow && !first) continue
    const end = (subject.billed && billed) || ends
    test(`${name} → ${end}`, () =>
      bench(
        subject,
        async ({ server, chain }) => {
          server.fault = fault(server)
          const begin = Date.now()
          if (end === 'well') {
            expect((await ask(chain, task, subject)).value).toEqual(expected(subject, task, 1))
            expect(server.problems).toEqual([])
          } else {
            expect((await reasonOf(ask(chain, task, subject))).code).toBe(end)
            // What is paid for is begun once, whatever happens, unless it certainly did not begin.
            const most = subject.billed ? 1 : requests!
            if (end === 'timeout') expect(server.requests.length).toBeLessThanOrEqual(most)
            else expect(server.requests).toHaveLength(most)
          }
          expect(Date.now() - begin).toBeLessThan(DEADLINE_MS)
          after?.(server)
        },
        timeout_ms ? { timeout_ms } : {},
      ))
  }

  test('nobody listens → refused', async () => {
    // A port that was free a moment ago may be another test's by now; this one belongs to nobody.
    const { code } = await reasonOf(ask(chainTo(subject, 'http://127.0.0.1:2'), task, subject))
    expect(code).toBe('refused')
  })

  test.each([302, 307])(
    'a redirect (%i) to a private address → redirected, and nothing is sent there',
    async (status) => {
      const inside = await listen(subject.handle)
      try {
        await bench(subject, async ({ server, chain, fetched }) => {
          server.fault = (response) => {
            send(response, { status, headers: { location: `${inside.url}/latest/meta-data` }, body: {} })
            return true
          }
          expect((await reasonOf(ask(chain, task, subject))).code).toBe('redirected')
          expect(server.requests).toHaveLength(1)
          expect(inside.connections).toBe(0)
          for (const address of fetched) expect(address.startsWith(server.url)).toBe(true)
        })
      } finally {
        await inside.close()
      }
    },
  )

  test('a 200 of another shape → bad_answer', () =>
    bench(subject, async ({ server }) => {
      for (const body of [{}, [], null, 'a bicycle', 42, { error: 'no' }, ...subject.wrong]) {
        server.requests.length = 0
        server.fault = (response) => {
          send(response, { body })
          return true
        }
        const { code } = await reasonOf(ask(chainTo(subject, server.url, { timeout_ms: 2000 }), task, subject))
        expect(code, JSON.stringify(body)).toBe('bad_answer')
        expect(server.requests, JSON.stringify(body)).toHaveLength(1)
      }
    }))

  test('a refused key is not repeated', () =>
    bench(subject, async ({ server, chain }) => {
      server.fault = (response, _, __, seen) => {
        const message = `Incorrect API key provided: ${seen.headers.authorization}. ${SECRET.slice(0, 8)}***`
        send(response, { status: 401, body: { error: { message } } })
        return true
      }
      const { code, message, detail } = await reasonOf(ask(chain, task, subject))
      expect({ code, message, detail }).toEqual({
        code: 'bad_status',
        message: 'it answered with status 401',
        detail: undefined,
      })
    }))

  test('what the endpoint says is kept for the operator, without the key', () =>
    bench(subject, async ({ server, chain }) => {
      server.fault = (response) => {
        send(response, {
          status: 404,
          body: { error: `no such model;\n${subject.authorization ? ` your key ${SECRET} is fine` : ''}` },
        })
        return true
      }
      const { detail, error } = await reasonOf(ask(chain, task, subject))
      expect(detail).toBe(`no such model; ${subject.authorization ? 'your key *** is fine' : ''}`)
      expect(error.message).not.toContain('no such model')
    }))

  test('the caller leaves → cancelled', () =>
    bench(subject, async ({ server, chain }) => {
      server.fault = () => true
      const caller = new AbortController()
      const ended = reasonOf(ask(chain, task, subject, { signal: caller.signal }))
      await server.asked()
      caller.abort()
      expect((await ended).code).toBe('cancelled')
    }))

  test('a caller who already left sends nothing', () =>
    bench(subject, async ({ server, chain }) => {
      expect((await reasonOf(ask(chain, task, subject, { signal: AbortSignal.abort() }))).code).toBe('cancelled')
      expect(server.connections).toBe(0)
    }))
}
