/** GIF to pixels: the first frame, row by row. (docs: omggif was not taken; it loops for ever on some damaged files.) */
import { IMAGE_BUDGET, reductionFor } from '../caps.ts'
import { corrupt, type DecodedPixels, type ImageInfo } from '../info.ts'
import { createReducer, reducerBytes } from '../reduce.ts'
import { firstFrame, type Gif, skipSubBlocks } from './header.ts'
import { unpackLzw } from './lzw.ts'

const OVERHEAD = 500_000

/** The factor a GIF is reduced by: `reductionFor`, or more where the result would not fit the budget. */
export function gifReduction(info: ImageInfo, fileBytes: number, side: number): number {
  let factor = reductionFor(info.width, info.height, side)
  while (fileBytes + reducerBytes({ ...info, factor }, info.held) + OVERHEAD > IMAGE_BUDGET) factor++
  return factor
}

/** Decodes the first frame of a GIF whose `info` was checked against the caps; what it leaves open is white. Throws `image_corrupt`. */
export function decodeGif(bytes: Uint8Array, info: ImageInfo, side: number): DecodedPixels {
  const gif = firstFrame(bytes)
  if (!gif || skipSubBlocks(bytes, gif.at + 1) > bytes.length) throw corrupt('The GIF is cut short.')
  const { width, height, frame } = gif
  const reduction = { width, height, factor: gifReduction(info, bytes.length, side), orientation: 1 as const }
  const reducer = createReducer(reduction, frame.interlaced)
  const rgb = new Uint8Array(width * 3).fill(255)
  for (let y = 0; y < frame.y; y++) reducer.add(y, rgb, width)
  const colors = colorTable(gif)
  const order = frame.interlaced ? interlacedRows(frame.height) : undefined
  unpackLzw(bytes, gif.at, frame.width, frame.height, (row, index) => {
    for (let x = 0, to = frame.x * 3; x < frame.width; x++, to += 3) {
      const color = row[x]! * 3
      rgb[to] = colors[color]!
      rgb[to + 1] = colors[color + 1]!
      rgb[to + 2] = colors[color + 2]!
    }
    reducer.add(frame.y + (order ? order[index]! : index), rgb, width)
  })
  rgb.fill(255)
  for (let y = frame.y + frame.height; y < height; y++) reducer.add(y, rgb, width)
  return reducer.finish()
}

/** RGB of all 256 colour numbers: those beyond the palette are black, the transparent one is white. */
function colorTable(gif: Gif): Uint8Array {
  const table = new Uint8Array(768)
  table.set(gif.palette)
  if (gif.transparent >= 0) table.fill(255, gif.transparent * 3, gif.transparent * 3 + 3)
  return table
}

/** The rows of an interlaced frame in the order they come (appendix E): every 8th from 0 and 4, every 4th from 2, every 2nd from 1. */
function interlacedRows(height: number): number[] {
  const rows: number[] = []
  for (const [from, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = from; y < height; y += step) rows.push(y)
  }
  return rows
}
