/** From a text to the token ids that a text tower takes, by the model's own `tokenizer.json`. */
import { Tokenizer } from '@huggingface/tokenizers'
import { TermlensError } from '../errors.ts'

export interface TextTokenizer {
  /** Token ids with start and end token; of a text too long the first ones and the end token. Never empty. */
  ids(text: string): number[]
}

/**
 * @param json the parsed `tokenizer.json` (Hugging Face's format)
 * @param maxTokens start and end token included
 * @throws TermlensError `model_load_failed`
 */
export function createTokenizer(json: object, maxTokens: number): TextTokenizer {
  let tokenizer: Tokenizer
  try {
    tokenizer = new Tokenizer(json, {})
    if (tokenizer.encode('a').ids.some((id) => !Number.isInteger(id))) throw new Error('a token has no id')
  } catch (cause) {
    throw new TermlensError('model_load_failed', 'tokenizer.json of the text tower could not be read.', { cause })
  }
  return {
    ids(text) {
      // A lone surrogate is no character: Python's tokenizer cannot even be given one.
      const { ids } = tokenizer.encode(text.toWellFormed())
      return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1)!]
    },
  }
}
