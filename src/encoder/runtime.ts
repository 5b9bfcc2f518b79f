/**
 * onnxruntime-web from a compiled module, the same way in workerd, Node and browsers.
 *
 * workerd forbids compiling WebAssembly from bytes, and onnxruntime-web has no option for a compiled module. So its
 * embedded glue is given empty bytes, and the one `WebAssembly.instantiate` call that it then makes is answered with
 * our module. Two more things happen at that call, because nothing else sees them:
 * - the heap is captured, so that its size can be told;
 * - `malloc` and `free` are wrapped. An ORT-format model is read in place, which halves the heap, but the JavaScript
 *   of onnxruntime-web frees the model's buffer when the session is made, and vectors then drift. The wrapped `free`
 *   leaves that one buffer alone.
 *
 * The names of `malloc` and `free` are minified: `ortGround` holds what this file relies on, and
 * test/encoder/runtime.test.ts compares it with the installed package.
 */
import * as ort from 'onnxruntime-web/wasm'
import { TermlensError } from '../errors.ts'

/** What the shim stands on in the pinned onnxruntime-web. */
export const ortGround = { version: '1.30.0', malloc: 'wb', free: 'vb' } as const

type Exports = Record<string, unknown> & { [name: string]: (...args: number[]) => number }

let heap: WebAssembly.Memory | undefined
let keepBytes = 0
let kept = 0

function wrapExports(exports: WebAssembly.Exports): WebAssembly.Exports {
  const { malloc, free } = ortGround
  const real = exports as Exports
  if (typeof real[malloc] !== 'function' || typeof real[free] !== 'function')
    throw moved('exports no malloc and free where they were')
  return {
    ...exports,
    [malloc](size: number) {
      const pointer = real[malloc]!(size)
      if (keepBytes !== 0 && size === keepBytes) {
        kept = pointer
        keepBytes = 0
      }
      return pointer
    },
    [free](pointer: number) {
      if (pointer === kept && pointer !== 0) kept = 0
      else real[free]!(pointer)
    },
  }
}

const findMemory = (imports: WebAssembly.Imports): WebAssembly.Memory | undefined =>
  Object.values(imports)
    .flatMap((group) => Object.values(group))
    .find((value) => value instanceof WebAssembly.Memory)

/** Runs `task` while the next instantiation from empty bytes is answered with `module`; any other call passes through. */
async function withModule<T>(module: WebAssembly.Module, task: () => Promise<T>): Promise<T> {
  const original = WebAssembly.instantiate
  const answer = async (source: BufferSource | WebAssembly.Module, imports: WebAssembly.Imports = {}) => {
    const empty = source instanceof Uint8Array && source.byteLength === 0
    if (!empty) return (original as (...args: unknown[]) => unknown)(source, imports)
    WebAssembly.instantiate = original
    heap = findMemory(imports)
    const instance = await original(module, imports)
    return { module, instance: { exports: wrapExports(instance.exports) } }
  }
  WebAssembly.instantiate = answer as typeof WebAssembly.instantiate
  try {
    return await task()
  } finally {
    WebAssembly.instantiate = original
  }
}

const moved = (how: string) =>
  new TermlensError('model_load_failed', `onnxruntime-web ${how}; the shim was written for ${ortGround.version}.`, {
    hint: 'Install the pinned version (npm install), or adapt src/encoder/runtime.ts.',
  })

let creating: Promise<unknown> = Promise.resolve()

/**
 * A one-thread session. `format: 'ort'` reads the model in place: its buffer stays in the heap for as long as the isolate
 * lives, and no weight is packed into a second copy (40 MB instead of 58 for a 24 MB model, at the same speed).
 * Sessions are made one after another; a failed one leaves the way free for the next.
 */
export function createSession(
  module: WebAssembly.Module,
  model: Uint8Array,
  format: 'onnx' | 'ort',
): Promise<ort.InferenceSession> {
  const run = async () => {
    if (ort.env.versions.web !== ortGround.version) throw moved(`is version ${ort.env.versions.web}`)
    ort.env.wasm.numThreads = 1
    ort.env.wasm.wasmBinary = new Uint8Array(0).buffer
    ort.env.logLevel = 'error'
    const inPlace = format === 'ort'
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: ['wasm'],
      ...(inPlace && {
        extra: {
          session: {
            use_ort_model_bytes_directly: '1',
            use_ort_model_bytes_for_initializers: '1',
            disable_prepacking: '1',
          },
        },
      }),
    }
    keepBytes = inPlace ? model.byteLength : 0
    try {
      const session = await withModule(module, () => ort.InferenceSession.create(model, options))
      if (inPlace && (keepBytes !== 0 || kept !== 0)) throw moved('no longer copies and frees the model once')
      return session
    } catch (cause) {
      if (cause instanceof TermlensError) throw cause
      throw new TermlensError('model_load_failed', 'The model could not be loaded into onnxruntime-web.', { cause })
    } finally {
      keepBytes = 0
    }
  }
  const session = creating.then(run, run)
  creating = session.catch(() => undefined)
  return session
}

/** Bytes of onnxruntime's WebAssembly memory; 0 before the first session. It never shrinks. */
export const heapBytes = (): number => heap?.buffer.byteLength ?? 0

export { ort }
