/** Reads a request of the native routes: an image or an embedding, and the options beside it. */
import type { Context } from 'hono'
import { TermlensError } from '../errors.ts'
import type { Source } from '../interrogator.ts'
import { embeddingInput } from './schemas.ts'

/** Largest image in a body of its own or in a form, and in JSON, in bytes. */
export const MAX_IMAGE = 20_000_000
export const MAX_JSON_IMAGE = 8_000_000
/** Largest request body: the image, and room for the options and the form around it. */
export const MAX_BODY = MAX_IMAGE + 256 * 1024

/** Options as they came: a name that was given more than once has an array. */
export type RawOptions = Record<string, unknown>

export interface RequestInput {
  source: Source
  options: RawOptions
}

/** @throws TermlensError `image_missing`, `image_too_large`, `image_corrupt`, `option_invalid`, `embedding_invalid` */
export async function readInput(c: Context): Promise<RequestInput> {
  const query = collect(
    Object.entries(c.req.queries()).flatMap(([name, values]) => values.map((v) => [name, v] as const)),
  )
  const type = (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type.endsWith('+json')) return fromJson(await readJson(c), query)
  if (type === 'multipart/form-data') return fromForm(await readForm(c), query)
  return { source: imageSource(new Uint8Array(await c.req.arrayBuffer())), options: query }
}

async function readJson(c: Context): Promise<Record<string, unknown>> {
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch (cause) {
    throw new TermlensError('option_invalid', 'The body is not JSON.', {
      cause,
      hint: 'Send a JSON object, or the image itself.',
    })
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TermlensError('option_invalid', 'The JSON body is not an object.', {
      hint: 'Send {"image": "<base64>"}.',
    })
  }
  return body as Record<string, unknown>
}

export async function readForm(c: Context): Promise<FormData> {
  try {
    return await c.req.formData()
  } catch (cause) {
    throw new TermlensError('option_invalid', 'The multipart form could not be read.', {
      cause,
      hint: 'Let your HTTP library write the form and its boundary.',
    })
  }
}

function fromJson(body: Record<string, unknown>, query: RawOptions): RequestInput {
  const { image, embedding, model, ...options } = body
  const merged = { ...query, ...options }
  if (image !== undefined && embedding !== undefined) {
    throw new TermlensError('option_invalid', 'The body has an image and an embedding.', {
      hint: 'Send one of the two.',
    })
  }
  if (embedding !== undefined) {
    const parsed = embeddingInput.safeParse({ embedding, model })
    if (parsed.success) return { source: parsed.data, options: merged }
    const [issue] = parsed.error.issues
    throw new TermlensError('embedding_invalid', `${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'Send {"embedding": [numbers], "model": "<digest>"}; /v1/models has the digest.',
    })
  }
  if (image === undefined || image === null || image === '')
    throw new TermlensError('image_missing', 'The JSON body has no image.')
  if (typeof image !== 'string') throw new TermlensError('option_invalid', 'image: expected base64 text or a data URI.')
  return { source: imageSource(decodeBase64(image, MAX_JSON_IMAGE), MAX_JSON_IMAGE), options: merged }
}

async function fromForm(form: FormData, query: RawOptions): Promise<RequestInput> {
  const file = form.get('image')
  form.delete('image')
  const fields = [...form.entries()].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const options = { ...query, ...collect(fields) }
  if (file === null) throw new TermlensError('image_missing', 'The form has no field "image".')
  const bytes = typeof file === 'string' ? decodeBase64(file, MAX_IMAGE) : new Uint8Array(await file.arrayBuffer())
  return { source: imageSource(bytes), options }
}

function imageSource(image: Uint8Array, most = MAX_IMAGE): Source {
  if (image.length === 0) throw new TermlensError('image_missing', 'The image is empty.')
  if (image.length > most) throw tooLarge(image.length, most)
  return { image }
}

const tooLarge = (bytes: number, most: number) =>
  new TermlensError('image_too_large', `The image has ${bytes} bytes, more than ${most}.`)

/** Base64 with or without a data URI before it, in the standard or the URL alphabet. Text for more than `most` bytes is not decoded. */
export function decodeBase64(text: string, most: number): Uint8Array {
  const comma = text.startsWith('data:') ? text.indexOf(',') : -1
  const payload = text
    .slice(comma + 1)
    .replaceAll(/\s/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  const bytes = Math.floor((payload.replace(/=+$/, '').length * 3) / 4)
  if (bytes > most) throw tooLarge(bytes, most)
  try {
    const binary = atob(payload)
    const image = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) image[i] = binary.charCodeAt(i)
    return image
  } catch (cause) {
    throw new TermlensError('image_corrupt', 'The image is not base64.', {
      cause,
      hint: 'Send base64 text or a data URI; to send a file, use a multipart form or a raw body.',
    })
  }
}

function collect(entries: Iterable<readonly [string, string]>): RawOptions {
  const options = new Map<string, string | string[]>()
  for (const [name, value] of entries) {
    const before = options.get(name)
    options.set(name, before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value])
  }
  return Object.fromEntries(options)
}
