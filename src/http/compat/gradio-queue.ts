/**
 * gradio's queue (protocol sse_v3): `queue/join` names an event, `queue/data` tells its outcome. The two requests share only the
 * session that the client chose, and may reach two isolates: the outcome, a text, lies in the shared state between them.
 */
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { z } from 'zod'
import type { CompatDeps, CompatEnv } from './deps.ts'
import { readBody } from './fast-api.ts'
import { noQueue } from './gradio-config.ts'
import { type Outcome, runJob, runRequest } from './gradio-job.ts'
import { RESULT_TTL, SESSION, type SharedState } from './shared-state.ts'

const joinRequest = runRequest.extend({ session_hash: z.string().regex(SESSION) })

/** Clients give up a join after five seconds, so one that takes longer is answered first and finished after. */
const ANSWER_AFTER_MS = 2000
/** How long a stream waits for an event that was not joined, and for one that was. */
const MOST_IDLE_MS = 10_000
const MOST_WAITING_MS = 120_000
const HEARTBEAT_MS = 15_000
/** The pause between two looks: short at first, for most outcomes are there already. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 800

/** An event on its way has no outcome. */
type Event = { outcome?: Outcome }

export async function join(c: Context<CompatEnv>, deps: CompatDeps) {
  const { data, session_hash } = await readBody(c, joinRequest)
  const { shared } = deps
  if (!shared) return c.json(noQueue, 422)
  const event_id = crypto.randomUUID().replaceAll('-', '')
  const key = `${session_hash}/${event_id}`
  await shared.put(key, {} satisfies Event, RESULT_TTL)
  // The work goes on when this request has ended.
  const work = runJob(c, deps, data, null).then((outcome) => shared.put(key, { outcome } satisfies Event, RESULT_TTL))
  holdFor(c, work)
  await Promise.race([work, pause(ANSWER_AFTER_MS)])
  return c.json({ event_id })
}

export function follow(c: Context<CompatEnv>, deps: CompatDeps) {
  const { shared } = deps
  if (!shared) return c.json(noQueue, 422)
  const session = c.req.query('session_hash') ?? ''
  if (!SESSION.test(session)) return c.json({ detail: 'Session not found.' }, 404)
  return streamSSE(c, (stream) => tell(stream, shared, session))
}

/** Tells every outcome of the session, then closes. */
async function tell(stream: SSEStreamingApi, shared: SharedState, session: string): Promise<void> {
  const send = (message: object) => stream.writeSSE({ data: JSON.stringify(message) })
  const started = new Set<string>()
  const begin = Date.now()
  let beat = begin
  let wait = FIRST_PAUSE_MS
  while (!stream.aborted) {
    const events = (await shared.list(session)) as [string, Event][]
    let waiting = 0
    for (const [key, { outcome }] of events) {
      const event_id = key.slice(session.length + 1)
      if (!started.has(key)) await send({ msg: 'process_starts', event_id })
      started.add(key)
      if (!outcome) waiting++
      else {
        await shared.remove(key)
        await send({ msg: 'process_completed', event_id, ...completed(outcome) })
        wait = FIRST_PAUSE_MS
      }
    }
    const now = Date.now()
    if (waiting === 0 && started.size > 0) break
    if (now - begin > (waiting > 0 ? MOST_WAITING_MS : MOST_IDLE_MS)) {
      await send({ msg: 'unexpected_error', event_id: null, message: 'Session not found.', success: false })
      break
    }
    if (now - beat > HEARTBEAT_MS) {
      await send({ msg: 'heartbeat' })
      beat = now
    }
    await stream.sleep(wait)
    wait = Math.min(LONGEST_PAUSE_MS, wait * 2)
  }
  await send({ msg: 'close_stream', event_id: null })
}

/** The part of a message, or the whole of a direct answer, that tells an outcome. */
const completed = (outcome: Outcome) =>
  outcome.ok ? { output: resultOf(outcome), success: true } : { output: { error: outcome.error }, success: false }

export const resultOf = ({ data, seconds }: Outcome & { ok: true }) => ({
  data,
  is_generating: false,
  duration: seconds,
  average_duration: seconds,
})

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Keeps the isolate alive for work that outlasts the answer, where there is a runtime that would end it. */
function holdFor(c: Context, work: Promise<unknown>): void {
  const settled = work.catch(() => undefined)
  try {
    c.executionCtx.waitUntil(settled)
  } catch {
    // Not in a Worker: the process goes on by itself.
  }
}
