// Exact search over rows that lie in the imported memory. Scores follow docs/index-format.md, section 4.
// A search is begin(), one scan, finish(). The kernel has no memory of its own: every address comes from the caller.

// The k best rows so far: a heap whose root is the worst of them.
let keys: usize = 0 // f64
let ids: usize = 0 // u32
let capacity: u32 = 0
let size: u32 = 0

// What turns a similarity into a key, and which rows may come back.
let sign: f64 = 1 // -1 to search in reverse
let offsets: usize = 0 // f32 a row, or 0: no calibration
let factors: usize = 0
let terms: usize = 0 // u32 a row
let flags: usize = 0 // u8 a term
let mask: u32 = 0 // flags that keep a row out

/** Begins a search for the `k` rows with the greatest key. `k` is at least 1. */
export function begin(
  keys_: usize, ids_: usize, k: u32, sign_: f64,
  offsets_: usize, factors_: usize, terms_: usize, flags_: usize, mask_: u32,
): void {
  keys = keys_
  ids = ids_
  capacity = k
  size = 0
  sign = sign_
  offsets = offsets_
  factors = factors_
  terms = terms_
  flags = flags_
  mask = mask_
}

/** Sorts what was found, best first. Returns how many rows there are. */
export function finish(): u32 {
  const found = size
  while (size > 1) {
    size--
    const key = keyAt(size)
    const id = idAt(size)
    put(size, keyAt(0), idAt(0))
    sink(key, id)
  }
  size = 0
  return found
}

// @ts-ignore: decorator
@inline function keyAt(i: u32): f64 { return load<f64>(keys + (<usize>i << 3)) }
// @ts-ignore: decorator
@inline function idAt(i: u32): u32 { return load<u32>(ids + (<usize>i << 2)) }
// @ts-ignore: decorator
@inline function put(i: u32, key: f64, id: u32): void {
  store<f64>(keys + (<usize>i << 3), key)
  store<u32>(ids + (<usize>i << 2), id)
}
// @ts-ignore: decorator
@inline function worse(keyA: f64, idA: u32, keyB: f64, idB: u32): bool {
  return keyA < keyB || (keyA == keyB && idA > idB)
}

/** Puts an entry at the root of the first `size` entries and lets it sink to its place. */
function sink(key: f64, id: u32): void {
  let i: u32 = 0
  for (;;) {
    let child: u32 = 2 * i + 1
    if (child >= size) break
    if (child + 1 < size && worse(keyAt(child + 1), idAt(child + 1), keyAt(child), idAt(child))) child++
    if (!worse(keyAt(child), idAt(child), key, id)) break
    put(i, keyAt(child), idAt(child))
    i = child
  }
  put(i, key, id)
}

/**
 * Takes in a row that is better than the worst of k, unless it is kept out. Returns the key that the next row must exceed where rows come
 * in rising order, so that ties lose.
 */
function offer(key: f64, row: u32): f64 {
  if (mask && load<u8>(flags + load<u32>(terms + (<usize>row << 2))) & mask) {
    return size < capacity ? -Infinity : keyAt(0)
  }
  if (size < capacity) {
    let i = size++
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!worse(key, row, keyAt(parent), idAt(parent))) break
      put(i, keyAt(parent), idAt(parent))
      i = parent
    }
    put(i, key, row)
    return size < capacity ? -Infinity : keyAt(0)
  }
  sink(key, row)
  return keyAt(0)
}

// @ts-ignore: decorator
@inline function keyOf(similarity: f64, row: u32): f64 {
  if (!offsets) return similarity * sign
  const at = <usize>row << 2
  return (similarity - <f64>load<f32>(offsets + at)) * <f64>load<f32>(factors + at) * sign
}

/** Sum of an i8 row times an i16 query. `stride` is a multiple of 16; the query is padded with zeros to it. */
// @ts-ignore: decorator
@inline function dot(row: usize, query: usize, stride: u32): i32 {
  let a = i32x4.splat(0)
  let b = i32x4.splat(0)
  const end = row + stride
  while (row < end) {
    const v = v128.load(row)
    a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(v), v128.load(query)))
    b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(v), v128.load(query, 16)))
    row += 16
    query += 32
  }
  a = i32x4.add(a, b)
  a = i32x4.add(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1))
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1)
}

export function dotI8(row: usize, query: usize, stride: u32): i32 {
  return dot(row, query, stride)
}

