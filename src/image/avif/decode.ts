/** AVIF to pixels, with libavif and its AV1 decoder as @jsquash/avif ships them. */
import factory from '@jsquash/avif/codec/dec/avif_dec.js'
import module from '@jsquash/avif/codec/dec/avif_dec.wasm'
import type { Pixels } from '../../types.ts'
import { IMAGE_BUDGET, tooManyPixels } from '../caps.ts'
import { type Decoded, runCodec } from '../codec.ts'
import { corrupt, type ImageInfo } from '../info.ts'
import { fromRgba } from '../rgba.ts'

/** Decodes an AVIF whose `info` was checked against the caps. Rejects with `image_corrupt` or `image_too_many_pixels`. */
export async function decodeAvif(bytes: Uint8Array, info: ImageInfo): Promise<Pixels> {
  const decoded = await runCodec<{ decode(data: Uint8Array, bitDepth: number): Decoded | null }>(
    factory,
    module,
    IMAGE_BUDGET - bytes.length - info.width * info.height * 4,
    () => tooManyPixels(info),
    (codec) => codec.decode(bytes, 8),
  )
  if (decoded.width !== info.width || decoded.height !== info.height) throw corrupt('The AVIF has a damaged header.')
  return fromRgba(decoded, info.orientation)
}
