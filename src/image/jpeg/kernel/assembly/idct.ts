// @ts-nocheck AssemblyScript
/**
 * Inverse DCTs to 8 × 8, 4 × 4, 2 × 2 and 1 × 1 samples.
 *
 * 8 × 8 is libjpeg's "islow" (jidctint.c: Loeffler, Ligtenberg and Moschytz, ICASSP 1989), bit for bit: 13 bits of
 * constants, 2 bits kept between the passes. The smaller ones are the scaled transforms of IJG's libjpeg 7 and later
 * (`jpeg_idct_4x4`, `jpeg_idct_2x2` of its jidctint.c): only the n × n lowest coefficients count.
 */
import { N, QUANT, WORK } from './layout'

const PASS1: i32 = 11
const PASS2: i32 = 18

// @ts-ignore: decorator
@inline
function times(a: v128, factor: i32): v128 {
  return i32x4.mul(a, i32x4.splat(factor))
}

// @ts-ignore: decorator
@inline
function descale(a: v128, shift: i32): v128 {
  return i32x4.shr_s(i32x4.add(a, i32x4.splat(1 << (shift - 1))), shift)
}

/** One-dimensional transform of four lanes: eight vectors at `from`, `step` bytes apart, to eight at `to`, 16 bytes apart. */
// @ts-ignore: decorator
@inline
function transform8(
  in0: v128, in1: v128, in2: v128, in3: v128, in4: v128, in5: v128, in6: v128, in7: v128,
  to: usize,
  shift: i32,
): void {
  const e1 = times(i32x4.add(in2, in6), 4433)
  const e2 = i32x4.add(e1, times(in6, -15137))
  const e3 = i32x4.add(e1, times(in2, 6270))
  const e0 = i32x4.shl(i32x4.add(in0, in4), 13)
  const e4 = i32x4.shl(i32x4.sub(in0, in4), 13)
  const t10 = i32x4.add(e0, e3)
  const t13 = i32x4.sub(e0, e3)
  const t11 = i32x4.add(e4, e2)
  const t12 = i32x4.sub(e4, e2)

  const z5 = times(i32x4.add(i32x4.add(in7, in3), i32x4.add(in5, in1)), 9633)
  const z1 = times(i32x4.add(in7, in1), -7373)
  const z2 = times(i32x4.add(in5, in3), -20995)
  const z3 = i32x4.add(times(i32x4.add(in7, in3), -16069), z5)
  const z4 = i32x4.add(times(i32x4.add(in5, in1), -3196), z5)
  const o0 = i32x4.add(times(in7, 2446), i32x4.add(z1, z3))
  const o1 = i32x4.add(times(in5, 16819), i32x4.add(z2, z4))
  const o2 = i32x4.add(times(in3, 25172), i32x4.add(z2, z3))
  const o3 = i32x4.add(times(in1, 12299), i32x4.add(z1, z4))

  v128.store(to, descale(i32x4.add(t10, o3), shift), 0)
  v128.store(to, descale(i32x4.add(t11, o2), shift), 16)
  v128.store(to, descale(i32x4.add(t12, o1), shift), 32)
  v128.store(to, descale(i32x4.add(t13, o0), shift), 48)
  v128.store(to, descale(i32x4.sub(t13, o0), shift), 64)
  v128.store(to, descale(i32x4.sub(t12, o1), shift), 80)
  v128.store(to, descale(i32x4.sub(t11, o2), shift), 96)
  v128.store(to, descale(i32x4.sub(t10, o3), shift), 112)
}

/** Four vectors of four i32 at `at`, 16 bytes apart, as rows: exchanged with columns, in place. */
// @ts-ignore: decorator
@inline
function transpose4(at: usize): void {
  const a = v128.load(at, 0)
  const b = v128.load(at, 16)
  const c = v128.load(at, 32)
  const d = v128.load(at, 48)
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(at, v128.shuffle<i32>(ab0, cd0, 0, 1, 4, 5), 0)
  v128.store(at, v128.shuffle<i32>(ab0, cd0, 2, 3, 6, 7), 16)
  v128.store(at, v128.shuffle<i32>(ab1, cd1, 0, 1, 4, 5), 32)
  v128.store(at, v128.shuffle<i32>(ab1, cd1, 2, 3, 6, 7), 48)
}

/** Row `r` of eight coefficients, half of it, dequantised. */
// @ts-ignore: decorator
@inline
function load8(block: usize, quant: usize, r: usize, half: usize): v128 {
  return i32x4.mul(v128.load_ext<i16>(block + r * 16 + half * 8), v128.load(quant + r * 32 + half * 16))
}