/** `scales`: f32 a row. `unit`: what one step of the i16 query stands for. */
export function scanI8(rows: usize, stride: u32, count: u32, scales: usize, query: usize, unit: f64): void {
  let threshold = -Infinity
  for (let row: u32 = 0; row < count; row++) {
    const similarity = <f64>dot(rows, query, stride) * <f64>load<f32>(scales + (<usize>row << 2)) * unit
    const key = keyOf(similarity, row)
    if (key > threshold) threshold = offer(key, row)
    rows += stride
  }
}

// @ts-ignore: decorator
@inline function fold(a: v128, b: v128): f64 {
  const t = f32x4.add(a, b)
  return <f64>(
    (f32x4.extract_lane(t, 0) + f32x4.extract_lane(t, 2)) + (f32x4.extract_lane(t, 1) + f32x4.extract_lane(t, 3))
  )
}

export function dotF32(row: usize, query: usize, stride: u32): f64 {
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  const end = row + (stride & ~31)
  while (row < end) {
    a = f32x4.add(a, f32x4.mul(v128.load(row), v128.load(query)))
    b = f32x4.add(b, f32x4.mul(v128.load(row, 16), v128.load(query, 16)))
    row += 32
    query += 32
  }
  if (stride & 16) a = f32x4.add(a, f32x4.mul(v128.load(row), v128.load(query)))
  return fold(a, b)
}

/** Four binary16 numbers, one in the low half of each lane, as binary32. Exact, subnormal numbers included. */
// @ts-ignore: decorator
@inline function widen(v: v128): v128 {
  const magnitude = i32x4.shl(v128.and(v, i32x4.splat(0x7fff)), 13)
  const sign = i32x4.shl(v128.and(v, i32x4.splat(0x8000)), 16)
  return v128.or(f32x4.mul(magnitude, f32x4.splat(5192296858534827628530496329220096.0)), sign) // × 2^112
}

export function dotF16(row: usize, query: usize, stride: u32): f64 {
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  const end = row + stride
  while (row < end) {
    a = f32x4.add(a, f32x4.mul(widen(v128.load16x4_u(row)), v128.load(query)))
    b = f32x4.add(b, f32x4.mul(widen(v128.load16x4_u(row, 8)), v128.load(query, 16)))
    row += 16
    query += 32
  }
  return fold(a, b)
}

export function scanF32(rows: usize, stride: u32, count: u32, query: usize): void {
  let threshold = -Infinity
  for (let row: u32 = 0; row < count; row++) {
    const key = keyOf(dotF32(rows, query, stride), row)
    if (key > threshold) threshold = offer(key, row)
    rows += stride
  }
}

export function scanF16(rows: usize, stride: u32, count: u32, query: usize): void {
  let threshold = -Infinity
  for (let row: u32 = 0; row < count; row++) {
    const key = keyOf(dotF16(rows, query, stride), row)
    if (key > threshold) threshold = offer(key, row)
    rows += stride
  }
}

/** What scanI8Coarse needs of a bank. Writes the sum of each i8 row to `sums` (i32), returns the greatest length of a row times its scale. */
export function survey(rows: usize, stride: u32, count: u32, scales: usize, sums: usize): f64 {
  let longest: f64 = 0
  for (let row: u32 = 0; row < count; row++) {
    let sum = i32x4.splat(0)
    let square = i32x4.splat(0)
    const end = rows + stride
    for (; rows < end; rows += 16) {
      const v = v128.load(rows)
      sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v)))
      const low = i16x8.extend_low_i8x16_s(v)
      const high = i16x8.extend_high_i8x16_s(v)
      square = i32x4.add(square, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)))
    }
    store<i32>(sums + (<usize>row << 2), total(sum))
    const length = Math.sqrt(<f64>total(square)) * <f64>load<f32>(scales + (<usize>row << 2))
    if (length > longest) longest = length
  }
  return longest
}

// @ts-ignore: decorator
@inline function total(a: v128): i32 {
  a = i32x4.add(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1))
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1)
}

/**
 * Finds what scanI8 finds, faster: a row is first compared with the query in 7 bits, where one relaxed instruction does what takes
 * six otherwise, and only a row that could still be among the best is scored. `coarse` is the query as `64 + z`, 0 to 127, z in steps of `step`;
 * `slack` is the most by which a similarity can exceed the coarse one. Relaxed products of these ranges are the same on every host.
 */
