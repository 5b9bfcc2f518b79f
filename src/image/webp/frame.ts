/** Finds the picture to decode in a WebP file (RFC 9649 §2.7): the only one, or the first frame of an animation. */
import { ascii, corrupt, type ImageInfo, u16le, u32le } from '../info.ts'
import { lossless, lossy, riffChunks } from './header.ts'

export interface Frame {
  /** A WebP file with this picture alone. */
  file: Uint8Array
  x: number
  y: number
  width: number
  height: number
}

const ALPHA_FLAG = 0x10

/** Throws `image_corrupt` where the picture is missing, cut short, or of another size than the header of the file says. */
export function firstFrame(b: Uint8Array, info: ImageInfo): Frame {
  if (u32le(b, 4) + 8 > b.length) throw corrupt('The WebP is cut short.')
  for (const { type, at, length } of riffChunks(b)) {
    if (at + length > b.length) throw corrupt('The WebP is cut short.')
    if (type === 'VP8 ' || type === 'VP8L') {
      const [width, height] = type === 'VP8L' ? lossless(b, at) : lossy(b, at)
      if (width !== info.width || height !== info.height) throw corrupt('The WebP has a damaged header.')
      return { file: b, x: 0, y: 0, width, height }
    }
    if (type === 'ANMF') return animationFrame(b.subarray(at, at + length), info)
  }
  throw corrupt('The WebP holds no picture.')
}

/** ANMF (§2.7.1.1): offsets halved and sizes less one in 24 bits each, then the chunks of a still picture. */
function animationFrame(frame: Uint8Array, info: ImageInfo): Frame {
  if (frame.length < 24) throw corrupt('The WebP is cut short.')
  const u24 = (at: number) => u16le(frame, at) | (frame[at + 2]! << 16)
  const [x, y, width, height] = [u24(0) * 2, u24(3) * 2, u24(6) + 1, u24(9) + 1]
  if (x + width > info.width || y + height > info.height) throw corrupt('The WebP has a damaged header.')
  const picture = frame.subarray(16)
  const file = new Uint8Array(30 + picture.length)
  const view = new DataView(file.buffer)
  const text = (at: number, tag: string) => {
    for (let i = 0; i < 4; i++) file[at + i] = tag.charCodeAt(i)
  }
  text(0, 'RIFF')
  view.setUint32(4, file.length - 8, true)
  text(8, 'WEBP')
  text(12, 'VP8X')
  view.setUint32(16, 10, true)
  file[20] = ascii(picture, 0, 4) === 'VP8 ' ? 0 : ALPHA_FLAG
  file.set(frame.subarray(6, 12), 24)
  file.set(picture, 30)
  return { file, x, y, width, height }
}
