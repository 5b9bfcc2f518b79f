/** What protocols of conversation share: a question about a picture, and the endpoint that asks it. */
import { DEFAULT_LENGTH, DEFAULT_PROMPT } from './text.ts'
import type { Endpoint, Picture } from './types.ts'

export interface Chat {
  image: Picture
  text: string
  /** Most tokens of an answer. */
  length: number
  /** Answers wanted. */
  n: number
  onToken?: ((token: string) => void) | undefined
  signal: AbortSignal
}

/** @param prompt what to ask for a description where a request does not say @param candidates the distinct answers to a chat */
export const chatEndpoint = (prompt: string | undefined, candidates: (chat: Chat) => Promise<string[]>): Endpoint => ({
  describe: ({ prompt: asked, max_length, ...request }) =>
    candidates({ ...request, text: asked ?? prompt ?? DEFAULT_PROMPT, length: max_length ?? DEFAULT_LENGTH }),
  answer: async ({ question, ...request }) => {
    const texts = await candidates({ ...request, text: question, length: DEFAULT_LENGTH })
    return texts.map((text) => ({ text }))
  },
})
