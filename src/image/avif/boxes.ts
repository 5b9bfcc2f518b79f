/** Boxes, the grammar of AVIF files (ISO/IEC 14496-12 §4.2), and a reader for the fields in them. */
import { ascii, corrupt, u16be, u32be } from '../info.ts'

export interface Box {
  type: string
  data: Uint8Array
}

/** Far more boxes than any picture has in one container. */
const MAX_BOXES = 1000

/** The boxes in `b`. One that claims more than there is ends with `b`. Throws `image_corrupt` for more than a thousand. */
export function boxes(b: Uint8Array): Box[] {
  const out: Box[] = []
  for (let at = 0; at + 8 <= b.length; ) {
    let size = u32be(b, at)
    let header = 8
    if (size === 1 && at + 16 <= b.length) {
      size = u32be(b, at + 8) * 0x1_0000_0000 + u32be(b, at + 12)
      header = 16
    } else if (size === 0) size = b.length - at
    if (size < header) break
    if (out.length === MAX_BOXES) throw corrupt('The AVIF header is damaged.')
    out.push({ type: ascii(b, at + 4, 4), data: b.subarray(at + header, Math.min(b.length, at + size)) })
    at += size
  }
  return out
}

export const find = (list: Box[], type: string): Uint8Array | undefined => list.find((box) => box.type === type)?.data

/** Reads big-endian fields one after the other. Throws `image_corrupt` beyond the end. */
export class Fields {
  private at = 0
  private readonly b: Uint8Array

  constructor(b: Uint8Array) {
    this.b = b
  }

  /** An unsigned number of 0, 1, 2, 4 or 8 bytes. */
  uint(bytes: number): number {
    const at = this.at
    this.at += bytes
    if (this.at > this.b.length) throw corrupt('The AVIF header is damaged.')
    if (bytes === 8) return u32be(this.b, at) * 0x1_0000_0000 + u32be(this.b, at + 4)
    if (bytes === 4) return u32be(this.b, at)
    return bytes === 2 ? u16be(this.b, at) : bytes === 1 ? this.b[at]! : 0
  }

  text(length: number): string {
    this.at += length
    return ascii(this.b, this.at - length, length)
  }
}
