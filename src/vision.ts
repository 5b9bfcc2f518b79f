/** From the bytes of a picture to its embedding, one picture at a time: what an isolate's memory allows. */

import { toPicture } from './caption/forward.ts'
import type { Clock } from './clock.ts'
import { createImageEncoder, heapBytes } from './encoder/index.ts'
import { type ReadAsset, readBytes } from './engine.ts'
import { TermlensError } from './errors.ts'
import { type DecodedPixels, decode, toTensor } from './image/index.ts'
import type { Look, See } from './interrogator.ts'
import { once } from './once.ts'
import type { ImageEncoder, ModelSpec } from './types.ts'

/** Pictures that may wait for their turn. */
export const MOST_WAITING = 32

export type Vision = See & { look: Look; loaded(): boolean }

/** The vision tower of `spec`, from the assets. @throws TermlensError `model_load_failed` */
export async function loadEncoder(read: ReadAsset, spec: ModelSpec, wasm: WebAssembly.Module): Promise<ImageEncoder> {
  const model = await readBytes(read, `models/${spec.name}/${spec.vision.file}`, 'model_load_failed')
  return createImageEncoder({ spec, model, wasm })
}

/** Turns a picture that the codecs here refuse into a small one that they read. */
export type Reduce = (image: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

/** What another decoder may still read. */
const REDUCIBLE = new Set(['image_heic', 'image_too_many_pixels'])

/**
 * Loads the encoder at the first picture; later ones share the load, and a failed load is tried again by the next.
 * @throws TermlensError (when called) of the image family, `model_load_failed`, `overloaded`
 */
export function createVision(spec: ModelSpec, load: () => Promise<ImageEncoder>, reduce?: Reduce): Vision {
  const encoder = once(load)
  const queue = createQueue(MOST_WAITING)

  async function decoded(image: Uint8Array, signal: AbortSignal | undefined): Promise<DecodedPixels> {
    try {
      return await decode(image, spec.image.size, signal)
    } catch (error) {
      if (!reduce || !(error instanceof TermlensError) || !REDUCIBLE.has(error.code)) throw error
      const small = await reduce(image as Uint8Array<ArrayBuffer>).catch(() => {
        throw error
      })
      return decode(small, spec.image.size, signal)
    }
  }

  async function inTurn<T>(
    image: Uint8Array,
    clock: Clock,
    signal: AbortSignal | undefined,
    use: (pixels: DecodedPixels) => Promise<T>,
  ): Promise<T> {
    const leave = await clock.time('queue', () => queue())
    try {
      signal?.throwIfAborted()
      return await use(await clock.time('decode', () => decoded(image, signal)))
    } finally {
      leave()
    }
  }

  const forwarded = (pixels: DecodedPixels, clock: Clock) => clock.time('forward', () => toPicture(pixels))

  const see: See = (image, clock, signal, show) =>
    inTurn(image, clock, signal, async (pixels) => {
      if (show) show(await forwarded(pixels, clock))
      const tensor = await clock.time('resize', () => toTensor(pixels, spec.image))
      const model = await clock.time('load', encoder)
      signal?.throwIfAborted()
      const [embedding] = await clock.time('encode', () => model.encode([tensor]))
      return embedding!
    })

  const look: Look = (image, clock, signal) => inTurn(image, clock, signal, (pixels) => forwarded(pixels, clock))

  return Object.assign(see, { look, loaded: encoder.done })
}

/**
 * One at a time, in order: resolves to a function that gives the turn to the next.
 * Refuses those for whom more than `mostWaiting` are here. How many bytes wait is bounded where bodies are read.
 */
export function createQueue(mostWaiting: number): () => Promise<() => void> {
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  return async () => {
    if (waiting > mostWaiting) throw new TermlensError('overloaded', `${waiting} pictures are here already.`)
    waiting++
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    return () => {
      waiting--
      resolve()
    }
  }
}

export { heapBytes }
