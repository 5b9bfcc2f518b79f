/** Pictures as foreign clients write them: base64 text, bare or in a data URI, or a form's file. */
import type { Context } from 'hono'
import { TermlensError } from '../../errors.ts'
import { decodeBase64 } from '../base64.ts'
import { readBounded } from '../body.ts'
import { MAX_BODY, MAX_JSON_IMAGE } from '../input.ts'

/** Whether a text is an address on the web, which no foreign route fetches. */
export const isAddress = (text: string): boolean => /^\s*https?:\/\//i.test(text)

/**
 * The bytes of a picture. What a data URI says of their type is ignored, as everywhere.
 * @throws TermlensError `url_forbidden`, `image_missing`, `image_too_large`, `image_corrupt`
 */
export function readImage(text: string): Uint8Array {
  if (isAddress(text)) {
    throw new TermlensError('url_forbidden', 'The image is an address, and addresses are not fetched here.', {
      hint: 'Send the image itself: base64 text or a data URI.',
    })
  }
  if (text.trim() === '') throw new TermlensError('image_missing', 'The image is empty.')
  const image = decodeBase64(text, MAX_JSON_IMAGE)
  if (image.length === 0) throw new TermlensError('image_missing', 'The image is empty.')
  return image
}

/** @throws TermlensError `image_too_large` */
export function checkSize(image: Uint8Array): Uint8Array {
  if (image.length <= MAX_JSON_IMAGE) return image
  throw new TermlensError('image_too_large', `The image has ${image.length} bytes, more than ${MAX_JSON_IMAGE}.`)
}

/** A data URI that holds the bytes: what an upload is answered with, so that nothing has to be kept. */
export function toDataUri(bytes: Uint8Array, type: string): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)))
  const safe = /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream'
  return `data:${safe};base64,${btoa(parts.join(''))}`
}

/** Whether a failure is the picture's. */
export const isImageFault = (code: string): boolean => code.startsWith('image_') || code === 'url_forbidden'

/** The request's form. @throws TermlensError `image_too_large`; what the platform throws where it is no form */
export async function formOf(c: Context): Promise<FormData> {
  const headers = { 'Content-Type': c.req.header('content-type') ?? '' }
  return new Response(await readBounded(c.req.raw, MAX_BODY), { headers }).formData()
}
