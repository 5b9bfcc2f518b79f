/**
 * The clip-interrogator model as a bare cog container serves it (`POST /predictions`) and as Replicate's HTTP API does
 * (`POST /v1/predictions`, `POST /v1/models/{owner}/{name}/predictions`): what the `replicate` packages call, given another base URL.
 *
 * Shape: `{input: {image, clip_model_name, mode}}` → a prediction with `status` and `output`, one text. Every prediction is finished
 * when it is answered, whatever `Prefer` asks: a client that waits has its result, one that polls sees that it is done. A picture that
 * cannot be read is a prediction that failed, as in a container; 200 and 201 with `status: failed` are what the clients look for.
 * `GET /` of a container is a list of addresses; here it is the page.
 */
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { TermlensError } from '../../errors.ts'
import { retryAfter } from '../problem.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'
import { gone, hasLeft, logFailure } from './failure.ts'
import { check, Invalid, readBody } from './fast-api.ts'
import { checkSize, formOf, isImageFault, readImage, toDataUri } from './image.ts'
import { readingOf } from './reading.ts'
import { RESULT_TTL, SESSION } from './shared-state.ts'
import { isOpenClipName } from './webui.ts'

const input = z.object({
  image: z.string(),
  clip_model_name: z.string().default('ViT-L-14/openai'),
  mode: z.enum(['best', 'classic', 'fast', 'negative']).default('best'),
})

const request = z.object({
  input: z.record(z.string(), z.unknown()),
  id: z.string().regex(SESSION).nullish(),
  version: z.string().nullish(),
  webhook: z.string().nullish(),
})

/** What a prediction is called, and where it can be asked for again. */
interface Naming {
  id: string
  model: string
  version: string
  /** Where its own addresses begin; none in a container. */
  base?: string
}

interface Prediction {
  id: string
  status: 'succeeded' | 'failed'
  [field: string]: unknown
}

const MODEL = 'pharmapsychotic/clip-interrogator'

export function createCog(deps: CompatDeps): Hono<CompatEnv> {
  const app = new Hono<CompatEnv>()
  addContainer(app, deps)
  addHosted(app, deps)
  app.onError((error, c) => {
    if (hasLeft(c, error)) return gone(c)
    const hosted = c.req.path.startsWith('/v1/')
    if (error instanceof Invalid) return hosted ? c.json(asHosted(error), 422) : c.json(error.body, 422)
    const [status, detail] = statusOf(error, hosted)
    logFailure(deps, c, status, error)
    const wait = error instanceof TermlensError ? retryAfter(error.code) : undefined
    if (wait !== undefined) c.header('Retry-After', String(wait))
    return c.json(hosted ? { title: 'The prediction was not made', detail, status } : { detail }, status as 400)
  })
  return app
}

/** Busy is 409 in a container, and 429 at Replicate: the one status at which its clients try a prediction again. */
function statusOf(error: unknown, hosted: boolean): [status: number, detail: string] {
  if (!(error instanceof TermlensError)) return [500, 'Something went wrong here.']
  if (error.code === 'overloaded') return [hosted ? 429 : 409, error.message]
  return [error.status, `${error.message} ${error.hint}`]
}

function addContainer(app: Hono<CompatEnv>, deps: CompatDeps): void {
  const answer = async (c: Context<CompatEnv>, id?: string) => {
    const asked = await readBody(c, request)
    const { name, digest } = (await deps.engine()).spec
    return c.json(await predict(c, deps, asked, { id: id ?? asked.id ?? newId(), model: name, version: digest }))
  }
  app.post('/predictions', (c) => answer(c))
  app.put('/predictions/:id', (c) => answer(c, check(z.string().regex(SESSION), c.req.param('id'), ['path', 'id'])))
  // Only a prediction that is still running can be cancelled, and none is once its id is known.
  app.post('/predictions/:id/cancel', (c) => c.json({}, 404))

  app.get('/health-check', async (c) => {
    const started = new Date().toISOString()
    const ok = await deps.engine().then(
      () => true,
      () => false,
    )
    return c.json({
      status: ok ? 'READY' : 'SETUP_FAILED',
      setup: {
        started_at: started,
        completed_at: new Date().toISOString(),
        status: ok ? 'succeeded' : 'failed',
        logs: '',
      },
    })
  })
}

