/** GIF's variant of LZW (GIF89a specification, appendix F): codes of growing size, lowest bits first, in sub-blocks. */
import { corrupt } from '../info.ts'

const MOST_CODES = 4096
const NONE = -1

/**
 * Unpacks colour numbers from the data at `at` (code size, then sub-blocks) into rows of `width` and gives each row to
 * `onRow`, `height` in all. Throws `image_corrupt` at a code that was not defined yet, and where the data end early.
 * Memory: the code table and one row.
 */
export function unpackLzw(
  b: Uint8Array,
  at: number,
  width: number,
  height: number,
  onRow: (row: Uint8Array, index: number) => void,
): void {
  const codeSize = b[at++] ?? 0
  if (codeSize < 1 || codeSize > 8) throw corrupt('The GIF has an impossible code size.')
  const clear = 1 << codeSize
  const prefix = new Uint16Array(MOST_CODES)
  const suffix = new Uint8Array(MOST_CODES)
  const stack = new Uint8Array(MOST_CODES + 1)
  for (let i = 0; i < clear; i++) suffix[i] = i
  const row = new Uint8Array(width)
  let filled = 0
  let rows = 0
  let bits = 0
  let bitCount = 0
  let blockLeft = 0
  let size = codeSize + 1
  let next = clear + 2
  let previous = NONE
  let first = 0
  for (;;) {
    while (bitCount < size) {
      if (blockLeft === 0) {
        blockLeft = b[at++] ?? 0
        if (blockLeft === 0) throw corrupt('The GIF has fewer pixels than its header promises.')
      }
      if (at >= b.length) throw corrupt('The GIF is cut short.')
      bits |= b[at++]! << bitCount
      bitCount += 8
      blockLeft--
    }
    const code = bits & ((1 << size) - 1)
    bits >>>= size
    bitCount -= size
    if (code === clear) {
      size = codeSize + 1
      next = clear + 2
      previous = NONE
      continue
    }
    if (code === clear + 1) throw corrupt('The GIF has fewer pixels than its header promises.')
    if (code > next || (code === next && previous === NONE) || (previous === NONE && code >= clear)) {
      throw corrupt('The pixels of the GIF are damaged.')
    }
    // The string of `code`, last first; a code that is only now being defined is the previous string and its own first.
    let depth = 0
    let walk = code
    if (code === next) {
      stack[depth++] = first
      walk = previous
    }
    while (walk > clear) {
      stack[depth++] = suffix[walk]!
      walk = prefix[walk]!
    }
    first = suffix[walk]!
    stack[depth++] = first
    if (previous !== NONE && next < MOST_CODES) {
      prefix[next] = previous
      suffix[next] = first
      next++
      if (next === 1 << size && size < 12) size++
    }
    previous = code
    while (depth > 0) {
      row[filled++] = stack[--depth]!
      if (filled < width) continue
      onRow(row, rows++)
      if (rows === height) return
      filled = 0
    }
  }
}
