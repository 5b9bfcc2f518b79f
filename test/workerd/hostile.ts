/** A hundred inputs that no honest client sends. Deterministic: the same on every run. */

export interface Hostile {
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

/** Numbers from 0 to 1, the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const u32 = (value: number) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value])

function crc32(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

const chunk = (type: string, data: Uint8Array) =>
  concat(u32(data.length), ascii(type), data, u32(crc32(concat(ascii(type), data))))

/** A PNG of this header around these image data. */
export const png = (width: number, height: number, idat: Uint8Array, depth = 8, colour = 2) =>
  concat(
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', concat(u32(width), u32(height), new Uint8Array([depth, colour, 0, 0, 0]))),
    chunk('IDAT', idat),
    chunk('IEND', new Uint8Array(0)),
  )

export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const jpegHeader = (width: number, height: number) =>
  new Uint8Array([
    0xff,
    0xd8,
    0xff,
    0xc0,
    0,
    17,
    8,
    height >> 8,
    height,
    width >> 8,
    width,
    3,
    1,
    0x22,
    0,
    2,
    0x11,
    1,
    3,
    0x11,
    1,
  ])

const gifHeader = (width: number, height: number) =>
  concat(
    ascii('GIF89a'),
    new Uint8Array([
      width,
      width >> 8,
      height,
      height >> 8,
      0,
      0,
      0,
      0x2c,
      0,
      0,
      0,
      0,
      width,
      width >> 8,
      height,
      height >> 8,
      0,
    ]),
  )

const webpHeader = (width: number, height: number) =>
  concat(
    ascii('RIFF'),
    new Uint8Array([22, 0, 0, 0]),
    ascii('WEBPVP8X'),
    new Uint8Array([10, 0, 0, 0, 0, 0, 0, 0]),
    new Uint8Array([width - 1, (width - 1) >> 8, (width - 1) >> 16, height - 1, (height - 1) >> 8, (height - 1) >> 16]),
  )

/** `samples` are honest pictures, one a format. */
export async function hostileInputs(samples: Record<string, Uint8Array<ArrayBuffer>>): Promise<Hostile[]> {
  const random = seeded(1)
  const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256)
  const inputs: Hostile[] = []
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>) => inputs.push({ name, bytes })

  for (const [format, sample] of Object.entries(samples)) {
    for (const share of [0.02, 0.1, 0.3, 0.5, 0.8, 0.95])
      add(`${format} cut at ${share}`, sample.slice(0, Math.floor(sample.length * share)))
    for (let round = 0; round < 4; round++) {
      const mutant = sample.slice()
      for (let hit = 0; hit < 12; hit++) mutant[Math.floor(random() * mutant.length)] = random() * 256
      add(`${format} with flipped bytes ${round}`, mutant)
    }
    add(`${format} with noise behind its first 64 bytes`, concat(sample.slice(0, 64), noise(4000)))
  }
  for (let round = 0; round < 15; round++) add(`random bytes ${round}`, noise(1 + Math.floor(random() * 5000)))

  const bomb = await deflate(new Uint8Array(40_000_000))
  add('zip bomb: 40 MB behind a 10 × 10 header', png(10, 10, bomb))
  add('zip bomb: 4000 × 4000 of one colour', png(4000, 4000, await deflate(new Uint8Array(4000 * 12001))))
  add('PNG 30,000 × 30,000', png(30_000, 30_000, await deflate(new Uint8Array(1000))))
  add('PNG 0 × 0', png(0, 0, await deflate(new Uint8Array(1))))
  add('PNG with too little data', png(500, 500, await deflate(new Uint8Array(100))))
  add('PNG 1 × 4,000,000,000', png(1, 4_000_000_000, new Uint8Array(10)))
  add('PNG with depth 3', png(10, 10, new Uint8Array(10), 3))
  add('JPEG 65,535 × 65,535', concat(jpegHeader(65_535, 65_535), noise(100)))
  add('JPEG 0 × 0', concat(jpegHeader(0, 0), noise(100)))
  add('GIF 65,535 × 65,535', concat(gifHeader(65_535, 65_535), noise(100)))
  add('WebP 16,383 × 16,383', webpHeader(16_383, 16_383))
  add('HEIC', concat(u32(24), ascii('ftypheic'), u32(0), ascii('mif1heic'), noise(50)))

  const texts = [
    '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    '<!doctype html><p>no picture',
    '%PDF-1.7\n',
    'II*\x00',
    'BM',
    '\x00\x00\x01\x00',
    'GIF89a',
    'RIFF',
    '{"image": 1}',
    '\xff\xd8\xff',
    '\x89PNG\r\n\x1a\n',
    'PK\x03\x04',
    ' ',
  ]
  for (const text of texts) add(`text ${JSON.stringify(text.slice(0, 12))}`, ascii(text))
  return inputs
}
