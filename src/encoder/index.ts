/** The encoder room: from tensors and texts to unit vectors, by the model that a ModelSpec describes. */
export { createImageEncoder } from './image-encoder.ts'
export { parseModelSpec } from './model-spec.ts'
export { heapBytes } from './runtime.ts'
export { createTextEncoder } from './text-encoder.ts'
