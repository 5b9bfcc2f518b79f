/** One HTTP exchange with a server that is not trusted: no redirects, capped answers, every failure with a code. */
import type { z } from 'zod'
import { Failure } from './failure.ts'
import type { Service } from './types.ts'

/** Bytes of an answer, after decompression: the scores of 11,000 tags are half of it. */
export const MOST_BYTES = 1_000_000
const MOST_ERROR_BYTES = 4096
const ERROR_BODY_MS = 500
const MOST_DETAIL = 200

export interface Exchange {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  json?: unknown
  body?: Uint8Array<ArrayBuffer>
  signal: AbortSignal
  /** Begins something that is paid for: sent again only when it certainly did not begin. */
  once?: boolean
  /** A status that this protocol uses for "busy, come again". */
  busy?: number
}

/** Sends a request and resolves to the answer once its status is known to be good. @throws Failure */
export function exchange(service: Service, url: string, { method = 'POST', ...request }: Exchange): Promise<Response> {
  const headers = { accept: 'application/json', ...request.headers }
  const init: RequestInit = { method, headers, redirect: 'manual', signal: request.signal }
  if (request.json !== undefined) {
    init.body = JSON.stringify(request.json)
    init.headers = { ...headers, 'content-type': 'application/json' }
  } else if (request.body) {
    init.body = request.body
  }
  return receive(() => service.fetch(url, init), service, request)
}

export const bearer = ({ secret }: Service): Record<string, string> =>
  secret === undefined ? {} : { authorization: `Bearer ${secret}` }

/** The same for whatever gives a `Response`, such as a binding. */
export async function receive(
  send: () => Promise<Response>,
  { secret }: Service,
  { signal, once = false, busy }: Pick<Exchange, 'signal' | 'once' | 'busy'>,
): Promise<Response> {
  const response = await send().catch((error: unknown) => {
    signal.throwIfAborted()
    throw connectionFailure(error, once)
  })
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    drop(response)
    throw new Failure('redirected', 'it answered with a redirect, which is not followed', { status: response.status })
  }
  if (!response.ok) throw await statusFailure(response, signal, { secret, once, busy })
  if (!response.body) throw new Failure('bad_answer', 'the answer is empty')
  return response
}

/** An answer as JSON of the promised shape. @throws Failure */
export async function readJson<T>(response: Response, signal: AbortSignal, schema: z.ZodType<T>): Promise<T> {
  return parseJson(await readText(response, signal), schema)
}

export function parseJson<T>(text: string, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const what = text.trim() === '' ? 'empty' : text.trimStart().startsWith('<') ? 'HTML' : 'not JSON'
    throw new Failure('bad_answer', `the answer is ${what}`)
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const path = result.error.issues[0]?.path.filter((part) => /^\w{1,32}$/.test(String(part))).join('.')
  throw new Failure('bad_answer', `the answer is not of the promised shape${path ? `, at ${path}` : ''}`)
}

async function readText(response: Response, signal: AbortSignal, most = MOST_BYTES): Promise<string> {
  const decoder = textDecoder()
  let text = ''
  for await (const chunk of readChunks(response, signal, most)) text += decoder.decode(chunk)
  return text + decoder.decode()
}

/** The lines of a streamed answer. @throws Failure */
export async function* readLines(response: Response, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = textDecoder()
  let rest = ''
  for await (const chunk of readChunks(response, signal, MOST_BYTES)) {
    const lines = (rest + decoder.decode(chunk)).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

/** Leaving the loop early, by `break` or by an error, ends the connection. */
async function* readChunks(response: Response, signal: AbortSignal, most: number): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new Failure('too_large', `the answer is larger than ${most / 1e6} MB`)
  if (Number(response.headers.get('content-length')) > most) {
    drop(response)
    throw tooLarge()
  }
  const reader = response.body!.getReader()
  const stop = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', stop)
  try {
    for (let total = 0; ; ) {
      const { done, value } = await reader.read().catch(() => {
        signal.throwIfAborted()
        throw new Failure('reset', 'the connection broke before the answer was complete')
      })
      signal.throwIfAborted()
      if (done) return
      total += value.byteLength
      if (total > most) throw tooLarge()
      yield value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** Decodes strictly: bytes that are no UTF-8 are no answer. */
function textDecoder() {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return {
    decode(chunk?: Uint8Array): string {
      try {
        return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
      } catch {
        throw new Failure('bad_answer', 'the answer is not UTF-8')
      }
    },
  }
}

function drop(response: Response): void {
  void response.body?.cancel().catch(() => undefined)
}

/** Codes of Node for a connection that never was. workerd has none: what failed before an answer is `reset` there. */
const REFUSED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ECONNABORTED|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/

function connectionFailure(error: unknown, once: boolean): Failure {
  const { cause } = error as { cause?: { code?: unknown; errors?: { code?: unknown }[] } }
  const detail = String(cause?.code ?? cause?.errors?.[0]?.code ?? '') || undefined
  if (detail && REFUSED.test(detail))
    return new Failure('refused', 'no connection could be made', { retry: true, detail })
  const what = detail
    ? 'the connection broke before an answer'
    : 'there was no connection, or it broke before an answer'
  return new Failure('reset', what, { retry: !once, detail })
}

/** What a proxy may say of a server that failed or is away; Cloudflare's own are 520 to 523. */
const AWAY = [500, 502, 504, 520, 521, 522, 523]

async function statusFailure(
  response: Response,
  signal: AbortSignal,
  { secret, once, busy }: { secret: string | undefined; once: boolean; busy: number | undefined },
): Promise<Failure> {
  const { status, headers } = response
  // 429 and 503 say that nothing began. The others may come after the work was done.
  const refused = status === 429 || status === 503 || status === busy
  const body = await readErrorBody(response, signal)
  return new Failure('bad_status', `it answered with status ${status}`, {
    status,
    retry: refused || (!once && AWAY.includes(status)),
    retryAfter: retryAfter(headers.get('retry-after')) ?? seconds(body.estimated_time),
    // What is said about a refused key may repeat part of it.
    detail: status === 401 || status === 403 ? undefined : redact(body.words, secret),
  })
}

/** The two forms of RFC 9110 §10.2.3, in milliseconds. */
function retryAfter(value: string | null): number | undefined {
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

const seconds = (value: unknown) => (typeof value === 'number' && value >= 0 ? value * 1000 : undefined)

/** What an error body says, in any of the shapes of the protocols here; nothing when it is long, slow or none. */
async function readErrorBody(response: Response, outer: AbortSignal) {
  const patience = new AbortController()
  const giveUp = () => patience.abort()
  const timer = setTimeout(giveUp, ERROR_BODY_MS)
  outer.addEventListener('abort', giveUp)
  try {
    const text = response.body ? await readText(response, patience.signal, MOST_ERROR_BYTES) : ''
    const body = JSON.parse(text)
    const words = [body.error?.message, body.error, body.detail, body.description, body.errors?.[0]?.message]
    return { words: words.find((word) => typeof word === 'string'), estimated_time: body.estimated_time as unknown }
  } catch {
    return {}
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', giveUp)
  }
}

/** What an endpoint said, fit for a log line. */
export function redact(words: unknown, secret: string | undefined): string | undefined {
  if (typeof words !== 'string') return undefined
  const line = words.replace(/[\s\p{Cc}]+/gu, ' ').replace(/\b(Bearer|Basic) \S+/gi, '$1 ***')
  return (secret ? line.replaceAll(secret, '***') : line).slice(0, MOST_DETAIL)
}
