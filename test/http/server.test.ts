/** `npm start`: a server on this machine, with no account; and what it does with bodies that lie about themselves, on a real socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../index-build/start.ts', import.meta.url))
const image = Uint8Array.from(await readFile(new URL('../fixtures/images/baseline-420.jpg', import.meta.url)))

function start(port: string) {
  const { CLOUDFLARE_API_TOKEN: _, CLOUDFLARE_ACCOUNT_ID: __, ...env } = process.env
  const child = spawn(process.execPath, [script], { env: { ...env, PORT: port } })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => said.includes('is ready') && resolve())
    closed.then(() => reject(new Error(`it ended: ${said}`)))
  })
  ready.catch(() => {})
  return { child, ready, closed, said: () => said }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

let port: number
let child: ChildProcess
let closed: Promise<number | null>
let said: () => string

beforeAll(async () => {
  port = await freePort()
  const server = start(String(port))
  ;({ child, closed, said } = server)
  await server.ready
})
afterAll(async () => {
  child.kill('SIGINT')
  await closed
})

const post = (body: BodyInit) =>
  fetch(`http://127.0.0.1:${port}/v1/embed`, { method: 'POST', body, duplex: 'half' } as RequestInit)

/** Sends `head` and then `body` as they stand; what came back before the connection ended, or the status line. */
async function raw(head: string[], body: Uint8Array = new Uint8Array()): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('error', () => {})
  socket.setEncoding('latin1')
  const answered = new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
    socket.on('data', (data) => {
      text += data
      if (text.includes('\r\n')) resolve()
    })
  })
  socket.write(`${['POST /v1/embed HTTP/1.1', `Host: 127.0.0.1:${port}`, ...head].join('\r\n')}\r\n\r\n`)
  socket.write(body)
  await answered
  socket.destroy()
  return text.split('\r\n')[0]!
}

describe('npm start', () => {
  test('says where it is, and answers there', async () => {
    expect(said()).toContain(`http://localhost:${port}`)
    const response = await post(image)
    expect(response.status).toBe(200)
    expect(((await response.json()) as { embedding: number[] }).embedding.length).toBeGreaterThan(0)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('Termlens')
  })

  test('on a port that is taken says so', async () => {
    const second = start(String(port))
    expect(await second.closed).toBe(1)
    expect(second.said()).toContain(`Port ${port} is taken`)
  })

  test.each(['x', '0', '99999', '1.5'])('PORT=%s is refused', async (value) => {
    const second = start(value)
    expect(await second.closed).toBe(2)
    expect(second.said()).toContain(`PORT is ${value}`)
  })
})

test('Ctrl-C ends it, and that is no failure', async () => {
  const other = start(String(await freePort()))
  await other.ready
  other.child.kill('SIGINT')
  expect(await other.closed).toBe(0)
})

describe('bodies that lie about themselves', () => {
  test('a length over the cap is refused', async () => {
    const response = await post(new Uint8Array(100_000_000))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'image_too_large' })
  })

  test('chunks over the cap are refused', async () => {
    let sent = 0
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => (sent++ < 25 ? controller.enqueue(new Uint8Array(1_000_000)) : controller.close()),
    })
    expect((await post(chunks)).status).toBe(413)
  })

  test('a length and chunks at once are refused, or the chunks count', async () => {
    const chunk = Buffer.from(
      `${image.length.toString(16)}\r\n${Buffer.from(image).toString('latin1')}\r\n0\r\n\r\n`,
      'latin1',
    )
    expect(await raw(['Content-Length: 5', 'Transfer-Encoding: chunked'], chunk)).toMatch(/ (200|400) |^$/)
  })

  test('a length above what comes does not hold up the others', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`POST /v1/embed HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc`)
    const others = await Promise.all([post(image), post(image)])
    expect(others.map(({ status }) => status)).toEqual([200, 200])
    socket.destroy()
    expect((await post(image)).status).toBe(200)
  })
})
