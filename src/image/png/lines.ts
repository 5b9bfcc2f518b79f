/** Cuts the inflated bytes of a PNG into scan lines and undoes their filters (W3C PNG, third edition, §7 to §9). */
import { corrupt } from '../info.ts'
import type { PngHeader } from './chunks.ts'
import { bitsPerPixel } from './samples.ts'

/** A pass over the picture: pixels at x0 + i * dx, y0 + j * dy. */
export interface Pass {
  x0: number
  y0: number
  dx: number
  dy: number
}

/** Adam7 (§8.1). */
const ADAM7: Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
]

/** Called with each scan line: its unfiltered bytes (valid until it returns), its pixels, and where they lie. */
export type OnLine = (line: Uint8Array, count: number, y: number, pass: Pass) => void

export interface Lines {
  /** Takes the next inflated bytes. Throws `image_corrupt` at an unknown filter or more bytes than the header promises. */
  push(bytes: Uint8Array): void
  /** True when all lines came. */
  done(): boolean
}

/** Two scan lines are all it holds. */
export function createLines(png: PngHeader, onLine: OnLine): Lines {
  const passes = (png.interlaced ? ADAM7 : [{ x0: 0, y0: 0, dx: 1, dy: 1 }]).filter(
    (p) => p.x0 < png.width && p.y0 < png.height,
  )
  const bits = bitsPerPixel(png)
  const pixel = Math.max(1, bits >> 3)
  // `pixel` zeros stand before each line, so that the filters need no special case at its left end.
  let line = new Uint8Array(pixel + Math.ceil((png.width * bits) / 8))
  let above = new Uint8Array(line.length)
  let pass = 0
  let y = 0
  let filter = -1
  let filled = pixel

  return {
    done: () => pass === passes.length,
    push(bytes) {
      let at = 0
      while (at < bytes.length) {
        const p = passes[pass]
        if (!p) throw corrupt('The PNG has more pixels than its header promises.')
        if (filter < 0) {
          filter = bytes[at++]!
          if (filter > 4) throw corrupt('The PNG has an unknown filter.')
          continue
        }
        const count = Math.ceil((png.width - p.x0) / p.dx)
        const end = pixel + Math.ceil((count * bits) / 8)
        const take = Math.min(end - filled, bytes.length - at)
        line.set(bytes.subarray(at, at + take), filled)
        filled += take
        at += take
        if (filled < end) continue
        unfilter(filter, line, above, pixel, end)
        onLine(line.subarray(pixel, end), count, p.y0 + y * p.dy, p)
        const spare = above
        above = line
        line = spare
        filter = -1
        filled = pixel
        y++
        if (p.y0 + y * p.dy >= png.height) {
          pass++
          y = 0
          above.fill(0)
        }
      }
    },
  }
}

/** Undoes a filter in place (§9.2). `line` and `above` start with `pixel` zeros; the data ends at `end`. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, pixel: number, end: number): void {
  if (filter === 1) for (let i = pixel; i < end; i++) line[i] = line[i]! + line[i - pixel]!
  else if (filter === 2) for (let i = pixel; i < end; i++) line[i] = line[i]! + above[i]!
  else if (filter === 3) for (let i = pixel; i < end; i++) line[i] = line[i]! + ((line[i - pixel]! + above[i]!) >> 1)
  else if (filter === 4) {
    for (let i = pixel; i < end; i++) line[i] = line[i]! + paeth(line[i - pixel]!, above[i]!, above[i - pixel]!)
  }
}

/** The Paeth predictor (§9.4): whichever of left, above and upper left is nearest to left + above - upper left. */
function paeth(left: number, above: number, upperLeft: number): number {
  const toLeft = Math.abs(above - upperLeft)
  const toAbove = Math.abs(left - upperLeft)
  const toUpperLeft = Math.abs(left + above - 2 * upperLeft)
  if (toLeft <= toAbove && toLeft <= toUpperLeft) return left
  return toAbove <= toUpperLeft ? above : upperLeft
}
