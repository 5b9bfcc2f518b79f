/** Whatever comes in, the answer is pixels or a TermlensError of the right code: never another exception, never a hang. */
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { TermlensError } from '../../src/errors.ts'
import { caps } from '../../src/image/caps.ts'
import { decode, MAX_BYTES, sniff } from '../../src/image/index.ts'
import { avifHeader, concat, flatJpeg, flatPng, gif, png, pngChunk, random, webpHeader } from './craft.ts'
import { cases, fixture } from './fixtures.ts'

const text = (s: string) => new TextEncoder().encode(s)
const bytes = (...v: number[]) => new Uint8Array(v)

/** The code that `decode` fails with; `ok` if it does not. Anything but a TermlensError fails the test. */
async function outcome(file: Uint8Array): Promise<ErrorCode | 'ok'> {
  try {
    const pixels = await decode(file, 224)
    expect(pixels.data.length).toBe(pixels.width * pixels.height * 4)
    return 'ok'
  } catch (error) {
    if (!(error instanceof TermlensError)) throw error
    return error.code
  }
}

const message = (file: Uint8Array): string => {
  try {
    sniff(file)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('what is no picture is refused by name', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['SVG', text('<svg xmlns="http://www.w3.org/2000/svg"/>'), /SVG/],
    ['SVG with a prologue', text('\n<?xml version="1.0"?>\n<!-- x -->\n<svg/>'), /SVG/],
    ['HTML', text('<!DOCTYPE html><html></html>'), /web page/],
    ['HTML called photo.png', text('<html><body>\x89PNG</body></html>'), /web page/],
    ['text', text('hello'), /text/],
    ['TIFF', bytes(0x49, 0x49, 42, 0, 8, 0, 0, 0), /TIFF/],
    ['TIFF, big endian', bytes(0x4d, 0x4d, 0, 42, 0, 0, 0, 8), /TIFF/],
    ['BMP', text('BM123456789012345678901234567890'), /BMP/],
    ['PDF', text('%PDF-1.7\n'), /PDF/],
    ['ICO', bytes(0, 0, 1, 0, 1, 0), /ICO/],
    ['JPEG XL', bytes(0xff, 0x0a, 1, 2), /JPEG XL/],
    ['JPEG XL in a box', bytes(0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20, 13, 10, 0x87, 10), /JPEG XL/],
    ['JPEG 2000', bytes(0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10), /JPEG 2000/],
    ['PSD', text('8BPS\0\x01'), /Photoshop/],
    ['ZIP', text('PK\x03\x04'), /ZIP/],
    ['MP4', concat([0, 0, 0, 20], text('ftypisom\0\0\0\0isom')), /video/],
    ['nothing', bytes(), /empty/],
    ['one byte', bytes(0xff), /no picture/],
  ])('%s', async (_, file, name) => {
    expect(await outcome(file)).toBe('image_unsupported')
    expect(message(file)).toMatch(name)
  })

  test.each(['heic', 'heix', 'mif1', 'hevc'])('HEIC (%s) has an error of its own', async (brand) => {
    expect(await outcome(concat([0, 0, 0, 24], text(`ftyp${brand}\0\0\0\0mif1heic`)))).toBe('image_heic')
  })

  test.each([0xc3, 0xc5, 0xc9, 0xca])('JPEGs of kinds that are not read (SOF %i)', async (marker) => {
    const file = flatJpeg(16, 16)
    file[file.indexOf(0xc0)] = marker
    expect(await outcome(file)).toBe('image_unsupported')
  })

  test('a JPEG of 12 bits', async () => {
    const file = flatJpeg(16, 16)
    file[file.indexOf(0xc0) + 3] = 12
    expect(await outcome(file)).toBe('image_unsupported')
  })
})

