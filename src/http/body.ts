/** Reads request bodies once, into one array, within bounds for each and for all that are held at a time. */
import { TermlensError } from '../errors.ts'

export interface BodyReader {
  /**
   * The whole body. It counts as held until `release` is called.
   * @throws TermlensError `image_too_large` over `most` bytes, `overloaded` where others hold too much already
   */
  read(request: Request): Promise<Uint8Array<ArrayBuffer>>
  release(): void
}

const FIRST = 64 * 1024

/**
 * One pool of memory for the bodies of all requests.
 * @param most bytes of one body @param mostHeld bytes of all bodies together; one alone may always be read
 * @param hint what to do about a larger body, where the default does not fit
 */
export function createBodyPool(most: number, mostHeld: number, hint?: string): () => BodyReader {
  let held = 0

  return () => {
    let mine = 0
    const hold = (bytes: number) => {
      if (bytes > most) {
        throw new TermlensError(
          'image_too_large',
          `The body has more than ${most} bytes.`,
          hint === undefined ? {} : { hint },
        )
      }
      const others = held - mine
      if (others > 0 && others + bytes > mostHeld) {
        throw new TermlensError('overloaded', 'Too many large pictures are being read.')
      }
      held = others + bytes
      mine = bytes
    }

    return {
      async read(request) {
        const declared = Number(request.headers.get('content-length') ?? Number.NaN)
        const known = Number.isInteger(declared) && declared >= 0 && !request.headers.has('transfer-encoding')
        let size = known ? declared : FIRST
        hold(size)
        let bytes = new Uint8Array(size)
        let length = 0
        const reader = request.body?.getReader()
        while (reader) {
          const { done, value } = await reader.read()
          if (done) break
          if (length + value.length > size) {
            size = Math.max(length + value.length, Math.min(2 * size, most))
            try {
              hold(size)
            } catch (error) {
              await reader.cancel().catch(() => undefined)
              throw error
            }
            bytes = new Uint8Array(bytes.buffer.transfer(size))
          }
          bytes.set(value, length)
          length += value.length
        }
        return bytes.subarray(0, length)
      },
      release() {
        held -= mine
        mine = 0
      },
    }
  }
}

/** One body by itself. @throws TermlensError `image_too_large` over `most` bytes */
export const readBounded = (request: Request, most: number, hint?: string): Promise<Uint8Array<ArrayBuffer>> =>
  createBodyPool(most, Number.POSITIVE_INFINITY, hint)().read(request)
