/** PNG to pixels, as the file is inflated: a picture is never held whole at its full size unless it is asked for at that size. */
import { IMAGE_BUDGET, reductionFor } from '../caps.ts'
import { corrupt, type DecodedPixels, type ImageInfo } from '../info.ts'
import { createReducer, reducerBytes } from '../reduce.ts'
import { parsePng, pixelData } from './chunks.ts'
import { createLines } from './lines.ts'
import { expander } from './samples.ts'

/** Bytes handed to the inflater at a time: zlib makes at most 1032 times as many of them, and stops in between. */
const SLICE = 8192

/** The inflater, scan lines and stream buffers. */
const OVERHEAD = 1_000_000

/** The factor a PNG is reduced by: `reductionFor`, or more where the result would not fit the budget. */
export function pngReduction(info: ImageInfo, fileBytes: number, side: number): number {
  let factor = reductionFor(info.width, info.height, side)
  while (fileBytes + reducerBytes({ ...info, factor }, info.held) + OVERHEAD > IMAGE_BUDGET) factor++
  return factor
}

/** Decodes a PNG whose `info` was checked against the caps, reduced for a model of `side` pixels. Rejects with `image_corrupt`. */
export async function decodePng(
  bytes: Uint8Array,
  info: ImageInfo,
  side: number,
  signal?: AbortSignal,
): Promise<DecodedPixels> {
  const png = parsePng(bytes)
  const factor = pngReduction(info, bytes.length, side)
  const reducer = createReducer(
    { width: png.width, height: png.height, factor, orientation: png.orientation },
    png.interlaced,
  )
  const expand = expander(png)
  const rgb = new Uint8Array(png.width * 3)
  const lines = createLines(png, (line, count, y, pass) => {
    expand(line, count, rgb)
    reducer.add(y, rgb, count, pass.x0, pass.dx)
  })
  await inflate(pixelData(bytes, png), (inflated) => lines.push(inflated), signal)
  if (!lines.done()) throw corrupt('The PNG has fewer pixels than its header promises.')
  return reducer.finish()
}

/** Runs a zlib stream (RFC 1950) given in parts through `take`, which may throw to stop it. */
async function inflate(
  parts: Iterable<Uint8Array>,
  take: (bytes: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const input = slices(parts)
  const source = new ReadableStream<BufferSource>({
    pull(controller) {
      const next = input.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('deflate')).getReader()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { value, done } = await reader.read().catch((cause) => {
        throw corrupt('The pixels of the PNG are damaged.', cause)
      })
      if (done) return
      take(value)
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    throw error
  }
}

/** The parts as pieces of `SLICE` bytes, however small they are. */
function* slices(parts: Iterable<Uint8Array>): Generator<Uint8Array<ArrayBuffer>> {
  let slice = new Uint8Array(SLICE)
  let filled = 0
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const take = Math.min(SLICE - filled, part.length - at)
      slice.set(part.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < SLICE) continue
      yield slice
      slice = new Uint8Array(SLICE)
      filled = 0
    }
  }
  if (filled > 0) yield slice.subarray(0, filled)
}
