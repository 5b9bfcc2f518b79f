// For the bench only: reads every byte once, with as little arithmetic as keeps the compiler from leaving it out.

/** `length` is a multiple of 128. */
export function sweep(at: usize, length: usize): i32 {
  let a = i32x4.splat(0)
  let b = i32x4.splat(0)
  let c = i32x4.splat(0)
  let d = i32x4.splat(0)
  const end = at + length
  while (at < end) {
    a = v128.xor(v128.xor(a, v128.load(at)), v128.load(at, 64))
    b = v128.xor(v128.xor(b, v128.load(at, 16)), v128.load(at, 80))
    c = v128.xor(v128.xor(c, v128.load(at, 32)), v128.load(at, 96))
    d = v128.xor(v128.xor(d, v128.load(at, 48)), v128.load(at, 112))
    at += 128
  }
  a = v128.xor(v128.xor(a, b), v128.xor(c, d))
  return i32x4.extract_lane(a, 0) ^ i32x4.extract_lane(a, 1) ^ i32x4.extract_lane(a, 2) ^ i32x4.extract_lane(a, 3)
}
