/**
 * The Space "CLIP Interrogator 2" as gradio's clients call it: over HTTP as in gradio 3 (`/run/clipi2`, `/api/predict`), by call and
 * stream as in gradio 4 and later (`/call/clipi2`, then `/call/clipi2/{event}`), and through the queue. All of it is there with
 * gradio 5's prefix and without. A script written for the Space needs only a new URL.
 */
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { TermlensError } from '../../errors.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'
import { gone, hasLeft, logFailure } from './failure.ts'
import { Invalid, readBody } from './fast-api.ts'
import { config, configOfGradio3, FUNCTION, info, PREFIX } from './gradio-config.ts'
import { namedRequest, type Outcome, runJob, runRequest } from './gradio-job.ts'
import { follow, join, resultOf } from './gradio-queue.ts'
import { checkSize, formOf, toDataUri } from './image.ts'

const HEARTBEAT_MS = 15_000
/** A client opens its heartbeat again when it ends. */
const MOST_HEARTBEATS = 40
/** Files of one upload. */
const MOST_FILES = 4

export function createGradio(deps: CompatDeps): Hono<CompatEnv> {
  const app = new Hono<CompatEnv>()
  for (const prefix of ['', PREFIX]) {
    addDescription(app, deps, prefix)
    addDirect(app, deps, prefix)
    addCalls(app, deps, prefix)
    app.post(`${prefix}/queue/join`, (c) => join(c, deps))
    app.get(`${prefix}/queue/data`, (c) => follow(c, deps))
    addSession(app, prefix)
    app.post(`${prefix}/upload`, upload)
  }
  app.onError((error, c) => {
    if (hasLeft(c, error)) return gone(c)
    if (error instanceof Invalid) return c.json(error.body, 422)
    const status = error instanceof TermlensError ? error.status : 500
    logFailure(deps, c, status, error)
    const text = error instanceof TermlensError ? `${error.message} ${error.hint}` : 'Something went wrong here.'
    return c.json({ error: text, detail: text }, status as 400)
  })
  return app
}

function addDescription(app: Hono<CompatEnv>, deps: CompatDeps, prefix: string): void {
  app.get(`${prefix}/config`, (c) => {
    const announced = { root: new URL(c.req.url).origin, queue: deps.shared !== undefined }
    // Python clients before 0.7 speak gradio 3.
    const old = /\bgradio_client\/0\.[0-6]\./.test(c.req.header('user-agent') ?? '')
    c.header('Vary', 'User-Agent')
    return c.json(old ? configOfGradio3(announced) : config(announced))
  })
  app.get(`${prefix}/info`, (c) => c.json(info))
}

/** One request, one answer. `predict` means the function of `fn_index`, and there is only one. */
function addDirect(app: Hono<CompatEnv>, deps: CompatDeps, prefix: string): void {
  const direct = async (c: Context<CompatEnv>) => {
    const name = c.req.param('name') ?? ''
    const { data } = await readBody(c, runRequest)
    if (name !== FUNCTION && name !== 'predict') return c.json(noFunction(name), 500)
    const outcome = await runJob(c, deps, data)
    // The status is gradio's for every function that raised.
    return outcome.ok ? c.json(resultOf(outcome)) : c.json({ error: outcome.error }, 500)
  }
  for (const way of ['run', 'api']) app.on('POST', [`${prefix}/${way}/:name`, `${prefix}/${way}/:name/`], direct)
}

/** The outcome travels in the event's own name, so that nothing has to be kept between the two requests. */
function addCalls(app: Hono<CompatEnv>, deps: CompatDeps, prefix: string): void {
  const call = async (c: Context<CompatEnv>, named: boolean) => {
    const name = c.req.param('name') ?? ''
    const data = named ? inOrder(await readBody(c, namedRequest)) : (await readBody(c, runRequest)).data
    if (name !== FUNCTION) return c.json(noFunction(name), 500)
    return c.json({ event_id: nameOf(await runJob(c, deps, data)) })
  }
  const result = (c: Context<CompatEnv>) => {
    const outcome = outcomeIn(c.req.param('event') ?? '')
    if (!outcome) return c.json({ detail: 'Event not found.' }, 404)
    return streamSSE(c, (stream) => stream.writeSSE(outcome))
  }
  app.post(`${prefix}/call/v2/:name`, (c) => call(c, true))
  app.post(`${prefix}/call/:name`, (c) => call(c, false))
  app.get(`${prefix}/call/v2/:name/:event`, result)
  app.get(`${prefix}/call/:name/:event`, result)
}

/** What clients send to keep or to end a session. Nothing runs long enough to be cancelled. */
function addSession(app: Hono<CompatEnv>, prefix: string): void {
  app.get(`${prefix}/heartbeat/:session`, (c) =>
    streamSSE(c, async (stream) => {
      for (let n = 0; n < MOST_HEARTBEATS && !stream.aborted; n++) {
        await stream.writeSSE({ data: 'ALIVE' })
        await stream.sleep(HEARTBEAT_MS)
      }
    }),
  )
  app.get(`${prefix}/queue/status`, (c) => c.json({ msg: 'estimation', queue_size: 0, rank: null, rank_eta: null }))
  for (const way of ['reset', 'cancel']) app.post(`${prefix}/${way}`, (c) => c.json({ success: true }))
}

/** Files come back as the paths they will be called by: each path is the file itself. */
async function upload(c: Context<CompatEnv>) {
  const files = (await formOf(c)).getAll('files').filter((entry) => entry instanceof File)
  if (files.length > MOST_FILES) throw new TermlensError('image_too_large', `More than ${MOST_FILES} files.`)
  const paths: string[] = []
  for (const file of files) paths.push(toDataUri(checkSize(new Uint8Array(await file.arrayBuffer())), file.type))
  return c.json(paths)
}

const noFunction = (name: string) => ({ error: `This app has no endpoint /api/${name.slice(0, 64)}/.` })

const inOrder = ({
  image,
  mode,
  best_max_flavors,
}: {
  image?: unknown
  mode?: unknown
  best_max_flavors?: unknown
}) => [image, mode ?? 'best', best_max_flavors ?? null]

/** An outcome as the name of an event: JSON in URL-safe base64. */
function nameOf(outcome: Outcome): string {
  const json = JSON.stringify(outcome.ok ? { data: outcome.data } : { error: outcome.error })
  const binary = String.fromCharCode(...new TextEncoder().encode(json))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The last frame of the event's stream, or undefined where the name holds no outcome. */
function outcomeIn(name: string): { event: string; data: string } | undefined {
  try {
    const binary = atob(name.replaceAll('-', '+').replaceAll('_', '/'))
    const json = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
    const outcome = JSON.parse(json) as { data?: unknown; error?: unknown }
    if (Array.isArray(outcome.data)) return { event: 'complete', data: JSON.stringify(outcome.data) }
    if (typeof outcome.error === 'string') return { event: 'error', data: JSON.stringify(outcome.error) }
  } catch {
    // A name that was not made here.
  }
  return undefined
}
