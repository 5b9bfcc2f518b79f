// @ts-nocheck AssemblyScript
/** The coefficients of one block: sequential (ITU T.81 §F.2) and in the passes of a progressive JPEG (§G.1 and §G.2). */
import { bit, bits, fail, need, signed, symbol } from './bits'
import { AC_TABLE, BLOCK, DC_TABLE, N, PLACE, PREDICTION } from './layout'

/** Blocks still to come that have no coefficients in this band. */
let endOfBandRun: i32 = 0

/** Forgets the run of empty bands: at the start of a scan and after a restart marker. */
export function resetRun(): void {
  endOfBandRun = 0
}

// @ts-ignore: decorator
@inline
function dc(component: usize): i32 {
  const size = symbol(load<u32>(component, DC_TABLE))
  if (size == 0) return load<i32>(component, PREDICTION)
  if (size > 15) {
    fail(2)
    return 0
  }
  const value = load<i32>(component, PREDICTION) + signed(size)
  store<i32>(component, value, PREDICTION)
  return value
}

/** A whole block into BLOCK, as much of it as its component keeps. True if anything but the first coefficient may be there. */
export function sequentialBlock(component: usize): bool {
  const n = load<u32>(component, N)
  memory.fill(BLOCK, 0, n * n * 2)
  store<i16>(BLOCK, dc(component))
  const table = usize(load<u32>(component, AC_TABLE))
  const place = usize(load<u32>(component, PLACE))
  let k = 1
  while (k < 64) {
    const symbolValue = symbol(table)
    const size = symbolValue & 15
    const run = symbolValue >> 4
    if (size == 0) {
      if (run != 15) break
      k += 16
      continue
    }
    k += run
    if (k > 63) {
      fail(2)
      break
    }
    store<i16>(BLOCK + (usize(load<u8>(place + k)) << 1), signed(size))
    k++
  }
  return k > 1
}

/** First pass of the first coefficient (§G.1.2.1). */
export function dcFirst(component: usize, block: usize, shift: i32): void {
  store<i16>(block, dc(component) << shift)
}

/** One more bit of the first coefficient. */
export function dcRefine(block: usize, shift: i32): void {
  if (bit()) store<i16>(block, i16(i32(load<i16>(block)) | (1 << shift)))
}

/** First pass of the coefficients `from` to `to` (§G.1.2.2). `significant` is the block's bit set, or 0 at full scale. */
export function acFirst(
  component: usize,
  block: usize,
  significant: usize,
  from: i32,
  to: i32,
  shift: i32,
): void {
  if (endOfBandRun > 0) {
    endOfBandRun--
    return
  }
  const table = usize(load<u32>(component, AC_TABLE))
  const place = usize(load<u32>(component, PLACE))
  const kept = load<u32>(component, N) * load<u32>(component, N)
  let k = from
  while (k <= to) {
    const symbolValue = symbol(table)
    const size = symbolValue & 15
    const run = symbolValue >> 4
    if (size == 0) {
      if (run < 15) {
        endOfBandRun = (1 << run) - 1
        if (run > 0) endOfBandRun += bits(run)
        break
      }
      k += 16
      continue
    }
    k += run
    if (k > 63) {
      fail(2)
      break
    }
    const value = signed(size) * (1 << shift)
    const target = u32(load<u8>(place + k))
    if (target < kept) store<i16>(block + (target << 1), value)
    if (significant) store<u64>(significant, load<u64>(significant) | (u64(1) << k))
    k++
  }
}

// @ts-ignore: decorator
@inline
function isSignificant(block: usize, significant: usize, place: usize, k: i32): bool {
  if (significant) return (load<u64>(significant) >> k & 1) != 0
  return load<i16>(block + (usize(load<u8>(place + k)) << 1)) != 0
}

/** Reads the correction bit of a coefficient that is not zero. */
// @ts-ignore: decorator
@inline
function correct(block: usize, place: usize, kept: u32, k: i32, shift: i32): void {
  if (!bit()) return
  const to = u32(load<u8>(place + k))
  if (to >= kept) return
  const old = i32(load<i16>(block + (to << 1)))
  if ((old & (1 << shift)) == 0) store<i16>(block + (to << 1), old + (old >= 0 ? 1 << shift : -1 << shift))
}

/** One more bit of the coefficients `from` to `to` (§G.1.2.3). */
export function acRefine(
  component: usize,
  block: usize,
  significant: usize,
  from: i32,
  to: i32,
  shift: i32,
): void {
  const table = usize(load<u32>(component, AC_TABLE))
  const place = usize(load<u32>(component, PLACE))
  const kept = load<u32>(component, N) * load<u32>(component, N)
  let k = from
  if (endOfBandRun == 0) {
    while (k <= to) {
      const symbolValue = symbol(table)
      let run = symbolValue >> 4
      let value = 0
      if ((symbolValue & 15) != 0) {
        if ((symbolValue & 15) != 1) fail(2)
        value = bits(1) ? 1 << shift : -1 << shift
      } else if (run < 15) {
        endOfBandRun = 1 << run
        if (run > 0) endOfBandRun += bits(run)
        break
      }
      // Past `run` coefficients that are still zero; those that are not get their bit on the way.
      while (k <= to) {
        if (isSignificant(block, significant, place, k)) correct(block, place, kept, k, shift)
        else if (--run < 0) break
        k++
      }
      if (value != 0) {
        if (k > 63) {
          fail(2)
          return
        }
        const target = u32(load<u8>(place + k))
        if (target < kept) store<i16>(block + (target << 1), value)
        if (significant) store<u64>(significant, load<u64>(significant) | (u64(1) << k))
      }
      k++
    }
  }
  if (endOfBandRun > 0) {
    for (; k <= to; k++) {
      if (isSignificant(block, significant, place, k)) correct(block, place, kept, k, shift)
    }
    endOfBandRun--
  }
}