function addHosted(app: Hono<CompatEnv>, deps: CompatDeps): void {
  const answer = async (c: Context<CompatEnv>, model: string) => {
    const asked = await readBody(c, request)
    const { digest } = (await deps.engine()).spec
    const base = `${new URL(c.req.url).origin}/v1/predictions`
    const naming = { id: newId(), model, version: asked.version ?? digest, base }
    const prediction = await predict(c, deps, asked, naming)
    await deps.shared?.put(keyOf(naming.id), prediction, RESULT_TTL)
    return c.json(prediction, 201)
  }
  app.post('/v1/predictions', (c) => answer(c, MODEL))
  app.post('/v1/models/:owner/:name/predictions', (c) => answer(c, `${c.req.param('owner')}/${c.req.param('name')}`))

  const find = async (c: Context<CompatEnv>) => {
    const id = c.req.param('id') ?? ''
    const prediction = SESSION.test(id) ? await deps.shared?.get(keyOf(id)) : undefined
    if (prediction) return c.json(prediction)
    const hint = deps.shared ? '' : ' This endpoint keeps no predictions: the answer to the POST is the finished one.'
    return c.json({ title: 'Not found', detail: `There is no such prediction.${hint}`, status: 404 }, 404)
  }
  app.get('/v1/predictions/:id', find)
  app.post('/v1/predictions/:id/cancel', find)

  app.get('/v1/models/:owner/:name/versions/:version', async (c) => c.json(versionOf(c.req.param('version'))))
  app.get('/v1/models/:owner/:name', async (c) => {
    const { owner, name } = c.req.param()
    const { digest } = (await deps.engine()).spec
    const url = `${new URL(c.req.url).origin}/v1/models/${owner}/${name}`
    return c.json({ url, owner, name, visibility: 'public', run_count: 0, latest_version: versionOf(digest) })
  })

  /** An upload is answered with an address that holds the file itself, so that nothing is kept. */
  app.post('/v1/files', async (c) => {
    const form = await readForm(c)
    const file = form.get('content')
    if (!(file instanceof File)) {
      throw new Invalid([{ type: 'missing', loc: ['body', 'content'], msg: 'Field required' }])
    }
    const bytes = checkSize(new Uint8Array(await file.arrayBuffer()))
    const created_at = new Date().toISOString()
    return c.json(
      {
        id: newId(),
        name: file.name,
        content_type: file.type || 'application/octet-stream',
        size: bytes.length,
        etag: '',
        checksums: {},
        metadata: {},
        created_at,
        expires_at: created_at,
        urls: { get: toDataUri(bytes, file.type) },
      },
      201,
    )
  })
}

/** @throws Invalid; TermlensError where the fault is this server's */
async function predict(
  c: Context<CompatEnv>,
  deps: CompatDeps,
  asked: z.infer<typeof request>,
  { id, model, version, base }: Naming,
): Promise<Prediction> {
  if (asked.webhook) {
    throw new Invalid([
      { type: 'value_error', loc: ['body', 'webhook'], msg: 'No webhooks are called: the answer is the finished one' },
    ])
  }
  const { image, clip_model_name, mode } = check(input, asked.input, ['body', 'input'])
  const own = (await deps.engine()).spec.name
  if (clip_model_name !== own && !isOpenClipName(clip_model_name)) {
    throw new Invalid([{ type: 'value_error', loc: ['body', 'input', 'clip_model_name'], msg: 'unexpected value' }])
  }
  const start = Date.now()
  const outcome = await outcomeOf(async () => (await (await readingOf(c, deps, readImage(image))).prompt(mode)).prompt)
  const end = Date.now()
  const seconds = (end - start) / 1000
  return {
    id,
    model,
    version,
    // Without the picture, which the client has.
    input: { clip_model_name, mode },
    ...outcome,
    logs: '',
    created_at: new Date(start).toISOString(),
    started_at: new Date(start).toISOString(),
    completed_at: new Date(end).toISOString(),
    metrics: { predict_time: seconds, total_time: seconds },
    ...(base && { source: 'api', data_removed: false, urls: { get: `${base}/${id}`, cancel: `${base}/${id}/cancel` } }),
  }
}

async function outcomeOf(run: () => Promise<string>) {
  try {
    return { status: 'succeeded' as const, output: await run(), error: null }
  } catch (error) {
    if (!(error instanceof TermlensError) || !isImageFault(error.code)) throw error
    return { status: 'failed' as const, output: null, error: `${error.message} ${error.hint}` }
  }
}

async function readForm(c: Context): Promise<FormData> {
  try {
    return await formOf(c)
  } catch {
    throw new Invalid([{ type: 'value_error', loc: ['body'], msg: 'There was an error parsing the body' }])
  }
}

/** Replicate's form of an error, with the fields named in its text. */
const asHosted = ({ body }: Invalid) => ({
  title: 'Input validation failed',
  detail: body.detail.map(({ loc, msg }) => `- ${loc.slice(1).join('.') || 'body'}: ${msg}`).join('\n'),
  status: 422,
})

const versionOf = (id: string) => ({
  id,
  created_at: new Date(0).toISOString(),
  cog_version: '0.9.0',
  openapi_schema: {
    openapi: '3.0.2',
    info: { title: 'Cog', version: '0.1.0' },
    paths: {},
    components: {
      schemas: {
        Input: z.toJSONSchema(input, { io: 'input', target: 'openapi-3.0' }),
        Output: { type: 'string', title: 'Output' },
      },
    },
  },
})

const newId = () => crypto.randomUUID().replaceAll('-', '')
const keyOf = (id: string) => `${id}/prediction`
