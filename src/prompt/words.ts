/** Words of labels and captions: what makes two texts say the same thing, and whether one names the other. */

/** Words that say how a term is attached, not what it is. */
const FUNCTION_WORDS = new Set(
  'a an the of in on with and by at to from for inspired style trending featured contest winner'.split(' '),
)
const SAME: Record<string, string> = {
  ...{ photo: 'photograph', photography: 'photograph', photographic: 'photograph', grey: 'gray', aesthetic: 'style' },
}
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** The words of `text`, lower case; hyphens divide, apostrophes do not. */
export function words(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu) ?? []
  )
}

/** One form for singular and plural, painting and painted, colour and color, photorealism and photorealistic. Not a linguist's stem: only a key to compare by. */
export function stem(word: string): string {
  const base = SAME[word] ?? word.replace('colour', 'color').replace(/['’]s$/, '')
  if (base.length <= 4) return base.replace(/(?<=[^su])s$/, '')
  return base
    .replace(/(?<=s|x|ch|sh)es$/, '')
    .replace(/ies$/, 'y')
    .replace(/(?<=[^su])s$/, '')
    .replace(/(?<=...)(ing|ed)$/, '')
    .replace(/(?<=.{5})is(m|t|tic)$/, '')
}

const MEMO = 4096

/** `read` with its answers to the texts seen last: a request compares the same few hundred terms with each other. */
export function memoized<T extends object>(read: (text: string) => T): (text: string) => T {
  const memo = new Map<string, T>()
  return (text) => {
    const known = memo.get(text)
    if (known) return known
    const found = read(text)
    if (memo.size >= MEMO) memo.clear()
    memo.set(text, found)
    return found
  }
}

/** The stems of what `text` is about, in order. */
export const stems: (text: string) => readonly string[] = memoized((text) =>
  words(text)
    .map(stem)
    .filter((word) => !FUNCTION_WORDS.has(word)),
)

/** The last word of a term that is about something: `lighting` of `soft rim lighting`, as a stem. */
export const head = (text: string): string => stems(text).at(-1) ?? ''

const holds = (sequence: readonly string[], part: readonly string[]) =>
  part.length > 0 && ` ${sequence.join(' ')} `.includes(` ${part.join(' ')} `)

/** Whether `text` names `term`, ignoring case, articles, number and attachment: `A watercolour of …` names `a watercolor`. */
export const names = (text: string, term: string): boolean => holds(stems(text), stems(term))

/** Whether one of the texts says everything that the other says. */
export function sayTheSame(a: string, b: string): boolean {
  const [left, right] = [stems(a), stems(b)]
  const [few, many] = left.length < right.length ? [left, right] : [right, left]
  return few.length > 0 && few.every((word) => many.includes(word))
}

/** Whether `text` contains `term` word by word, in any case and number. Scripts that write no spaces are searched by character. */
export function mentions(text: string, term: string): boolean {
  const part = words(term)
  if (part.length === 0 || CJK.test(term)) return text.toLowerCase().includes(term.trim().toLowerCase())
  const sequence = words(text)
  return holds(sequence, part) || holds(sequence.map(stem), part.map(stem))
}
