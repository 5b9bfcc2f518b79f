/** JSON bodies as FastAPI reads them, and the list it answers with where one does not fit. */
import type { Context } from 'hono'
import type { z } from 'zod'
import { readBounded } from '../body.ts'
import { MAX_JSON_IMAGE } from '../input.ts'

/** Longest body that is read: a picture in base64, and room for the rest. */
const MAX_TEXT = Math.ceil((MAX_JSON_IMAGE * 4) / 3) + 64 * 1024

/** One entry of FastAPI's list: pydantic's names for what is wrong. */
interface Detail {
  type: string
  loc: (string | number)[]
  msg: string
}

/** A body that does not fit: 422. */
export class Invalid extends Error {
  readonly body: { detail: Detail[] }

  constructor(detail: Detail[]) {
    super(detail.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '))
    this.body = { detail }
  }
}

/**
 * The body as JSON, whatever type it declares, as the clients' libraries differ in that.
 * @throws Invalid no JSON, or not of the schema; TermlensError `image_too_large`
 */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const text = await readText(c)
  if (text === '') throw new Invalid([{ type: 'missing', loc: ['body'], msg: 'Field required' }])
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Invalid([{ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error' }])
  }
  return check(schema, body, ['body'])
}

/** @throws Invalid */
export function check<T extends z.ZodType>(schema: T, value: unknown, loc: (string | number)[]): z.infer<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new Invalid(result.error.issues.map((issue) => describe(issue, loc)))
}

function describe(issue: z.core.$ZodIssue, loc: (string | number)[]): Detail {
  const place = [...loc, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))]
  const absent = issue.input === undefined && issue.code === 'invalid_type' && /undefined/.test(issue.message)
  if (absent) return { type: 'missing', loc: place, msg: 'Field required' }
  const kind = issue.code === 'invalid_type' ? issue.expected : issue.code === 'invalid_union' ? 'value' : undefined
  if (kind === 'string') return { type: 'string_type', loc: place, msg: 'Input should be a valid string' }
  if (kind === 'object') return { type: 'model_attributes_type', loc: place, msg: 'Input should be a valid dictionary' }
  return { type: 'value_error', loc: place, msg: issue.message }
}

/** Reads no more than is allowed, whatever the client declares. @throws TermlensError `image_too_large` */
const readText = async (c: Context): Promise<string> =>
  new TextDecoder().decode(
    await readBounded(c.req.raw, MAX_TEXT, `Send an image of at most ${MAX_JSON_IMAGE / 1e6} MB.`),
  )
