/** Entry for Cloudflare Workers: images and embeddings in, prompts out. */
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { reduceWith } from './images-binding.ts'
import { createVision, heapBytes, loadEncoder } from './vision.ts'
import { createWorker } from './worker-base.ts'

export default createWorker({
  createVision: (spec, read, { IMAGES }) =>
    createVision(spec, () => loadEncoder(read, spec, ortWasm), IMAGES && reduceWith(IMAGES)),
  heapBytes,
})

export { SharedStateObject } from './http/compat/index.ts'
