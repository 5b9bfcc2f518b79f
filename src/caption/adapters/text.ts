/** What the protocols share about pictures and words. */
import { Failure } from './failure.ts'
import type { Picture } from './types.ts'

export const DEFAULT_PROMPT = 'Describe this image in one sentence.'
/** Tokens of an answer when nobody says. */
export const DEFAULT_LENGTH = 128
const MOST_CHARACTERS = 10_000

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

export const toDataUrl = ({ bytes, type }: Picture) => `data:${type};base64,${toBase64(bytes)}`

/**
 * The distinct texts in it, each on one line. A reasoning model's `<think>` block is no part of a caption.
 * @throws Failure `bad_answer` when nothing is left
 */
export function cleanTexts(texts: readonly (string | null | undefined)[]): string[] {
  const clean = texts.map((text) =>
    (text ?? '')
      .replace(/^\s*<think>[\s\S]*?<\/think>/, '')
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
  )
  const distinct = [...new Set(clean.filter((text) => text !== ''))]
  if (distinct.length === 0) throw new Failure('bad_answer', 'the answer holds no text')
  if (distinct.some((text) => text.length > MOST_CHARACTERS)) {
    throw new Failure('bad_answer', `the text is longer than ${MOST_CHARACTERS} characters`)
  }
  return distinct
}

/** Asks `n` times at once, for protocols that give one text a request; fails only when all do. */
export async function several<T>(n: number, ask: () => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(Array.from({ length: n }, ask))
  const values = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (values.length === 0 && failed) throw failed.reason
  return values
}
