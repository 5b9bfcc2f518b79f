// @ts-nocheck AssemblyScript
/**
 * Decoded rows of components to rows of RGBA: chroma brought to full size as libjpeg-turbo does (jdsample.c: the
 * "fancy" triangle filter for factors of 2, nearest for other ones), then colours (jdcolor.c, 16-bit fixed point).
 */
import {
  COMPONENT_BYTES, COMPONENTS, RING_ROWS, SAMPLES, SAMPLES_X, SAMPLES_Y, STRIDE,
  UP_H1V2, UP_H2V1, UP_H2V2, UP_BOX, UP_NONE, UP_ROW, UPSAMPLE, X_DEN, X_NUM, Y_DEN, Y_NUM,
} from './layout'

/** How components become RGB. The host says which. */
const GREY = 0
const YCC = 1
const RGB = 2
const CMYK = 3
const YCCK = 4

/** Row `y` of a component, kept within its picture. */
// @ts-ignore: decorator
@inline
function ringRow(component: usize, y: i32): usize {
  const row = u32(max(0, min(y, load<i32>(component, SAMPLES_Y) - 1)))
  return usize(load<u32>(component, SAMPLES)) + (row % load<u32>(component, RING_ROWS)) * load<u32>(component, STRIDE)
}

/** Where row `y` of the picture stands for a component: in its ring, or in UP_ROW after upsampling. */
function pictureRow(component: usize, y: i32, width: i32): usize {
  const mode = load<u32>(component, UPSAMPLE)
  if (mode == UP_NONE) return ringRow(component, y)
  const out = usize(load<u32>(component, UP_ROW))
  const count = load<i32>(component, SAMPLES_X)
  if (mode == UP_H2V1) wide(ringRow(component, y), count, out)
  else if (mode == UP_H2V2 || mode == UP_H1V2) {
    const near = ringRow(component, y >> 1)
    const far = ringRow(component, (y >> 1) + (y & 1 ? 1 : -1))
    if (mode == UP_H2V2) wideAndHigh(near, far, count, out)
    else for (let x = 0; x < count; x++) store<u8>(out + x, (u32(load<u8>(near + x)) * 3 + u32(load<u8>(far + x)) + (y & 1 ? 2 : 1)) >> 2)
  } else if (mode == UP_BOX) box(component, y, width, out)
  return out
}

/** The mean of the samples that a pixel covers, or the nearest where it covers less than one. */
function box(component: usize, y: i32, width: i32, out: usize): void {
  const num = load<i32>(component, X_NUM)
  const den = load<i32>(component, X_DEN)
  const top = (y * load<i32>(component, Y_NUM)) / load<i32>(component, Y_DEN)
  const bottom = max(top + 1, ((y + 1) * load<i32>(component, Y_NUM)) / load<i32>(component, Y_DEN))
  for (let x = 0; x < width; x++) {
    const left = (x * num) / den
    const right = max(left + 1, ((x + 1) * num) / den)
    const count = (right - left) * (bottom - top)
    let sum = count >> 1
    for (let row = top; row < bottom; row++) {
      const from = ringRow(component, row)
      for (let i = left; i < right; i++) sum += i32(load<u8>(from + i))
    }
    store<u8>(out + x, sum / count)
  }
}

/** h2v1_fancy_upsample: three quarters of the nearer sample, one of the farther, rounded down and up in turn. */
function wide(from: usize, count: i32, out: usize): void {
  let left = u32(load<u8>(from))
  let here = left
  for (let x = 0; x < count; x++) {
    const right = x + 1 < count ? u32(load<u8>(from + x + 1)) : here
    store<u8>(out + x * 2, (here * 3 + left + 1) >> 2, 0)
    store<u8>(out + x * 2, (here * 3 + right + 2) >> 2, 1)
    left = here
    here = right
  }
}

/** h2v2_fancy_upsample: the same in both directions. */
function wideAndHigh(near: usize, far: usize, count: i32, out: usize): void {
  let left = u32(load<u8>(near)) * 3 + u32(load<u8>(far))
  let here = left
  for (let x = 0; x < count; x++) {
    const right = x + 1 < count ? u32(load<u8>(near + x + 1)) * 3 + u32(load<u8>(far + x + 1)) : here
    store<u8>(out + x * 2, (here * 3 + left + 8) >> 4, 0)
    store<u8>(out + x * 2, (here * 3 + right + 7) >> 4, 1)
    left = here
    here = right
  }
}

// @ts-ignore: decorator
@inline
function clip(v: i32): u32 {
  return u32(max(0, min(255, v)))
}

// @ts-ignore: decorator
@inline
function red(y: i32, cr: i32): u32 {
  return clip(y + ((91881 * (cr - 128) + 32768) >> 16))
}

// @ts-ignore: decorator
@inline
function green(y: i32, cb: i32, cr: i32): u32 {
  return clip(y + ((-22554 * (cb - 128) - 46802 * (cr - 128) + 32768) >> 16))
}

// @ts-ignore: decorator
@inline
function blue(y: i32, cb: i32): u32 {
  return clip(y + ((116130 * (cb - 128) + 32768) >> 16))
}

/** `color` of 0 to 255 under `black` of 255 (none) to 0 (full): MULDIV255 of Pillow's Convert.c. */
// @ts-ignore: decorator
@inline
function under(color: u32, black: u32): u32 {
  const covered = (255 - color) * black + 128
  return black - ((covered + (covered >> 8)) >> 8)
}

// @ts-ignore: decorator
@inline
function pixel(r: u32, g: u32, b: u32): u32 {
  return r | (g << 8) | (b << 16) | 0xff000000
}

/** Writes the rows `from` up to `to` of the picture, `width` pixels each, at `out` as RGBA. */
export function writeRows(from: i32, to: i32, width: i32, colors: i32, out: usize): void {
  for (let y = from; y < to; y++) {
    const a = pictureRow(COMPONENTS, y, width)
    const b = colors == GREY ? a : pictureRow(COMPONENTS + COMPONENT_BYTES, y, width)
    const c = colors == GREY ? a : pictureRow(COMPONENTS + 2 * COMPONENT_BYTES, y, width)
    const d = colors >= CMYK ? pictureRow(COMPONENTS + 3 * COMPONENT_BYTES, y, width) : a
    if (colors == YCC) {
      for (let x = 0; x < width; x++, out += 4) {
        const luma = i32(load<u8>(a + x))
        const cb = i32(load<u8>(b + x))
        const cr = i32(load<u8>(c + x))
        store<u32>(out, pixel(red(luma, cr), green(luma, cb, cr), blue(luma, cb)))
      }
    } else if (colors <= RGB) {
      for (let x = 0; x < width; x++, out += 4) {
        store<u32>(out, pixel(load<u8>(a + x), load<u8>(b + x), load<u8>(c + x)))
      }
    } else {
      for (let x = 0; x < width; x++, out += 4) {
        let r = u32(load<u8>(a + x))
        let g = u32(load<u8>(b + x))
        let bl = u32(load<u8>(c + x))
        const black = u32(load<u8>(d + x))
        if (colors == YCCK) {
          // YCC of the inverted inks, as Adobe writes it; jdcolor.c inverts once more and Pillow undoes that.
          const luma = i32(r)
          const cb = i32(g)
          const cr = i32(bl)
          r = 255 - red(luma, cr)
          g = 255 - green(luma, cb, cr)
          bl = 255 - blue(luma, cb)
        }
        store<u32>(out, pixel(under(r, black), under(g, black), under(bl, black)))
      }
    }
  }
}