describe('size is read from the header, before any decoder runs', () => {
  test('more than 20 MB', async () => {
    expect(await outcome(new Uint8Array(MAX_BYTES + 1))).toBe('image_too_large')
    expect(await outcome(new Uint8Array(MAX_BYTES))).toBe('image_unsupported')
  })

  const tiny = deflateSync(new Uint8Array(10))
  const make: Record<keyof typeof caps, (w: number, h: number) => Uint8Array> = {
    jpeg: (w, h) => flatJpeg(16, 16).map(patchJpeg(w, h)),
    'jpeg-progressive': (w, h) => flatJpeg(16, 16, { progressive: true }).map(patchJpeg(w, h)),
    png: (width, height) => png({ width, height }, tiny),
    webp: webpHeader,
    'webp-lossless': (w, h) => {
      const file = webpHeader(w, h)
      file[20] = 0x10
      return file
    },
    avif: avifHeader,
    gif: (w, h) => gif(w, h, [2, 0, 0x3b]),
  }

  /** Writes another size into the frame header of a flat JPEG. */
  function patchJpeg(w: number, h: number) {
    const at = flatJpeg(16, 16).indexOf(0xc0) + 4
    const size = [h >> 8, h & 255, w >> 8, w & 255]
    return (v: number, i: number) => size[i - at] ?? v
  }

  test.each(Object.keys(caps) as (keyof typeof caps)[])('%s: the cap holds, one row more does not', async (name) => {
    const { pixels, side } = caps[name]
    const width = Math.min(10_000, side)
    const height = Math.floor(pixels / width)
    const file = make[name](width, height)
    expect(sniff(file)).toMatchObject({ width, height })
    expect(await outcome(file)).toBe('image_corrupt')
    expect(await outcome(make[name](width, height + 1))).toBe('image_too_many_pixels')
    expect(message(make[name](width, height + 1))).toContain(`${pixels / 1e6} megapixels`)
  })

  test.each(['jpeg', 'jpeg-progressive', 'png', 'gif'] as const)('%s: neither side is longer than its cap', (name) => {
    const { side } = caps[name]
    expect(message(make[name](1, side))).toBe('')
    expect(message(make[name](side, 1))).toBe('')
    expect(message(make[name](1, side + 1))).toContain(`${side}`)
    expect(message(make[name](side + 1, 1))).toContain(`${side}`)
  })

  test('30,000 × 30,000', async () => {
    for (const file of [
      png({ width: 30000, height: 30000 }, tiny),
      gif(30000, 30000, [2, 0]),
      make.jpeg(30000, 30000),
      avifHeader(30000, 30000),
      webpHeader(30000, 30000),
    ]) {
      expect(await outcome(file)).toBe('image_too_many_pixels')
    }
  })
})

