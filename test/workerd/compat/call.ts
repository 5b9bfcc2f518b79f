/** Requests to the Worker as foreign clients write them, and pictures in every form that they send. */
import { exports } from 'cloudflare:workers'
import { picture } from '../pictures.ts'

export const HOST = 'https://termlens.test'

export const get = (path: string, headers: Record<string, string> = {}) =>
  exports.default.fetch(`${HOST}${path}`, { headers })

export const post = (path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
  exports.default.fetch(`${HOST}${path}`, {
    method,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })

/** The body of an answer that is expected to be 200. */
export async function body<T = Record<string, unknown>>(
  response: Response | Promise<Response>,
  status = 200,
): Promise<T> {
  const answer = await response
  const text = await answer.text()
  if (answer.status !== status) throw new Error(`${answer.status}: ${text.slice(0, 300)}`)
  return JSON.parse(text) as T
}

export const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

export const bytes = await picture('caltech101-00333.webp')
export const base64 = toBase64(bytes)
export const dataUri = `data:image/webp;base64,${base64}`

/** Pictures that every foreign route reads, in the forms that clients send. */
export const readable: Record<string, string> = {
  'raw base64': base64,
  'a data URI': dataUri,
  'a data URI that declares another type': `data:image/png;base64,${base64}`,
  'base64 with line breaks': base64.replaceAll(/.{76}/g, '$&\n'),
  'a PNG of one pixel': toBase64(await picture('1x1.png')),
  'a PNG with alpha': toBase64(await picture('rgba.png')),
}

/** Texts that hold no picture. */
export const unreadable: Record<string, string> = {
  'an empty text': '',
  'text that is no base64': '%%% no base64 at all, and longer than sixty-four characters %%% %%%',
  'base64 of no picture': btoa('hello, world. '.repeat(8)),
  'a picture cut short': base64.slice(0, 400),
}

export const address = `https://example.com/${'a'.repeat(64)}.jpg`