export function scanI8Coarse(
  rows: usize, stride: u32, count: u32, scales: usize, query: usize, unit: f64,
  coarse: usize, step: f64, sums: usize, slack: f64,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return
  const margin = slack * sign
  let threshold = -Infinity
  for (let row: u32 = 0; row < count; row++) {
    const at = <usize>row << 2
    const scale = <f64>load<f32>(scales + at)
    let a = i32x4.splat(0)
    let b = i32x4.splat(0)
    let p = rows
    let q = coarse
    const end = rows + (stride & ~31)
    for (; p < end; p += 32, q += 32) {
      a = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(p), v128.load(q), a)
      b = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(p, 16), v128.load(q, 16), b)
    }
    if (stride & 16) a = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(p), v128.load(q), a)
    const near = <f64>(total(i32x4.add(a, b)) - (load<i32>(sums + at) << 6)) * step * scale
    if (keyOf(near + margin, row) > threshold) {
      const key = keyOf(<f64>dot(rows, query, stride) * scale * unit, row)
      if (key > threshold) threshold = offer(key, row)
    }
    rows += stride
  }
}

// @ts-ignore: decorator
@inline function distance(code: usize, query: usize, stride: u32): u32 {
  let bits: u64 = 0
  const end = code + stride
  for (; code < end; code += 16, query += 16) {
    bits += popcnt<u64>(load<u64>(code) ^ load<u64>(query)) + popcnt<u64>(load<u64>(code, 8) ^ load<u64>(query, 8))
  }
  return <u32>bits
}

/**
 * Lists the `keep` rows (u32, rising) whose 1-bit codes are nearest to that of the query, or farthest in a search in reverse; ties go to
 * the lower row, and flagged rows are left out. `distances`: u16 a row. `histogram`: u32 for 0 to `dims`. Returns the length of the list.
 */
export function prefilter(
  codes: usize, stride: u32, count: u32, query: usize, dims: u32,
  distances: usize, histogram: usize, list: usize, keep: u32,
): u32 {
  memory.fill(histogram, 0, <usize>(dims + 1) << 2)
  const far = sign < 0
  for (let row: u32 = 0; row < count; row++, codes += stride) {
    let d: u32 = 0xffff
    if (!mask || !(load<u8>(flags + load<u32>(terms + (<usize>row << 2))) & mask)) {
      d = distance(codes, query, stride)
      if (far) d = dims - d
      const bucket = histogram + (<usize>d << 2)
      store<u32>(bucket, load<u32>(bucket) + 1)
    }
    store<u16>(distances + (<usize>row << 1), d)
  }
  let limit: u32 = 0
  let room = keep // for rows at the limit
  while (limit < dims) {
    const here = load<u32>(histogram + (<usize>limit << 2))
    if (here >= room) break
    room -= here
    limit++
  }
  let found: u32 = 0
  for (let row: u32 = 0; row < count; row++) {
    const d: u32 = load<u16>(distances + (<usize>row << 1))
    if (d > limit) continue
    if (d == limit) {
      if (!room) continue
      room--
    }
    store<u32>(list + (<usize>found << 2), row)
    found++
  }
  return found
}

/** Like scanI8, over the `count` rows of a list. */
export function scanI8List(
  rows: usize, stride: u32, list: usize, count: u32, scales: usize, query: usize, unit: f64,
): void {
  let threshold = -Infinity
  const end = list + (<usize>count << 2)
  for (; list < end; list += 4) {
    const row = load<u32>(list)
    const sum = dot(rows + <usize>row * <usize>stride, query, stride)
    const key = keyOf(<f64>sum * <f64>load<f32>(scales + (<usize>row << 2)) * unit, row)
    if (key > threshold) threshold = offer(key, row)
  }
}

// A graph search: its rows and query, and the rows whose links are still to be followed, in a heap whose root is the best of them.
let matrix: usize = 0
let width: u32 = 0
let multipliers: usize = 0 // f32 a row
let asked: usize = 0
let step: f64 = 0
let aheadKeys: usize = 0 // f64
let aheadIds: usize = 0 // u32
let ahead: u32 = 0