describe('headers that lie', () => {
  test('a PNG bomb stops at the first byte that was not promised', async () => {
    const bomb = png({ width: 10, height: 10 }, deflateSync(new Uint8Array(200_000_000)))
    const start = performance.now()
    expect(await outcome(bomb)).toBe('image_corrupt')
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('a PNG with fewer pixels than promised', async () => {
    expect(await outcome(png({ width: 100, height: 100 }, deflateSync(new Uint8Array(500))))).toBe('image_corrupt')
  })

  test.each<[string, Uint8Array]>([
    ['no size', png({ width: 0, height: 10 }, new Uint8Array(1))],
    ['depth of 3 bits', png({ width: 1, height: 1, depth: 3 }, deflateSync(new Uint8Array(2)))],
    ['RGB of 4 bits', png({ width: 1, height: 1, depth: 4, color: 2 }, deflateSync(new Uint8Array(2)))],
    ['unknown colour type', png({ width: 1, height: 1, color: 1 }, deflateSync(new Uint8Array(2)))],
    ['unknown filter', png({ width: 1, height: 1 }, deflateSync(bytes(9, 0)))],
    ['no palette', png({ width: 1, height: 1, color: 3 }, deflateSync(bytes(0, 0)))],
    ['not a zlib stream', png({ width: 1, height: 1 }, bytes(1, 2, 3, 4))],
    ['no pixels', concat(flatPng(1, 1).subarray(0, 33), pngChunk('IEND', []))],
    ['a chunk beyond the end', concat(flatPng(1, 1).subarray(0, 33), [0x7f, 255, 255, 255], text('IDAT'))],
  ])('PNG: %s', async (_, file) => expect(await outcome(file)).toBe('image_corrupt'))

  test('a GIF whose codes refer to what was never defined', async () => {
    expect(await outcome(gif(100, 100, [8, 4, 0xff, 0xff, 0xff, 0xff, 0, 0x3b]))).toBe('image_corrupt')
  })

  test('a GIF with a screen full of promises and no pixels', async () => {
    expect(await outcome(gif(4000, 4000, [2, 1, 0x2c, 0, 0x3b]))).toBe('image_corrupt')
  })

  test('a GIF of thousands of frames takes no longer than one', async () => {
    const file = fixture('animated.gif')
    const frames = concat(
      file.subarray(0, file.length - 1),
      ...new Array(2000).fill(file.subarray(13 + 192, file.length - 1)),
    )
    const start = performance.now()
    expect(await outcome(frames)).toBe('ok')
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('a WebP whose canvas is not the size of its picture', async () => {
    const file = fixture('lossy-alpha.webp')
    file[24] = 9
    expect(await outcome(file)).toBe('image_corrupt')
  })

  test('an AVIF whose property is not the size of its picture', async () => {
    const file = fixture('lossy.avif')
    const at = Buffer.from(file).indexOf('ispe')
    file[at + 11] = 9
    expect(await outcome(file)).toBe('image_corrupt')
  })

  test('a JPEG of thousands of empty scans', async () => {
    const file = flatJpeg(6000, 6000, { progressive: true })
    const scan = file.subarray(file.indexOf(0xda) - 1)
    const body = scan.subarray(0, scan.length - 2)
    const start = performance.now()
    expect(await outcome(concat(file.subarray(0, file.length - 2), ...new Array(200).fill(body), [0xff, 0xd9]))).toBe(
      'image_corrupt',
    )
    expect(performance.now() - start).toBeLessThan(15_000)
  })

  test('megabytes of what looks like structure', async () => {
    const fill = (head: Uint8Array, unit: number[], size = 19_000_000) => {
      const file = new Uint8Array(size)
      for (let at = 0; at + unit.length <= size; at += unit.length) file.set(unit, at)
      file.set(head)
      return file
    }
    const webp = fixture('animated.webp').slice(0, 30)
    new DataView(webp.buffer).setUint32(4, 19_000_000 - 8, true)
    const files = [
      fill(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 2), [0xff, 0x00]),
      fill(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 2), [0xff, 0xe0, 0, 2]),
      fill(flatPng(9, 9).subarray(0, 33), [...pngChunk('IDAT', [0])]),
      fill(webp, [0x41, 0x42, 0x43, 0x44, 0, 0, 0, 0]),
      fill(fixture('opaque.gif').subarray(0, 13 + 384), [0x21, 0xfe, 1, 65, 0]),
      fill(avifHeader(9, 9).subarray(0, 24), [0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65]),
    ]
    for (const file of files) {
      const start = performance.now()
      expect(await outcome(file)).toBe('image_corrupt')
      expect(performance.now() - start).toBeLessThan(15_000)
    }
  })

  test('a JPEG with a scan and no tables', async () => {
    const file = flatJpeg(64, 64)
    file[file.indexOf(0xc4)] = 0xfe
    expect(await outcome(file)).toBe('image_corrupt')
  })
})

describe('what is cut short is refused', () => {
  const small = cases().filter((c) => c.bytes.length < 40_000)

  test.each(small.map((c) => c.file))('%s, cut at many points', async (file) => {
    const whole = fixture(file)
    const cuts = new Set([1, 2, 8, 12, 16, 20, 24, 30, 33, 40, 50, 64, 100, whole.length - 16, whole.length - 64])
    for (let at = 1024; at < whole.length - 16; at += 1024) cuts.add(at)
    for (const at of cuts) {
      if (at <= 0 || at >= whole.length) continue
      // What is left of a first frame, or of a chunk after the pixels, may be whole.
      const allowed: string[] = /animated/.test(file) ? ['ok'] : []
      expect([...allowed, 'image_corrupt', 'image_unsupported'], `${file} cut at ${at}`).toContain(
        await outcome(whole.subarray(0, at)),
      )
    }
  })

  test('a JPEG without its end marker is whole', async () => {
    const file = fixture('baseline-420.jpg')
    expect(await outcome(file.subarray(0, file.length - 2))).toBe('ok')
  })

  test('garbage after the end does not matter', async () => {
    for (const name of ['baseline-420.jpg', 'progressive-420.jpg', 'grey.png', 'opaque.gif']) {
      expect(await outcome(concat(fixture(name), new Uint8Array(1000).fill(0xff))), name).toBe('ok')
    }
  })
})

describe('damage is survived', () => {
  test('random bytes, with and without a magic number', async () => {
    const next = random(1)
    for (let i = 0; i < 100; i++) {
      const file = Uint8Array.from({ length: Math.floor(next() * 3000) }, () => Math.floor(next() * 256))
      const magic = [
        [0xff, 0xd8, 0xff],
        [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
        text('RIFF\0\0\x01\0WEBPVP8 '),
        text('GIF89a'),
        text('\0\0\0\x18ftypavif'),
        [],
      ][i % 6]!
      file.set(magic.slice(0, file.length))
      expect(await outcome(file)).not.toBe('internal')
    }
  })

  // Deterministic: `FUZZ=10000 npx vitest run test/image/hostile` goes further than the tests do.
  const rounds = Number(process.env.FUZZ ?? 6)
  test.each(cases().map((c) => c.file))('mutations of %s', async (file) => {
    const whole = fixture(file)
    const next = random(file.length + whole.length)
    for (let i = 0; i < rounds; i++) {
      let mutant: Uint8Array = whole.slice()
      const changes = 1 + Math.floor(next() * 4)
      for (let k = 0; k < changes; k++) {
        // Half of the damage goes to the headers.
        const at = Math.floor(next() * (next() < 0.5 ? Math.min(mutant.length, 700) : mutant.length))
        const kind = next()
        if (kind < 0.6) mutant[at] = Math.floor(next() * 256)
        else if (kind < 0.8) mutant[at] = mutant[at]! ^ (1 << Math.floor(next() * 8))
        else if (kind < 0.9) mutant = concat(mutant.subarray(0, at), mutant.subarray(at + Math.floor(next() * 50)))
        else mutant = concat(mutant.subarray(0, at), mutant.subarray(Math.floor(next() * at)))
      }
      expect(await outcome(mutant)).not.toBe('internal')
    }
  })
})
