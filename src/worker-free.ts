/** Entry for Workers' free plan: no encoder and no codecs, so it takes embeddings that the browser computes. */
import { createWorker } from './worker-base.ts'

export default createWorker()
