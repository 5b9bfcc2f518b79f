/**
 * What the APIs of the Stable Diffusion web UIs (A1111, its extensions, SD.Next) have in common. They are FastAPI applications:
 * errors as `{error, detail, body, errors}`, failed validation as 422 with a list, and the header `X-Process-Time`.
 */
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { TermlensError } from '../../errors.ts'
import { retryAfter } from '../problem.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'
import { gone, hasLeft, logFailure, Refusal } from './failure.ts'
import { Invalid, readBody } from './fast-api.ts'
import { isAddress, isImageFault, readImage } from './image.ts'

export type Webui = Hono<CompatEnv>

/** An app for the routes of the family, without any. */
export function createWebui(deps: CompatDeps): Webui {
  const app: Webui = new Hono()
  for (const path of PREFIXES) {
    app.use(path, async (c, next) => {
      const start = performance.now()
      await next()
      c.header('X-Process-Time', ((performance.now() - start) / 1000).toFixed(4))
    })
  }
  app.onError((error, c) => {
    if (hasLeft(c, error)) return gone(c)
    if (error instanceof Invalid) return c.json(error.body, 422)
    const { status, detail, message } = error instanceof Refusal ? error : fromFailure(error)
    logFailure(deps, c, status, error)
    const wait = error instanceof TermlensError ? retryAfter(error.code) : undefined
    if (wait !== undefined) c.header('Retry-After', String(wait))
    return c.json({ error: 'HTTPException', detail, body: '', errors: message }, status as 400)
  })
  return app
}

const PREFIXES = ['/sdapi/*', '/interrogator/*', '/tagger/*']

/** Answers what no route of the family answers, as FastAPI does. Call it last. */
export function closeWebui(app: Webui): void {
  const routes = app.routes.filter(({ method }) => method !== 'ALL')
  for (const path of PREFIXES) {
    app.all(path, (c) => {
      const methods = routes.filter((route) => route.path === c.req.path).map(({ method }) => method)
      if (methods.length === 0) return c.json({ detail: 'Not Found' }, 404)
      c.header('Allow', methods.join(', '))
      return c.json({ detail: 'Method Not Allowed' }, 405)
    })
  }
}

function fromFailure(error: unknown): Refusal {
  if (!(error instanceof TermlensError)) return new Refusal(500, '', 'Something went wrong here.')
  const { code, status, message, hint } = error
  const reason = `${message} ${hint}`
  if (status === 413) return new Refusal(413, message, reason)
  return isImageFault(code) ? new Refusal(500, 'Invalid encoded image', reason) : new Refusal(status, message, reason)
}

/** Field `image` of every request: null is a picture that was not found, an empty text one that cannot be decoded. */
export const imageField = z.string().nullable().default('')

export const imageNotFound = () => new Refusal(404, 'Image not found', 'Send the image as base64 text or a data URI.')
export const modelNotFound = (name: string, known: string) =>
  new Refusal(404, 'Model not found', `There is no model "${name.slice(0, 64)}". ${known}`)

/** @throws Refusal 404 for null; TermlensError of the image family */
export function imageOf(image: string | null): Uint8Array {
  if (image === null) throw imageNotFound()
  return readImage(image)
}

/** As `imageOf`, with what A1111 says where a server does not fetch addresses. */
export function imageOrAddress(image: string | null): Uint8Array {
  if (image !== null && isAddress(image)) {
    throw new Refusal(500, 'Requests not allowed', 'Send the image itself: base64 text or a data URI.')
  }
  return imageOf(image)
}

/** @throws Invalid the body does not fit the schema */
export const webuiBody = <T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> => readBody(c, schema)

/** Numbers and booleans as pydantic takes them: a text that reads as one counts. */
export const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
])
export const boolean = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0', 'on', 'off']).transform((text) => ['true', '1', 'on'].includes(text)),
  z.union([z.literal(0), z.literal(1)]).transform((bit) => bit === 1),
])
/** A number between 0 and 1. */
export const fraction = number.refine((value) => value >= 0 && value <= 1, 'Input should be between 0 and 1')

/** OpenCLIP's form of a name, `architecture/pretrained`: any of them is answered by the model that is here. */
export const isOpenClipName = (name: string): boolean => /^[\w.-]{1,64}\/[\w.-]{1,64}$/.test(name)

/** The names that clients of clip-interrogator use most (SD 1.x, SD 2.x, SDXL), sorted. */
export const OPEN_CLIP_NAMES = [
  'ViT-H-14/laion2b_s32b_b79k',
  'ViT-L-14/openai',
  'ViT-bigG-14/laion2b_s39b_b160k',
] as const
