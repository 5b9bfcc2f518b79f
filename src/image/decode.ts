/** From the bytes of a file to oriented pixels on white, at full scale or reduced. */
import { decodeAvif } from './avif/decode.ts'
import { decodeGif } from './gif/decode.ts'
import type { DecodedPixels } from './info.ts'
import { decodeJpeg } from './jpeg/decode.ts'
import { decodePng } from './png/decode.ts'
import { sniff } from './sniff.ts'
import { decodeWebp } from './webp/decode.ts'

/**
 * Decodes an image file for a model whose input is `side` pixels wide. Pictures of up to 2 megapixels come at full scale;
 * larger JPEGs, PNGs and GIFs are reduced while they are decoded, with the shorter side at least twice `side`, or less
 * where a very long picture would not fit the memory otherwise. The result is upright, and transparency lies on white.
 * Rejects with the errors of `sniff`, with `image_corrupt` for damaged or truncated files, or with the signal's reason.
 */
export async function decode(bytes: Uint8Array, side: number, signal?: AbortSignal): Promise<DecodedPixels> {
  signal?.throwIfAborted()
  const info = sniff(bytes)
  switch (info.format) {
    case 'jpeg':
      return decodeJpeg(bytes, info, side, signal)
    case 'png':
      return decodePng(bytes, info, side, signal)
    case 'gif':
      return decodeGif(bytes, info, side)
    case 'webp':
      return decodeWebp(bytes, info, side)
    case 'avif':
      return decodeAvif(bytes, info, side, signal)
  }
}
