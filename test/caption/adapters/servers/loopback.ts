/** A server on 127.0.0.1 that plays an endpoint, can misbehave like one, and knows which of its connections are open. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { z } from 'zod'

export interface Seen {
  method: string
  /** Path and query. */
  path: string
  headers: Record<string, string | undefined>
  body: Buffer
}

/** `body` is sent as JSON; `pieces` as they are, one chunk each. */
export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  pieces?: string[]
}

export type Handler = (seen: Seen, server: Loopback) => Reply
/** Answers in place of the protocol's server; false leaves it to the server. `count` is 1 for the first request. */
export type Fault = (response: ServerResponse, reply: () => Reply, count: number, seen: Seen) => boolean

export interface Loopback {
  url: string
  requests: Seen[]
  /** What was wrong with the requests, against the documented schema. */
  problems: string[]
  /** What the handler understood of the last request. */
  understood: Record<string, unknown>
  fault?: Fault
  /** Requests that the handler answered, this one included. */
  answered: number
  sent: number
  connections: number
  /** Resolves when no connection is open, and to false when one still is after five seconds. */
  idle(): Promise<boolean>
  /** Resolves at the next request. */
  asked(): Promise<void>
  close(): Promise<void>
}

export async function listen(handle: Handler): Promise<Loopback> {
  const sockets = new Set<Socket>()
  let onAsked: (() => void)[] = []

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const seen: Seen = {
      method: request.method!,
      path: request.url!,
      headers: request.headers as Seen['headers'],
      body: Buffer.concat(chunks),
    }
    loopback.requests.push(seen)
    for (const resolve of onAsked) resolve()
    onAsked = []
    response.shouldKeepAlive = false
    response.on('error', () => undefined)
    const reply = () => check(loopback, () => handle(seen, loopback))
    if (!loopback.fault?.(response, reply, loopback.requests.length, seen)) send(response, reply())
  })
  server.on('connection', (socket) => {
    loopback.connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('clientError', (_, socket) => socket.destroy())

  const loopback: Loopback = {
    url: '',
    requests: [],
    problems: [],
    understood: {},
    answered: 0,
    sent: 0,
    connections: 0,
    async idle() {
      for (const end = Date.now() + 5000; sockets.size > 0; ) {
        if (Date.now() > end) return false
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return true
    },
    asked: () => new Promise((resolve) => onAsked.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  loopback.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return loopback
}

/** A request that breaks the schema is noted and answered with 422. */
function check(loopback: Loopback, handle: () => Reply): Reply {
  try {
    loopback.answered++
    return handle()
  } catch (error) {
    loopback.problems.push(error instanceof z.ZodError ? z.prettifyError(error) : String(error))
    return { status: 422, body: { error: 'the request does not fit the documented schema' } }
  }
}

export function send(response: ServerResponse, { status = 200, headers, body, pieces }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  for (const piece of pieces ?? [JSON.stringify(body)]) response.write(piece)
  response.end()
}

/** For handlers: the JSON body, of exactly this shape. */
export function readBody<T>(seen: Seen, schema: z.ZodType<T>): T {
  if (seen.headers['content-type'] !== 'application/json')
    throw new Error(`content-type ${seen.headers['content-type']}`)
  return schema.parse(JSON.parse(seen.body.toString()))
}

export function expectEqual(what: string, actual: unknown, wanted: unknown): void {
  if (actual !== wanted) throw new Error(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`)
}
