// @ts-nocheck AssemblyScript
/** Bits of the entropy-coded data (ITU T.81 §F.2.2.5), and Huffman codes. Marker bytes end the data; zeros follow. */
import { HUFFMAN_BYTES, INPUT, SCRATCH } from './layout'

/** Asks the host for the next compressed bytes at INPUT; it answers how many, 0 at the end of the file. */
// @ts-ignore: decorator
@external('host', 'refill')
declare function refill(): i32

/** What went wrong: 0 nothing, 1 the data ended early, 2 a code that does not exist, 3 a wrong restart marker. */
export let failure: i32 = 0

/** Unread bits, from the top. */
let buffer: u64 = 0
let count: i32 = 0
/** How many of `count` are zeros that were never in the file. */
let invented: i32 = 0
let at: usize = INPUT
let end: usize = INPUT
/** The marker that ended the data (its second byte), -1 for the end of the file; 0 before that. */
let marker: i32 = 0
/** Bytes at INPUT that were not read, counted from the marker if there was one. */
export function unread(): i32 {
  return i32(end - at) + (marker > 0 ? 2 : 0)
}

/** Forgets all input: a new scan begins with the next refill. */
export function startInput(): void {
  at = end = INPUT
  marker = 0
  dropBits()
}

function dropBits(): void {
  buffer = 0
  count = 0
  invented = 0
}

export function fail(code: i32): void {
  if (failure == 0) failure = code
}

/** True once the decoder read zeros that were never in the file, or anything failed. Looked at after each MCU. */
// @ts-ignore: decorator
@inline
export function broken(): bool {
  if (invented > count) fail(1)
  return failure != 0
}

function nextByte(): i32 {
  if (at == end) {
    end = INPUT + refill()
    at = INPUT
    if (at == end) return -1
  }
  return load<u8>(at++)
}

/** Fills the buffer to more than 32 bits. */
function fill(): void {
  if (marker == 0 && at + 4 <= end) {
    const word = bswap(load<u32>(at))
    // No byte of it is 0xff: the usual case. (Zero bytes of the complement, as in "Bit Twiddling Hacks".)
    if (((~word - 0x01010101) & word & 0x80808080) == 0) {
      buffer |= u64(word) << (32 - count)
      count += 32
      at += 4
      return
    }
  }
  while (count <= 48) {
    if (marker == 0) {
      const byte = nextByte()
      if (byte == 0xff) readMarker()
      else if (byte < 0) marker = -1
      if (marker == 0) {
        buffer |= u64(byte) << (56 - count)
        count += 8
        continue
      }
    }
    invented += 8
    count += 8
  }
}

/** Makes 32 bits readable: a code of 16 and as many as it announces. */
// @ts-ignore: decorator
@inline
export function need(): void {
  if (count < 32) fill()
}

/** The next `n` bits, 1 to 16. `need` first. */
// @ts-ignore: decorator
@inline
export function bits(n: i32): i32 {
  const v = i32(buffer >> (64 - n))
  buffer <<= n
  count -= n
  return v
}

/** One bit, at any time. */
// @ts-ignore: decorator
@inline
export function bit(): i32 {
  if (count < 1) fill()
  return bits(1)
}

/** A value of `n` bits, 1 to 15, with its sign (T.81 §F.2.2.1, EXTEND). `need` first. */
// @ts-ignore: decorator
@inline
export function signed(n: i32): i32 {
  const v = bits(n)
  return v < 1 << (n - 1) ? v - (1 << n) + 1 : v
}

const LOOK = 9
/** After the table of `LOOK` bits (u16: length << 8 | symbol): largest code and symbol offset of each length, then symbols. */
const LARGEST: usize = 1024
const OFFSET: usize = 1096
const SYMBOLS: usize = 1168

/** A symbol by Huffman table `table`; makes 32 bits readable first, of which at most 16 are the code's. */
// @ts-ignore: decorator
@inline
export function symbol(table: usize): i32 {
  need()
  const entry = i32(load<u16>(table + (usize(buffer >> (64 - LOOK)) << 1)))
  if (entry == 0) return longSymbol(table)
  buffer <<= entry >> 8
  count -= entry >> 8
  return entry & 255
}

function longSymbol(table: usize): i32 {
  for (let length = LOOK + 1; length <= 16; length++) {
    const code = i32(buffer >> (64 - length))
    if (code <= load<i32>(table + LARGEST + length * 4)) {
      buffer <<= length
      count -= length
      return load<u8>(table + SYMBOLS + ((code + load<i32>(table + OFFSET + length * 4)) & 255))
    }
  }
  fail(2)
  buffer <<= 16
  count -= 16
  return 0
}

/** Builds the table at `table` from the counts and symbols at SCRATCH (T.81 annex C). False where they are impossible. */
export function buildHuffman(table: usize): bool {
  memory.fill(table, 0, HUFFMAN_BYTES)
  memory.copy(table + SYMBOLS, SCRATCH + 16, 256)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const n = i32(load<u8>(SCRATCH + length - 1))
    store<i32>(table + OFFSET + length * 4, index - code)
    for (let i = 0; i < n; i++, code++, index++) {
      if (code >= 1 << length || index > 255) return false
      if (length <= LOOK) {
        const entry = u16((length << 8) | i32(load<u8>(table + SYMBOLS + index)))
        const first = code << (LOOK - length)
        for (let k = 0; k < 1 << (LOOK - length); k++) store<u16>(table + ((first + k) << 1), entry)
      }
    }
    store<i32>(table + LARGEST + length * 4, n > 0 ? code - 1 : -1)
    code <<= 1
  }
  return true
}

/** Goes past the restart marker number `expected`, 0 to 7; what stands before it is skipped, as libjpeg does. */
export function passRestart(expected: i32): void {
  if (invented > count) fail(1)
  findMarker()
  if (marker < 0) fail(1)
  else if (marker != 0xd0 + expected) fail(3)
  marker = 0
  dropBits()
}

/** Goes to the marker that ends the scan. */
export function findMarker(): void {
  while (marker == 0) {
    const byte = nextByte()
    if (byte == 0xff) readMarker()
    else if (byte < 0) marker = -1
  }
}

/** After 0xff: a marker, unless a zero follows. Any number of 0xff may stand before its second byte (T.81 §B.1.1.2). */
function readMarker(): void {
  let second = nextByte()
  while (second == 0xff) second = nextByte()
  if (second != 0) marker = second < 0 ? -1 : second
}
