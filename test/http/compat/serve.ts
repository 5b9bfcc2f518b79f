/** A fetch handler behind a port of this machine, for clients that need an address. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

export interface Served {
  url: string
  close(): Promise<void>
}

/** @param handler answers every request; its signal ends when the client leaves */
export async function serve(handler: (request: Request) => Response | Promise<Response>): Promise<Served> {
  const server = createServer(async (incoming, outgoing) => {
    const left = new AbortController()
    outgoing.on('close', () => !outgoing.writableEnded && left.abort())
    const answer = await handler(toRequest(incoming, left.signal))
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (!answer.body) return outgoing.end()
    const body = Readable.fromWeb(answer.body as never)
    outgoing.on('close', () => body.destroy())
    body.on('error', () => outgoing.destroy()).pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', headers, url = '/' } = incoming
  const list = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string])
  const body = method === 'GET' || method === 'HEAD' ? null : (Readable.toWeb(incoming) as ReadableStream)
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: list,
    body,
    signal,
    duplex: 'half',
  } as RequestInit)
}
