/** What a protocol brings to the conformance suite. */
import type { AiBinding, Answer, Tags } from '../../../../src/caption/adapters/types.ts'
import type { Handler } from './loopback.ts'

export const SECRET = 'sk-Zq81mPlTopSecret'

/** The picture that all tests send: the servers compare it byte by byte. */
export const picture = {
  bytes: Uint8Array.from({ length: 4_000 }, (_, at) => (at * 37 + (at >> 8)) % 256),
  type: 'image/jpeg',
}
export const pictureBase64 = Buffer.from(picture.bytes).toString('base64')
export const pictureDataUrl = `data:image/jpeg;base64,${pictureBase64}`

/** What the servers say, in turn. */
export const captions = ['a red bicycle against a brick wall', 'a bicycle leaning on a wall', 'an old red bike']
export const answers = ['one', 'just one', 'a single one']

export interface Subject {
  /** Protocol and form, such as `openai, streamed`. */
  label: string
  /** An entry of TERMLENS_CAPTIONERS for a server at `url`. */
  settings(url: string): Record<string, unknown>
  handle: Handler
  /** The Authorization header that SECRET must become; null for none. */
  authorization: string | null
  /** Asks with `onToken`. */
  streams?: boolean
  /** For the binding form of Workers AI. */
  ai?(url: string): AiBinding
  /** A prediction that is paid for is not begun twice. */
  billed?: boolean
  describe?: {
    /** What arrives of a request's `prompt` and `max_length`, as the server understood it. */
    takes: { prompt: boolean; max_length: boolean }
    /** Most different candidates the server can give; 3 unless told. */
    candidates?: number
  }
  answer?: { expected?: Answer[] }
  tag?: { expected: Tags }
  /** Bodies of a 200 that no caller may take for an answer, beside the general ones. */
  wrong: unknown[]
}

/** Gives each of `texts` in turn. */
export function inTurn(texts: readonly string[], count: number): string {
  return texts[(count - 1) % texts.length]!
}
