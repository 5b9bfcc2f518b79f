/** Entry for Cloudflare Workers: images and embeddings in, prompts out. */
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { createVision, heapBytes, loadEncoder } from './vision.ts'
import { createWorker } from './worker-base.ts'

export default createWorker({
  createVision: (spec, read) => createVision(spec, () => loadEncoder(read, spec, ortWasm)),
  heapBytes,
})

export { SharedStateObject } from './http/compat/index.ts'
