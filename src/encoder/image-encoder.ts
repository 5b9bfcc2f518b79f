/** Image encoder: tensors in, unit vectors out, by an onnxruntime-web session. */
import { TermlensError } from '../errors.ts'
import type { ImageEncoder, ModelSpec } from '../types.ts'
import { createSession, ort } from './runtime.ts'

export interface ImageEncoderSource {
  spec: ModelSpec
  /** The file that `spec.vision.file` names. */
  model: Uint8Array
  /** The compiled `ort-wasm-simd-threaded.wasm`. */
  wasm: WebAssembly.Module
}

/**
 * Loads the vision tower of `spec`. Encodes run one at a time, each picture on its own, so that a vector never depends
 * on its batch. @throws TermlensError `model_load_failed`
 */
export async function createImageEncoder({ spec, model, wasm }: ImageEncoderSource): Promise<ImageEncoder> {
  const session = await createSession(wasm, model, spec.vision.format)
  const { input, output } = spec.vision

  async function encodeOne(tensor: { data: Float32Array; dims: readonly number[] }): Promise<Float32Array> {
    const feed = new ort.Tensor('float32', tensor.data, tensor.dims)
    const results = await session.run({ [input]: feed })
    const embedding = results[output]?.data
    if (!(embedding instanceof Float32Array) || embedding.length !== spec.embedding_size) {
      throw new TermlensError(
        'model_load_failed',
        `The model answered no "${output}" of ${spec.embedding_size} numbers.`,
      )
    }
    return normalise(embedding)
  }

  let last: Promise<unknown> = Promise.resolve()
  return {
    async encode(tensors) {
      const turn = last.then(async () => {
        const vectors: Float32Array[] = []
        for (const tensor of tensors) vectors.push(await encodeOne(tensor))
        return vectors
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** A copy of `vector` scaled to length 1, summed in float64. @throws TermlensError `model_load_failed` if it has no direction */
export function normalise(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  const norm = Math.sqrt(sum)
  if (!(norm > 0) || !Number.isFinite(norm))
    throw new TermlensError('model_load_failed', 'The model answered a vector without direction.')
  return vector.map((value) => value / norm)
}
