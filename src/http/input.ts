/** Reads a request of the native routes: an image or an embedding, and the options beside it. */
import { MultipartParseError, type MultipartPart, parseMultipart } from '@remix-run/multipart-parser'
import type { Context } from 'hono'
import { TermlensError } from '../errors.ts'
import type { Source } from '../interrogator.ts'
import { decodeBase64 } from './base64.ts'
import type { Env } from './env.ts'
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
export function readInput(c: Context<Env>): RequestInput {
  const { body } = c.var
  const query = collect(
    Object.entries(c.req.queries()).flatMap(([name, values]) => values.map((v) => [name, v] as const)),
  )
  const declared = c.req.header('content-type') ?? ''
  const type = declared.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/json' || type.endsWith('+json')) return fromJson(parseJson(body), query)
  if (type === 'multipart/form-data') return fromForm(parseForm(body, declared), query)
  return { source: imageSource(body), options: query }
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder().decode(bytes))
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

/** The parts of a form, as views of `bytes`. @throws TermlensError `option_invalid` */
function parseForm(bytes: Uint8Array, type: string): MultipartPart[] {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type)
  try {
    if (!boundary) throw new MultipartParseError('no boundary')
    return [
      ...parseMultipart(bytes, {
        boundary: boundary[1] ?? boundary[2]!,
        maxFileSize: MAX_BODY,
        maxTotalSize: MAX_BODY,
      }),
    ]
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
  return { source: imageSource(fromText(image, MAX_JSON_IMAGE)), options: merged }
}

function fromForm(parts: readonly MultipartPart[], query: RawOptions): RequestInput {
  const file = parts.find(({ name }) => name === 'image')
  const fields = parts.flatMap((part) =>
    part.name && part.name !== 'image' && !part.isFile ? [[part.name, part.text] as const] : [],
  )
  const options = { ...query, ...collect(fields) }
  if (!file) throw new TermlensError('image_missing', 'The form has no field "image".')
  return { source: imageSource(file.isFile ? viewOf(file) : fromText(file.text, MAX_IMAGE)), options }
}

/** The content of a part: without a copy where it lies in one piece. */
const viewOf = ({ content, bytes }: Pick<MultipartPart, 'content' | 'bytes'>): Uint8Array =>
  content.length === 1 ? content[0]! : bytes

function fromText(text: string, most: number): Uint8Array {
  if (/^\s*https?:/i.test(text))
    throw new TermlensError('url_forbidden', 'The image is an address, and addresses are not fetched here.')
  return decodeBase64(text, most)
}

function imageSource(image: Uint8Array): Source {
  if (image.length === 0) throw new TermlensError('image_missing', 'The image is empty.')
  if (image.length > MAX_IMAGE) {
    throw new TermlensError('image_too_large', `The image has ${image.length} bytes, more than ${MAX_IMAGE}.`)
  }
  return { image }
}

function collect(entries: Iterable<readonly [string, string]>): RawOptions {
  const options = new Map<string, string | string[]>()
  for (const [name, value] of entries) {
    const before = options.get(name)
    options.set(name, before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value])
  }
  return Object.fromEntries(options)
}
