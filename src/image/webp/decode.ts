/** WebP to pixels, with libwebp as @jsquash/webp ships it. Of an animation, the first frame. */
import factory from '@jsquash/webp/codec/dec/webp_dec.js'
import module from '@jsquash/webp/codec/dec/webp_dec.wasm'
import type { Pixels } from '../../types.ts'
import { IMAGE_BUDGET, tooManyPixels } from '../caps.ts'
import { type Decoded, runCodec } from '../codec.ts'
import { corrupt, type ImageInfo } from '../info.ts'
import { fromRgba } from '../rgba.ts'
import { firstFrame } from './frame.ts'

/** Decodes a WebP whose `info` was checked against the caps. Rejects with `image_corrupt` or `image_too_many_pixels`. */
export async function decodeWebp(bytes: Uint8Array, info: ImageInfo): Promise<Pixels> {
  const frame = firstFrame(bytes, info)
  const limit = IMAGE_BUDGET - bytes.length - frame.width * frame.height * 4
  const decoded = await runCodec<{ decode(data: Uint8Array): Decoded | null }>(
    factory,
    module,
    limit,
    () => tooManyPixels(info),
    (codec) => codec.decode(frame.file),
  )
  if (decoded.width !== frame.width || decoded.height !== frame.height) throw corrupt('The WebP has a damaged header.')
  return fromRgba(place(decoded, frame, info), info.orientation)
}

/** A frame that does not fill its canvas, put where it belongs; the rest is transparent. */
function place(decoded: Decoded, frame: { x: number; y: number }, info: ImageInfo): Decoded {
  const { width, height } = decoded
  if (width === info.width && height === info.height) return decoded
  const data = new Uint8Array(info.width * info.height * 4)
  for (let y = 0; y < height; y++) {
    data.set(decoded.data.subarray(y * width * 4, (y + 1) * width * 4), ((frame.y + y) * info.width + frame.x) * 4)
  }
  return { width: info.width, height: info.height, data }
}
