/** The prompt in the caller's language: the same pieces, composed from names. */
import { write } from './dialect.ts'
import type { InterrogateOptions } from './options.ts'
import { clean, type Piece } from './pieces.ts'

/** Undefined for English. A term without a name stays English, and so does the caption. `natural` is a list here, not a sentence. */
export function localPrompt(
  pieces: readonly Piece[],
  { lang, dialect, weights }: InterrogateOptions,
): string | undefined {
  if (/^en(-|$)/i.test(lang)) return undefined
  const glue = lang === 'zh-CN' ? '，' : ', '
  const named = pieces.map((piece) => ({ ...piece, text: clean(piece.term?.name ?? '') || piece.text, glue }) as const)
  return write(named, dialect === 'sd' ? 'sd' : 'plain', weights)
}
