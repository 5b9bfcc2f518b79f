/** What the protocols share about pictures and words. */
import { Failure } from './failure.ts'
import type { Answer, Picture } from './types.ts'

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

/** Each text on one line. A reasoning model's `<think>` block is no part of a caption. */
const oneLine = (text: string | null | undefined) =>
  (text ?? '')
    .replace(/^\s*<think>[\s\S]*?<\/think>/, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()

/** The answers that say something, each on one line. @throws Failure `bad_answer` when none does */
export function cleanAnswers(answers: readonly { text: string | null | undefined; confidence?: number }[]): Answer[] {
  const clean = answers.map((answer) => ({ ...answer, text: oneLine(answer.text) })).filter(({ text }) => text !== '')
  if (clean.length === 0) throw new Failure('bad_answer', 'the answer holds no text')
  if (clean.some(({ text }) => text.length > MOST_CHARACTERS)) {
    throw new Failure('bad_answer', `the text is longer than ${MOST_CHARACTERS} characters`)
  }
  return clean
}

/** The distinct texts, each on one line. @throws Failure `bad_answer` when there is none */
export function cleanTexts(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(cleanAnswers(texts.map((text) => ({ text }))).map(({ text }) => text))]
}

/** Asks `n` times at once, for protocols that give one text a request; fails only when all do. */
export async function several<T>(n: number, ask: () => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(Array.from({ length: n }, ask))
  const values = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (values.length === 0 && failed) throw failed.reason
  return values
}
