/** The golden shard in workerd: the same suite as in Node. */
import { conformance } from '../term-index/conformance.ts'
import golden from '../term-index/golden.tlx?url&inline'

conformance(Uint8Array.from(atob(golden.slice(golden.indexOf(',') + 1)), (char) => char.charCodeAt(0)))
