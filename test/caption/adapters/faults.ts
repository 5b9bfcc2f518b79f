/** Ways in which an endpoint misbehaves, each with how a request must end. */
import type { FailureCode } from '../../../src/caption/adapters/failure.ts'
import { type Fault, type Loopback, send } from './servers/loopback.ts'

export interface FaultCase {
  name: string
  fault(server: Loopback): Fault
  /** How it ends: with an answer, or with this code. */
  ends: 'well' | FailureCode
  /** Where it ends otherwise for what is paid for and so not begun twice. */
  billed?: FailureCode
  /** Requests that may arrive for one candidate. */
  requests?: number
  timeout_ms?: number
  /** Takes a second: tried with one task of each form. */
  slow?: boolean
  /** Checked after the end. */
  after?(server: Loopback): void
}

const firstOnly =
  (fault: Fault): Fault =>
  (response, reply, count, seen) =>
    count === 1 && fault(response, reply, count, seen)

const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (response) => {
    send(response, { status: code, headers, body: { error: `status ${code}` } })
    return true
  }

const breakOff: Fault = (response) => {
  response.socket!.destroy()
  return true
}

const body =
  (type: string, text: string): Fault =>
  (response) => {
    response.writeHead(200, { 'content-type': type })
    response.end(text)
    return true
  }

const breakAtHalf: Fault = (response, reply) => {
  const { headers, body, pieces } = reply()
  const whole = Buffer.from(pieces ? pieces.join('') : JSON.stringify(body))
  response.writeHead(200, { 'content-type': 'application/json', ...headers, 'content-length': whole.length })
  response.write(whole.subarray(0, whole.length / 2), () => setTimeout(() => response.socket?.destroy(), 20))
  return true
}

const hang: Fault = () => true

const trickle: Fault = (response, reply) => {
  const { headers } = reply()
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.write(' ')
  const timer = setInterval(() => response.write(' '), 1000)
  response.on('close', () => clearInterval(timer))
  return true
}

const flood =
  (server: Loopback): Fault =>
  (response, reply) => {
    const { headers } = reply()
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    const chunk = Buffer.alloc(65_536, ' ')
    const pump = () => {
      while (server.sent < 200_000_000 && !response.destroyed) {
        server.sent += chunk.length
        if (!response.write(chunk)) return void response.once('drain', pump)
      }
      response.end()
    }
    pump()
    return true
  }

const atOnce = { requests: 1 }

export const faults: FaultCase[] = [
  { name: 'broken off before the answer, once', fault: () => firstOnly(breakOff), ends: 'well', billed: 'reset' },
  { name: 'broken off at half', fault: () => breakAtHalf, ends: 'reset', ...atOnce },
  {
    name: '200 with HTML',
    fault: () => body('text/html', '<!doctype html><title>Login</title>'),
    ends: 'bad_answer',
    ...atOnce,
  },
  { name: '200 with nothing', fault: () => body('application/json', ''), ends: 'bad_answer', ...atOnce },
  {
    name: '200 that is no UTF-8',
    fault: () => (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]))
      return true
    },
    ends: 'bad_answer',
    ...atOnce,
  },
  {
    name: '429 with Retry-After, then fine',
    fault: () => firstOnly(status(429, { 'retry-after': '1' })),
    ends: 'well',
    slow: true,
  },
  {
    name: '429 with Retry-After beyond the deadline',
    fault: () => status(429, { 'retry-after': '3600' }),
    ends: 'bad_status',
    ...atOnce,
  },
  { name: '503, then fine', fault: () => firstOnly(status(503)), ends: 'well' },
  { name: '500, then fine', fault: () => firstOnly(status(500)), ends: 'well', billed: 'bad_status' },
  { name: '500 for good', fault: () => status(500), ends: 'bad_status', requests: 3 },
  { name: '400', fault: () => status(400), ends: 'bad_status', ...atOnce },
  { name: 'no answer at all', fault: () => hang, ends: 'timeout', timeout_ms: 200, ...atOnce },
  { name: 'one byte a second', fault: () => trickle, ends: 'timeout', timeout_ms: 200, ...atOnce },
  {
    name: '200 MB',
    fault: flood,
    ends: 'too_large',
    ...atOnce,
    after: ({ sent }) => {
      if (sent > 20_000_000) throw new Error(`${sent} bytes were taken`)
    },
  },
]
