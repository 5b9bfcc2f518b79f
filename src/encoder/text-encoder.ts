/** Text encoder: texts in, unit vectors out, in the space of the image encoder, by an onnxruntime-web session. */
import { TermlensError } from '../errors.ts'
import type { ModelSpec, TextEncoder, TextTower } from '../types.ts'
import { normalise } from './image-encoder.ts'
import { createSession, ort } from './runtime.ts'
import { createTokenizer } from './tokenizer.ts'

export interface TextEncoderSource {
  spec: Pick<ModelSpec, 'embedding_size'> & { text: { tower: TextTower } }
  /** The file that `spec.text.tower.file` names, compressed or not. */
  model: Uint8Array
  /** The parsed file that `spec.text.tower.tokenizer` names. */
  tokenizer: object
  /** The compiled `ort-wasm-simd-threaded.wasm`. */
  wasm: WebAssembly.Module
}

/**
 * Loads the text tower of `spec`. Texts are encoded one at a time and without padding, so a text's vector depends on
 * the text alone. @throws TermlensError `model_load_failed`
 */
export async function createTextEncoder({ spec, model, tokenizer, wasm }: TextEncoderSource): Promise<TextEncoder> {
  const { tower } = spec.text
  const words = createTokenizer(tokenizer, tower.max_tokens)
  const session = await createSession(wasm, await unpacked(model), tower.format)

  async function encodeOne(text: string): Promise<Float32Array> {
    const ids = words.ids(text)
    const dims = [1, ids.length]
    const feeds: Record<string, ort.Tensor> = {
      [tower.input_ids]: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), dims),
    }
    if (tower.attention_mask !== null) {
      feeds[tower.attention_mask] = new ort.Tensor('int64', new BigInt64Array(ids.length).fill(1n), dims)
    }
    const embedding = (await session.run(feeds))[tower.output]?.data
    if (!(embedding instanceof Float32Array) || embedding.length !== spec.embedding_size) {
      throw new TermlensError(
        'model_load_failed',
        `The text tower answered no "${tower.output}" of ${spec.embedding_size} numbers.`,
      )
    }
    return normalise(embedding)
  }

  let last: Promise<unknown> = Promise.resolve()
  return {
    async encode(texts) {
      const turn = last.then(async () => {
        const vectors: Float32Array[] = []
        for (const text of texts) vectors.push(await encodeOne(text))
        return vectors
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** The largest tower that is unpacked: a damaged size must not take the isolate's memory. */
const MOST_BYTES = 64_000_000
/** Header and trailer of a gzip member (RFC 1952); its last four bytes are the size of what it holds. */
const LEAST_GZIP = 18

/** `bytes`, decompressed if they are gzip (a server may have done it already), into one buffer of their final size. */
async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const damaged = (cause?: unknown) =>
    new TermlensError('model_load_failed', 'The text tower is damaged: it could not be decompressed.', { cause })
  if (bytes.byteLength < LEAST_GZIP) throw damaged()
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.byteLength - 4, true)
  if (size > MOST_BYTES) throw damaged()
  const whole = new Uint8Array(size)
  let at = 0
  try {
    const packed = new Response(bytes as Uint8Array<ArrayBuffer>).body!
    const reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      whole.set(part.value, at)
      at += part.value.byteLength
    }
  } catch (cause) {
    throw damaged(cause)
  }
  if (at !== size) throw damaged()
  return whole
}
