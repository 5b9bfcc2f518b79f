/** What the middleware leaves for every route. */
import type { Clock } from '../clock.ts'

export interface Env {
  Variables: {
    requestId: string
    clock: Clock
    /** The request's body, read once; on the native POST routes. */
    body: Uint8Array<ArrayBuffer>
  }
}
