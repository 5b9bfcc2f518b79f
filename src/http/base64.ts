/** Base64 in one pass: an image of megabytes is not copied from string to string. */
import { TermlensError } from '../errors.ts'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BLANK = 64
const FOREIGN = 65

/** Six bits by character code; both alphabets of RFC 4648. */
const VALUES = new Uint8Array(128).fill(FOREIGN)
for (const [value, char] of [...STANDARD].entries()) VALUES[char.charCodeAt(0)] = value
VALUES['-'.charCodeAt(0)] = 62
VALUES['_'.charCodeAt(0)] = 63
for (const char of ' \t\r\n\f') VALUES[char.charCodeAt(0)] = BLANK

/**
 * The bytes behind base64 text, with or without a data URI before it and padding after it.
 * @throws TermlensError `image_corrupt`, `image_too_large` over `most` bytes
 */
export function decodeBase64(text: string, most: number): Uint8Array<ArrayBuffer> {
  const start = text.startsWith('data:') ? text.indexOf(',') + 1 : 0
  let end = text.length
  while (end > start && (text[end - 1] === '=' || VALUES[text.charCodeAt(end - 1)] === BLANK)) end--
  const bytes = new Uint8Array(Math.floor(((end - start) * 3) / 4))
  let [bits, count, length] = [0, 0, 0]
  for (let i = start; i < end; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? FOREIGN
    if (value === BLANK) continue
    if (value === FOREIGN) throw notBase64()
    bits = (bits << 6) | value
    count += 6
    if (count >= 8) {
      if (length === most) throw new TermlensError('image_too_large', `The image has more than ${most} bytes.`)
      count -= 8
      bytes[length++] = bits >> count
    }
  }
  if (count === 6) throw notBase64()
  return bytes.subarray(0, length)
}

const notBase64 = () =>
  new TermlensError('image_corrupt', 'The image is not base64.', {
    hint: 'Send base64 text or a data URI; to send a file, use a multipart form or a raw body.',
  })
