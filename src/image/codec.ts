/** Runs one of jSquash's Emscripten decoders in an instance of its own, which is garbage afterwards, within a memory limit. */
import { TermlensError } from '../errors.ts'
import { corrupt } from './info.ts'

const PAGE = 65_536

/** RGBA as the codec gives it. */
export interface Decoded {
  width: number
  height: number
  data: Uint8ClampedArray | Uint8Array
}

interface Options {
  noInitialRun: boolean
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports
  print(text: string): void
  printErr(text: string): void
}

/** What the codecs' generated glue exports. */
export type Factory<Codec> = (options: Options) => Promise<Codec>

/** Bytes of codec memory of the last decode: for the tests and the measurement of the caps. */
export const lastRun = { memoryBytes: 0 }

/**
 * Instantiates `module` with its glue and lets `run` decode. The codec's memory may grow to `limit` bytes: a file that
 * needs more, whatever its header says, is refused with `tooMuch`. Any other failure is `image_corrupt`.
 */
export async function runCodec<Codec>(
  factory: unknown,
  module: WebAssembly.Module,
  limit: number,
  tooMuch: () => TermlensError,
  run: (codec: Codec) => Decoded | null,
): Promise<Decoded> {
  let refused = false
  let memory: WebAssembly.Memory | undefined
  const guard = (m: WebAssembly.Memory) => {
    memory = m
    const grow = m.grow.bind(m)
    // Emscripten's heap grows by calling this from JavaScript, and takes an exception for "out of memory".
    m.grow = (pages: number) => {
      if (m.buffer.byteLength + pages * PAGE <= limit) return grow(pages)
      refused = true
      throw new RangeError('The codec may not have more memory.')
    }
  }
  try {
    const codec = await (factory as Factory<Codec>)({
      noInitialRun: true,
      print: () => undefined,
      printErr: () => undefined,
      instantiateWasm(imports, done) {
        const instance = new WebAssembly.Instance(module, imports)
        for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) guard(value)
        done(instance)
        return instance.exports
      },
    })
    const decoded = run(codec)
    if (!decoded) throw corrupt('The picture is damaged.')
    return decoded
  } catch (cause) {
    if (refused) throw tooMuch()
    throw cause instanceof TermlensError ? cause : corrupt('The picture is damaged.', cause)
  } finally {
    lastRun.memoryBytes = memory?.buffer.byteLength ?? 0
  }
}