function idct8(block: usize, quant: usize, out: usize, stride: usize): void {
  // WORK holds, for each half of the columns, two 4 × 4 squares: rows 0 to 3, then rows 4 to 7.
  for (let half: usize = 0; half < 2; half++) {
    const work = WORK + half * 128
    transform8(
      load8(block, quant, 0, half), load8(block, quant, 1, half), load8(block, quant, 2, half),
      load8(block, quant, 3, half), load8(block, quant, 4, half), load8(block, quant, 5, half),
      load8(block, quant, 6, half), load8(block, quant, 7, half),
      work,
      PASS1,
    )
    transpose4(work)
    transpose4(work + 64)
  }
  for (let rows: usize = 0; rows < 2; rows++) {
    const left = WORK + rows * 64
    const right = left + 128
    const i0 = v128.load(left, 0)
    const i1 = v128.load(left, 16)
    const i2 = v128.load(left, 32)
    const i3 = v128.load(left, 48)
    const i4 = v128.load(right, 0)
    const i5 = v128.load(right, 16)
    const i6 = v128.load(right, 32)
    const i7 = v128.load(right, 48)
    transform8(i0, i1, i2, i3, i4, i5, i6, i7, WORK + 256, PASS2)
    transpose4(WORK + 256)
    transpose4(WORK + 320)
    for (let r: usize = 0; r < 4; r++) {
      const row = i16x8.add(
        i16x8.narrow_i32x4_s(v128.load(WORK + 256 + r * 16), v128.load(WORK + 320 + r * 16)),
        i16x8.splat(128),
      )
      v128.store64_lane(out + (rows * 4 + r) * stride, i8x16.narrow_i16x8_u(row, row), 0)
    }
  }
}

// @ts-ignore: decorator
@inline
function transform4(in0: v128, in1: v128, in2: v128, in3: v128, shift: i32): void {
  const e0 = i32x4.shl(i32x4.add(in0, in2), 13)
  const e1 = i32x4.shl(i32x4.sub(in0, in2), 13)
  const z = times(i32x4.add(in1, in3), 4433)
  const o0 = i32x4.add(z, times(in1, 6270))
  const o1 = i32x4.add(z, times(in3, -15137))
  v128.store(WORK, descale(i32x4.add(e0, o0), shift), 0)
  v128.store(WORK, descale(i32x4.add(e1, o1), shift), 16)
  v128.store(WORK, descale(i32x4.sub(e1, o1), shift), 32)
  v128.store(WORK, descale(i32x4.sub(e0, o0), shift), 48)
  transpose4(WORK)
}

// @ts-ignore: decorator
@inline
function load4(block: usize, quant: usize, r: usize): v128 {
  return i32x4.mul(v128.load_ext<i16>(block + r * 8), v128.load(quant + r * 16))
}

function idct4(block: usize, quant: usize, out: usize, stride: usize): void {
  transform4(load4(block, quant, 0), load4(block, quant, 1), load4(block, quant, 2), load4(block, quant, 3), PASS1)
  transform4(v128.load(WORK, 0), v128.load(WORK, 16), v128.load(WORK, 32), v128.load(WORK, 48), PASS2)
  for (let r: usize = 0; r < 4; r++) {
    const row = i16x8.add(i16x8.narrow_i32x4_s(v128.load(WORK + r * 16), i32x4.splat(0)), i16x8.splat(128))
    v128.store32_lane(out + r * stride, i8x16.narrow_i16x8_u(row, row), 0)
  }
}

// @ts-ignore: decorator
@inline
function sample(v: i32): u8 {
  return u8(max(0, min(255, ((v + 4) >> 3) + 128)))
}

// @ts-ignore: decorator
@inline
function coefficient(block: usize, quant: usize, i: usize): i32 {
  return i32(load<i16>(block + i * 2)) * load<i32>(quant + i * 4)
}

function idct2(block: usize, quant: usize, out: usize, stride: usize): void {
  const a = coefficient(block, quant, 0)
  const b = coefficient(block, quant, 1)
  const c = coefficient(block, quant, 2)
  const d = coefficient(block, quant, 3)
  store<u8>(out, sample(a + b + c + d), 0)
  store<u8>(out, sample(a - b + c - d), 1)
  store<u8>(out + stride, sample(a + b - c - d), 0)
  store<u8>(out + stride, sample(a - b - c + d), 1)
}

/** Where only the first coefficient is there, every sample is the same: what the transforms above come to. */
function flat(block: usize, quant: usize, n: u32, out: usize, stride: usize): void {
  const v = sample(coefficient(block, quant, 0))
  if (n == 8) for (let r: usize = 0; r < 8; r++) store<u64>(out + r * stride, u64(v) * 0x0101010101010101)
  else if (n == 4) for (let r: usize = 0; r < 4; r++) store<u32>(out + r * stride, u32(v) * 0x01010101)
  else for (let r: usize = 0; r < n; r++) memory.fill(out + r * stride, v, n)
}

/** The samples of the block of coefficients at `block`, at `out`; rows `stride` bytes apart. */
export function inverse(component: usize, block: usize, out: usize, stride: usize, isFlat: bool): void {
  const n = load<u32>(component, N)
  const quant = usize(load<u32>(component, QUANT))
  if (isFlat || n == 1) flat(block, quant, n, out, stride)
  else if (n == 8) idct8(block, quant, out, stride)
  else if (n == 4) idct4(block, quant, out, stride)
  else idct2(block, quant, out, stride)
}
