/** The HTTP API: routes in, answers and problems out. Knows no runtime; what it serves comes in through `Deps`. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { startClock } from '../clock.ts'
import { TermlensError } from '../errors.ts'
import { analyze, chainOf, type Engine, embed, identity, interrogate } from '../interrogator.ts'
import { createBodyPool } from './body.ts'
import { addCompat, type CompatDeps } from './compat/index.ts'
import { docsPage } from './docs-page.ts'
import { documentation } from './documentation.ts'
import type { Env } from './env.ts'
import { MAX_BODY, readInput } from './input.ts'
import { parseOptions } from './options.ts'
import { logProblem, retryAfter, toProblem } from './problem.ts'
import { analyzeOptions, embedOptions, interrogateOptions } from './schemas.ts'
import { addTasks, TASK_ROUTES } from './tasks.ts'

export interface Deps extends CompatDeps {
  /** The engine, loaded at the first call. */
  engine(): Promise<Engine>
  /** Whether the image encoder is loaded, and what its and the index's memory hold, in bytes. */
  state(): { loaded: boolean; memory: Record<string, number> }
  /** Answers what no route answers: the page and its files. */
  site(request: Request): Promise<Response>
  /** One line of a log, as an object. */
  log(entry: Record<string, unknown>): void
}

/** Bytes of all request bodies that are held at a time: what an isolate has room for beside the encoder. */
const MOST_HELD = 24_000_000

const POST_ROUTES = ['/v1/interrogate', '/v1/analyze', '/v1/embed', ...TASK_ROUTES]

/** Embeddings have six significant digits on the wire. */
const round6 = (value: number) => Number(value.toPrecision(6))

export function createApp(deps: Deps): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>()
  const openBody = createBodyPool(MAX_BODY, MOST_HELD)

  app.use('*', async (c, next) => {
    c.set('requestId', crypto.randomUUID())
    c.set('clock', startClock())
    await next()
    c.header('X-Request-Id', c.var.requestId)
  })
  app.use('*', secureHeaders({ contentSecurityPolicy: CONTENT_POLICY, crossOriginResourcePolicy: false }))
  app.on('POST', [...POST_ROUTES], async (c, next) => {
    const pooled = openBody()
    try {
      c.set('body', await pooled.read(c.req.raw))
      await next()
    } finally {
      pooled.release()
    }
  })

  const context = (c: Context<Env>) => ({ clock: c.var.clock, signal: c.req.raw.signal })
  const closing = (c: Context<Env>) => ({ timings: c.var.clock.timings(), request_id: c.var.requestId })

  app.post('/v1/interrogate', async (c) => {
    const { source, options: raw } = readInput(c)
    const { options, warnings } = parseOptions(interrogateOptions, raw)
    const answer = await interrogate(source, options, await deps.engine(), context(c))
    return c.json({ ...answer, warnings: [...warnings, ...answer.warnings], ...closing(c) })
  })

  app.post('/v1/analyze', async (c) => {
    const { source, options: raw } = readInput(c)
    const { options, warnings } = parseOptions(analyzeOptions, raw)
    const answer = await analyze(source, options, await deps.engine(), context(c))
    return c.json({ ...answer, warnings: [...warnings, ...answer.warnings], ...closing(c) })
  })

  app.post('/v1/embed', async (c) => {
    const { source, options: raw } = readInput(c)
    const { warnings } = parseOptions(embedOptions, raw)
    if ('embedding' in source)
      throw new TermlensError('image_missing', 'The body has an embedding already, and no image.')
    const engine = await deps.engine()
    const embedding = await embed(source, engine, context(c))
    return c.json({ embedding: Array.from(embedding, round6), model: identity(engine).model, warnings, ...closing(c) })
  })

  app.get('/v1/banks', async (c) => {
    const engine = await deps.engine()
    return c.json({ banks: engine.ranker.banks(), index: identity(engine).index })
  })

  app.get('/v1/models', async (c) => {
    const { name, digest, embedding_size, license } = (await deps.engine()).spec
    return c.json({ models: [{ name, digest, embedding_size, license }] })
  })

  app.get('/healthz', async (c) => {
    const engine = await deps.engine()
    const mistakes = engine.mistake ? [engine.mistake] : []
    return c.json({
      status: mistakes.length > 0 ? 'degraded' : 'ok',
      ...identity(engine),
      ...deps.state(),
      captioners: chainOf(engine).links(),
      mistakes: mistakes.map(({ code, message, hint }) => ({ code, message, hint })),
    })
  })

  app.get('/docs', (c) => c.html(docsPage))

  addTasks(app, deps, { context, closing })
  documentation(app)
  addCompat(app, deps)

  for (const path of POST_ROUTES) app.all(path, (c) => refuseMethod(c, 'POST'))
  for (const path of ['/v1/banks', '/v1/models', '/healthz', '/openapi.json', '/docs'])
    app.all(path, (c) => refuseMethod(c, 'GET, HEAD'))
  app.all('/v1/*', (c) => {
    throw new TermlensError('not_found', `There is no route ${c.req.path.slice(0, 100)}.`)
  })
  app.all('*', async (c) => {
    const answer = await deps.site(c.req.raw)
    if (answer.status === 405) return refuseMethod(c, 'GET, HEAD')
    if (answer.status === 404) throw new TermlensError('not_found', `There is nothing at ${c.req.path.slice(0, 100)}.`)
    return new Response(answer.body, answer)
  })

  app.onError((error, c) => {
    const { signal } = c.req.raw
    if (signal.aborted && (error === signal.reason || error.name === 'AbortError')) return gone(c)
    const problem = toProblem(error, c.var.requestId)
    logProblem(deps.log, c.req, problem, error)
    const wait = retryAfter(problem.code)
    if (wait !== undefined) c.header('Retry-After', String(wait))
    c.header('X-Request-Id', c.var.requestId)
    return c.body(JSON.stringify(problem), problem.status as 400, { 'Content-Type': 'application/problem+json' })
  })

  return app
}

/** The client has left: nobody reads the answer, and nothing is wrong. 499 is nginx's number for it. */
const gone = (c: Context) => c.body(null, 499 as 400)

function refuseMethod(c: Context<Env>, allow: string): never {
  c.header('Allow', allow)
  throw new TermlensError('method_not_allowed', `${c.req.method} is not a method of ${c.req.path}.`, {
    hint: `Use ${allow}.`,
  })
}

const CONTENT_POLICY = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'blob:', 'data:'],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  styleSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  frameAncestors: ["'self'"],
}