// @ts-ignore: decorator
@inline function aheadKey(i: u32): f64 { return load<f64>(aheadKeys + (<usize>i << 3)) }
// @ts-ignore: decorator
@inline function aheadId(i: u32): u32 { return load<u32>(aheadIds + (<usize>i << 2)) }
// @ts-ignore: decorator
@inline function putAhead(i: u32, key: f64, id: u32): void {
  store<f64>(aheadKeys + (<usize>i << 3), key)
  store<u32>(aheadIds + (<usize>i << 2), id)
}

function push(key: f64, id: u32): void {
  let i = ahead++
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!worse(aheadKey(parent), aheadId(parent), key, id)) break
    putAhead(i, aheadKey(parent), aheadId(parent))
    i = parent
  }
  putAhead(i, key, id)
}

/** Takes the root away. */
function pop(): void {
  const key = aheadKey(--ahead)
  const id = aheadId(ahead)
  let i: u32 = 0
  for (;;) {
    let child: u32 = 2 * i + 1
    if (child >= ahead) break
    if (child + 1 < ahead && worse(aheadKey(child), aheadId(child), aheadKey(child + 1), aheadId(child + 1))) child++
    if (!worse(key, id, aheadKey(child), aheadId(child))) break
    putAhead(i, aheadKey(child), aheadId(child))
    i = child
  }
  putAhead(i, key, id)
}

// @ts-ignore: decorator
@inline function near(row: u32): f64 {
  const sum = dot(matrix + <usize>row * <usize>width, asked, width)
  return keyOf(<f64>sum * <f64>load<f32>(multipliers + (<usize>row << 2)) * step, row)
}

/** The heap of begin() holds the best rows so far, of any order of arrival; true where a row with this entry belongs among them. */
// @ts-ignore: decorator
@inline function belongs(key: f64, row: u32): bool {
  return size < capacity || worse(keyAt(0), idAt(0), key, row)
}

/**
 * Follows a graph from node `entry` to the rows nearest to the query: down its levels to the best node of each, then from row to row
 * until none of those ahead can be better than the worst found. Flagged rows are passed through and not taken. `nodes`: row and lower node
 * (u32 each) of every node from `count` on; the nodes below are the rows. `links` from `begins[n]` to `begins[n + 1]` are those of node n.
 * `visited`: a bit a row, whole 8 bytes; `keys_` and `ids_`: f64 and u32 a row.
 */
export function scanI8Graph(
  rows: usize, stride: u32, count: u32, scales: usize, query: usize, unit: f64,
  begins: usize, links: usize, nodes: usize, entry: u32, visited: usize, keys_: usize, ids_: usize,
): void {
  matrix = rows
  width = stride
  multipliers = scales
  asked = query
  step = unit
  aheadKeys = keys_
  aheadIds = ids_
  ahead = 0

  let node = entry
  let row = node < count ? node : load<u32>(nodes + (<usize>(node - count) << 3))
  let key = near(row)
  while (node >= count) {
    let best = node
    const from = begins + (<usize>node << 2)
    const end = links + (<usize>load<u32>(from, 4) << 2)
    for (let link = links + (<usize>load<u32>(from) << 2); link < end; link += 4) {
      const other = load<u32>(link)
      const otherRow = load<u32>(nodes + (<usize>(other - count) << 3))
      const otherKey = near(otherRow)
      if (worse(key, row, otherKey, otherRow)) {
        best = other
        row = otherRow
        key = otherKey
      }
    }
    node = best == node ? load<u32>(nodes + (<usize>(node - count) << 3), 4) : best
  }

  memory.fill(visited, 0, <usize>((count + 63) >> 6) << 3)
  visit(visited, row)
  push(key, row)
  offer(key, row)
  while (ahead > 0) {
    row = aheadId(0)
    if (!belongs(aheadKey(0), row)) break
    pop()
    const from = begins + (<usize>row << 2)
    const end = links + (<usize>load<u32>(from, 4) << 2)
    for (let link = links + (<usize>load<u32>(from) << 2); link < end; link += 4) {
      const other = load<u32>(link)
      if (!visit(visited, other)) continue
      key = near(other)
      if (!belongs(key, other)) continue
      push(key, other)
      offer(key, other)
    }
  }
}

/** Marks a row. Returns whether it was not marked before. */
// @ts-ignore: decorator
@inline function visit(visited: usize, row: u32): bool {
  const at = visited + (row >> 3)
  const bit: u32 = 1 << (row & 7)
  const byte: u32 = load<u8>(at)
  store<u8>(at, byte | bit)
  return (byte & bit) == 0
}
