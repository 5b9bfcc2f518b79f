/** The structure of a GIF file (GIF89a specification, CompuServe 1990), up to its first frame. */
import { corrupt, type ImageInfo, u16le } from '../info.ts'

export interface Gif {
  /** The logical screen, widened where the first frame reaches beyond it, as browsers do. */
  width: number
  height: number
  /** The first frame within it. */
  frame: { x: number; y: number; width: number; height: number; interlaced: boolean }
  /** RGB triplets of the first frame's colours. */
  palette: Uint8Array
  /** The colour that is transparent, or -1. */
  transparent: number
  /** Where the frame's data begin: the code size, then sub-blocks. */
  at: number
}

const EXTENSION = 0x21
const IMAGE = 0x2c
const GRAPHIC_CONTROL = 0xf9

/** What `sniff` tells of a GIF. Throws `image_corrupt`. */
export function gifInfo(b: Uint8Array): ImageInfo {
  if (b.length < 13) throw corrupt('The GIF has no header.')
  const frame = firstFrame(b)
  const width = frame?.width ?? u16le(b, 6)
  const height = frame?.height ?? u16le(b, 8)
  if (width === 0 || height === 0) throw corrupt('The GIF has no size.')
  return { format: 'gif', width, height, orientation: 1, held: frame?.frame.interlaced ?? false }
}

/** The first frame, or nothing where the file ends before it. Frames beyond it are not looked at. */
export function firstFrame(b: Uint8Array): Gif | undefined {
  let at = 13
  let palette = new Uint8Array(0)
  let transparent = -1
  const colors = (flags: number): Uint8Array<ArrayBuffer> => {
    const size = 3 << ((flags & 7) + 1)
    at += size
    return b.slice(at - size, at)
  }
  if (b[10]! & 0x80) palette = colors(b[10]!)
  while (at < b.length) {
    const block = b[at++]
    if (block === EXTENSION) {
      if (b[at] === GRAPHIC_CONTROL && at + 6 < b.length) transparent = b[at + 2]! & 1 ? b[at + 5]! : -1
      at = skipSubBlocks(b, at + 1)
    } else if (block === IMAGE) {
      if (at + 9 >= b.length) return undefined
      const [x, y, width, height] = [u16le(b, at), u16le(b, at + 2), u16le(b, at + 4), u16le(b, at + 6)]
      const flags = b[at + 8]!
      at += 9
      if (flags & 0x80) palette = colors(flags)
      if (width === 0 || height === 0) throw corrupt('The GIF has no size.')
      const frame = { x, y, width, height, interlaced: (flags & 0x40) !== 0 }
      const screen = { width: Math.max(u16le(b, 6), x + width), height: Math.max(u16le(b, 8), y + height) }
      return { ...screen, frame, palette, transparent, at }
    } else throw corrupt('The GIF holds no picture.')
  }
  return undefined
}

/** The offset after a chain of sub-blocks that begins at `at`; beyond the file's end where it is cut. */
export function skipSubBlocks(b: Uint8Array, at: number): number {
  while (at < b.length) {
    const size = b[at]!
    at += size + 1
    if (size === 0) return at
  }
  return b.length + 1
}
