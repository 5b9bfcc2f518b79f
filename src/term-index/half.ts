/** binary16 to and from binary32, without Float16Array, which not every host has. */

const scratch = new DataView(new ArrayBuffer(4))
const asInt = new Int32Array(scratch.buffer)
const asFloat = new Float32Array(scratch.buffer)

/** @param bits a finite binary16. @returns its value, exactly */
export function fromHalf(bits: number): number {
  // As a binary32 the same fields stand for 2^-112 of the value, subnormal numbers included.
  asInt[0] = (bits & 0x7fff) << 13
  const value = asFloat[0]! * 2 ** 112
  return bits & 0x8000 ? -value : value
}

/** @param value of magnitude below 65,520. @returns the nearest binary16, ties to even */
export function toHalf(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const magnitude = Math.abs(Math.fround(value))
  // Below the smallest normal number the spacing is 2^-24; adding 2^23 × the spacing rounds to it.
  if (magnitude < 2 ** -14) return sign | ((Math.fround(magnitude + 0.5) - 0.5) * 2 ** 24)
  const rounded = (bits & 0x7fffffff) + 0x0fff + ((bits >>> 13) & 1)
  return sign | ((rounded >>> 13) - (112 << 10))
}
