/** Entry for Workers' free plan: no encoder and no codecs, so it takes embeddings that a client computes. */
import { createWorker } from './worker-base.ts'

export default createWorker()
