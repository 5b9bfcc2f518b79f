/** What the sections of a shard must hold, beyond their lengths. */
import { FLAG } from './format.ts'
import type { Shard } from './parse.ts'

type Fail = (message: string) => never

const ALL_FLAGS = Object.values(FLAG).reduce((a, b) => a | b, 0)

/** Offsets begin at 0, never fall, end at the text's length, and cut valid UTF-8 only between characters. */
export function checkStrings(name: string, offsets: Uint32Array, text: Uint8Array, fail: Fail): void {
  if (offsets[0] !== 0 || offsets[offsets.length - 1] !== text.length) fail(`the offsets of ${name} do not span it`)
  for (let i = 1; i < offsets.length; i++) {
    const at = offsets[i]!
    if (at < offsets[i - 1]! || at > text.length) fail(`offset ${i} of ${name} is out of order`)
    if (at < text.length && (text[at]! & 0xc0) === 0x80) fail(`offset ${i} of ${name} lies inside a character`)
  }
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
  } catch {
    fail(`${name} is not UTF-8`)
  }
}

/** Indexes into other sections stay inside them; flags are known ones. */
export function checkIds(shard: Shard, fail: Fail): void {
  const { meta, terms, rowCount, flags, themes, rowTerms, rowTemplates } = shard
  for (let i = 0; i < terms; i++) {
    if (flags[i]! & ~ALL_FLAGS) fail(`term ${i} has unknown flags`)
    if (themes[i]! >= meta.themes.length) fail(`term ${i} has theme ${themes[i]} of ${meta.themes.length}`)
  }
  for (let i = 0; i < rowCount; i++) {
    if (rowTerms[i]! >= terms) fail(`row ${i} belongs to term ${rowTerms[i]} of ${terms}`)
    if (rowTemplates[i]! >= meta.templates.length)
      fail(`row ${i} has template ${rowTemplates[i]} of ${meta.templates.length}`)
  }
}

/** Scales are finite and not negative; float rows hold finite numbers only. */
export function checkRows(shard: Shard, fail: Fail): void {
  const { rows, rowScales } = shard
  if (rowScales) {
    for (let i = 0; i < rowScales.length; i++) {
      if (!(rowScales[i]! >= 0 && rowScales[i]! < Number.POSITIVE_INFINITY))
        fail(`the scale of row ${i} is ${rowScales[i]}`)
    }
  } else if (shard.dtype === 'f16') {
    const halves = new Uint16Array(rows.buffer, rows.byteOffset, rows.length / 2)
    for (const half of halves) if ((half & 0x7c00) === 0x7c00) fail('a row holds a number that is not finite')
  } else {
    checkFloats('ROWS', new Float32Array(rows.buffer, rows.byteOffset, rows.length / 4), fail)
  }
}

export function checkCalibration({ calibration }: Shard, fail: Fail): void {
  if (!calibration) return
  checkFloats('CALIBRATION_OFFSET', calibration.offset, fail)
  checkFloats('CALIBRATION_SCALE', calibration.scale, fail)
  if (calibration.scale.some((scale) => scale <= 0)) fail('a calibration scale is not positive')
}

export function checkFloats(name: string, values: Float32Array, fail: Fail): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!)) fail(`number ${i} of ${name} is ${values[i]}`)
}
