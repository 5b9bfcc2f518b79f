/**
 * The largest pictures that are let in, written by hand: one colour each, so that they are small, and padded to the size
 * that a file may have. Their decoders need as much memory as for a photograph of that size.
 */
import { concat } from '../workerd/hostile.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const u16 = (value: number) => bytes(value >> 8, value)
const u32 = (value: number) => bytes(value >>> 24, value >>> 16, value >>> 8, value)
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

/** JPEG comments of together `size` bytes, or a little less. */
function comments(size: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let left = size; left > 4; left -= 65_537) {
    const length = Math.min(left, 65_537) - 4
    parts.push(bytes(0xff, 0xfe), u16(length + 2), new Uint8Array(length))
  }
  return parts
}

/**
 * A grey picture as a 4:2:0 JPEG of about `fileBytes`. Each Huffman table has the one code 0, so that a block is one bit
 * for its DC difference, none, and in a baseline file another for the end of the block (T.81, annexes C and F).
 */
export function jpeg(width: number, height: number, fileBytes: number, progressive = false): Uint8Array<ArrayBuffer> {
  const table = (kind: number) => concat(bytes(0xff, 0xc4), u16(20), bytes(kind, 1, ...new Array(15).fill(0), 0))
  const component = [1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]
  const start = concat(
    bytes(0xff, 0xd8, 0xff, 0xdb),
    u16(67),
    bytes(0),
    new Uint8Array(64).fill(1),
    bytes(0xff, progressive ? 0xc2 : 0xc0),
    u16(17),
    bytes(8),
    u16(height),
    u16(width),
    bytes(3, ...component),
    table(0x00),
    table(0x10),
  )
  const scan = concat(bytes(0xff, 0xda), u16(12), bytes(3, 1, 0, 2, 0, 3, 0, 0, progressive ? 0 : 63, 0))
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16) * 6
  const data = new Uint8Array(Math.ceil((blocks * (progressive ? 1 : 2)) / 8))
  const padding = comments(fileBytes - start.length - scan.length - data.length - 2)
  return concat(start, ...padding, scan, data, bytes(0xff, 0xd9))
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n
})

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concat(ascii(type), data)
  let crc = ~0
  for (const byte of body) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255]!
  return concat(u32(data.length), body, u32(~crc))
}

/** x, y, and the steps of the passes of an interlaced PNG (W3C PNG, third edition, §8). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** A black RGB picture as a PNG of about `fileBytes`. */
export async function png(
  width: number,
  height: number,
  fileBytes: number,
  interlaced = false,
): Promise<Uint8Array<ArrayBuffer>> {
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const)
  const length = passes.reduce((sum, [x, y, dx, dy]) => {
    const across = Math.ceil((width - x) / dx)
    return sum + Math.ceil((height - y) / dy) * (across * 3 + 1)
  }, 0)
  const header = concat(u32(width), u32(height), bytes(8, 2, 0, 0, Number(interlaced)))
  const start = concat(bytes(137, 80, 78, 71, 13, 10, 26, 10), chunk('IHDR', header))
  const idat = chunk('IDAT', await zeros(length))
  const end = chunk('IEND', new Uint8Array(0))
  const padding = chunk('paDd', new Uint8Array(Math.max(0, fileBytes - start.length - idat.length - end.length - 12)))
  return concat(start, padding, idat, end)
}

/** `length` zeros, deflated without ever being whole. */
async function zeros(length: number): Promise<Uint8Array<ArrayBuffer>> {
  let left = length
  const source = new ReadableStream<BufferSource>({
    pull(controller) {
      const next = new Uint8Array(Math.min(left, 1_000_000))
      left -= next.length
      if (next.length > 0) controller.enqueue(next)
      else controller.close()
    },
  })
  return new Uint8Array(await new Response(source.pipeThrough(new CompressionStream('deflate'))).arrayBuffer())
}

const little = (value: number) => u32(value).reverse()

const riff = (type: 'VP8 ' | 'VP8L', data: Uint8Array) =>
  concat(ascii('RIFF'), little(12 + data.length), ascii(`WEBP${type}`), little(data.length), data)

/** A black picture as a lossless WebP: each of its five prefix codes has one symbol, so that pixels take no bits (RFC 9649, §3). */
export function losslessWebp(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bits: number[] = []
  const put = (value: number, count: number) => {
    for (let i = 0; i < count; i++) bits.push((value >> i) & 1)
  }
  put(0x2f, 8)
  put(width - 1, 14)
  put(height - 1, 14)
  put(0, 4)
  // No transform, no colour cache, no meta prefix codes; then "simple, one symbol, of one bit: 0", five times.
  put(0, 3)
  for (let code = 0; code < 5; code++) put(1, 4)
  const data = new Uint8Array(16)
  for (const [i, bit] of bits.entries()) data[i >> 3]! |= bit << (i & 7)
  return riff('VP8L', data)
}

/**
 * A grey picture as a lossy WebP: zeros, which the boolean decoder takes for "no" to every question of the format, so
 * that no block has a coefficient (RFC 6386, §7 and §9).
 */
export function lossyWebp(width: number, height: number): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  const modes = Math.min(2 ** 19 - 1, 1000 + 2 * blocks)
  const size = little(width | (height << 16))
  const start = concat(little((modes << 5) | 16).subarray(0, 3), bytes(0x9d, 0x01, 0x2a), size)
  return riff('VP8 ', concat(start, new Uint8Array(2 * Math.ceil((modes + 1000 + 16 * blocks) / 2))))
}

/**
 * A picture of its palette's first colour as an interlaced GIF. Literals of 8 bits, and a clear code before the table
 * would need a ninth: codes are bytes.
 */
export function gif(width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = little(width | (height << 16))
  const start = concat(
    ascii('GIF89a'),
    size,
    bytes(0xf6, 0, 0),
    new Uint8Array(3 * 128),
    bytes(0x2c, 0, 0, 0, 0),
    size,
    bytes(0x40, 7),
  )
  const CLEAR = 128
  const RUN = 100
  const pixels = width * height
  const codes = new Uint8Array(pixels + Math.ceil(pixels / RUN) + 1)
  for (let at = 0; at < codes.length - 1; at += RUN + 1) codes[at] = CLEAR
  codes[codes.length - 1] = CLEAR + 1
  const data = new Uint8Array(codes.length + Math.ceil(codes.length / 255))
  for (let at = 0, to = 0; at < codes.length; at += 255, to += 256) {
    const block = codes.subarray(at, at + 255)
    data[to] = block.length
    data.set(block, to + 1)
  }
  return concat(start, data, bytes(0, 0x3b))
}
