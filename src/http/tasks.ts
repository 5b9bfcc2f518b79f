/** The routes beside prompts: captions, answers, tags. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import type { Context } from '../interrogator.ts'
import { ask, caption, tags } from '../tasks.ts'
import type { Warning } from '../types.ts'
import type { Deps } from './app.ts'
import type { Env } from './env.ts'
import { readInput } from './input.ts'
import { parseOptions } from './options.ts'
import { logProblem, toProblem } from './problem.ts'
import { askOptions, captionOptions, tagsOptions } from './schemas.ts'

export const TASK_ROUTES = ['/v1/caption', '/v1/ask', '/v1/tags']

interface Around {
  context(c: HonoContext<Env>): Context
  /** What stands at the end of every answer. */
  closing(c: HonoContext<Env>): object
}

export function addTasks(app: OpenAPIHono<Env>, deps: Deps, { context, closing }: Around): void {
  const whole = (c: HonoContext<Env>, before: Warning[], answer: { warnings: Warning[] }) => ({
    ...answer,
    warnings: [...before, ...answer.warnings],
    ...closing(c),
  })

  app.post('/v1/caption', async (c) => {
    const { source, options: raw } = readInput(c)
    const { options, warnings } = parseOptions(captionOptions, raw)
    const engine = await deps.engine()
    if (!options.stream) return c.json(whole(c, warnings, await caption(source, options, engine, context(c))))
    return stream(c, deps, async (signal, onToken) =>
      whole(c, warnings, await caption(source, options, engine, { ...context(c), signal }, onToken)),
    )
  })

  app.post('/v1/ask', async (c) => {
    const { source, options: raw } = readInput(c)
    const { options, warnings } = parseOptions(askOptions, raw)
    return c.json(whole(c, warnings, await ask(source, options, await deps.engine(), context(c))))
  })

  app.post('/v1/tags', async (c) => {
    const { source, options: raw } = readInput(c)
    const { options, warnings } = parseOptions(tagsOptions, raw)
    return c.json(whole(c, warnings, await tags(source, options, await deps.engine(), context(c))))
  })
}

/**
 * Server-sent events (WHATWG HTML §9.2): `token` for each piece, then `done` with the whole answer, or `error` with a problem. What fails
 * before the first token is an ordinary error; an endpoint that does not stream gives `done` alone.
 */
async function stream(
  c: HonoContext<Env>,
  deps: Deps,
  run: (signal: AbortSignal, onToken: (text: string, source: string) => void) => Promise<object>,
): Promise<Response> {
  const encoder = new TextEncoder()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const left = new AbortController()
  writer.closed.catch(() => left.abort())
  const signal = AbortSignal.any([c.req.raw.signal, left.signal])
  const send = (event: string, data: unknown) => {
    writer.write(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)).catch(() => undefined)
  }
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const answer = run(signal, (text, source) => {
    send('token', { text, source })
    begin()
  })
  await Promise.race([begun, answer])
  const fail = (error: unknown) => {
    if (signal.aborted) return
    const problem = toProblem(error, c.var.requestId)
    logProblem(deps.log, c.req, problem, error)
    send('error', problem)
  }
  answer
    .then((whole) => send('done', whole), fail)
    .then(() => writer.close())
    .catch(() => undefined)
  return c.body(readable, 200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
}
