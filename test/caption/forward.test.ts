/** An endpoint gets the picture and nothing else of the file. */
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { LONGEST_SIDE, toPicture } from '../../src/caption/forward.ts'
import { decode } from '../../src/image/index.ts'

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url)))
const forward = async (file: Uint8Array) => (await toPicture(await decode(file, 224))).bytes

function chunks(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset)
  const found: { type: string; data: Uint8Array }[] = []
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at)
    const body = png.subarray(at + 4, at + 8 + length)
    expect(view.getUint32(at + 8 + length)).toBe(crc32(body))
    found.push({ type: String.fromCharCode(...body.subarray(0, 4)), data: body.subarray(4) })
    at += length + 12
  }
  return found
}

/** An EXIF block as cameras write it: maker, and a GPS directory with a latitude. */
function exif(): Uint8Array {
  const tiff = Buffer.alloc(140)
  tiff.write('MM\0*', 0, 'latin1')
  tiff.writeUInt32BE(8, 4)
  tiff.writeUInt16BE(2, 8)
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    tiff.writeUInt16BE(tag, at)
    tiff.writeUInt16BE(type, at + 2)
    tiff.writeUInt32BE(count, at + 4)
    tiff.writeUInt32BE(value, at + 8)
  }
  entry(10, 0x010f, 2, 16, 80) // Make
  entry(22, 0x8825, 4, 1, 40) // GPS directory
  tiff.writeUInt16BE(1, 40)
  entry(42, 0x0002, 5, 3, 96) // GPSLatitude
  tiff.write('SecretCamera 42\0', 80, 'latin1')
  tiff.write('48.8584N 2.2945E', 96, 'latin1')
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
}

/** `jpeg` with an APP1 segment after its start. */
function withExif(jpeg: Uint8Array): Uint8Array {
  const block = exif()
  const head = Buffer.from([0xff, 0xe1, (block.length + 2) >> 8, (block.length + 2) & 255])
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), head, block, jpeg.subarray(2)]))
}

describe('what is sent', () => {
  test('has nothing of the metadata: no EXIF, no place, no camera', async () => {
    const file = withExif(fixture('baseline-420.jpg'))
    expect(Buffer.from(file).toString('latin1')).toContain('48.8584N')
    const sent = await forward(file)
    expect(chunks(sent).map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND'])
    expect(Buffer.from(sent).toString('latin1')).not.toMatch(/exif|48\.8584|SecretCamera/i)
    expect(Buffer.from(sent).equals(await forward(fixture('baseline-420.jpg')))).toBe(true)
  })

  test.each(['baseline-420.jpg', 'palette-alpha.png', 'orientation-6.jpg', '1x1.png'])(
    '%s is the same picture, pixel for pixel, upright and on white',
    async (name) => {
      const pixels = await decode(fixture(name), 224)
      const again = await decode((await toPicture(pixels)).bytes, 224)
      expect([again.width, again.height]).toEqual([pixels.width, pixels.height])
      expect(Buffer.from(again.data).equals(Buffer.from(pixels.data))).toBe(true)
    },
  )

  test.each([
    [1600, 1200, 768, 576],
    [300, 4000, 58, 768],
    [4000, 1, 768, 1],
  ])('%i × %i becomes %i × %i', async (width, height, ...size) => {
    const data = new Uint8Array(width * height * 4).fill(200)
    const { bytes, type } = await toPicture({ width, height, data })
    expect(type).toBe('image/png')
    const sent = await decode(bytes, 224)
    expect([sent.width, sent.height]).toEqual(size)
    expect(Math.max(...size)).toBe(LONGEST_SIDE)
    expect(sent.data.slice(0, 4)).toEqual(Uint8Array.of(200, 200, 200, 255))
  })

  test('of a reduced picture, the part that is the picture', async () => {
    const data = new Uint8Array(4 * 4 * 4).fill(255)
    for (let y = 0; y < 4; y++) for (let x = 0; x < 2; x++) data.fill(0, (y * 4 + x) * 4, (y * 4 + x) * 4 + 3)
    const box = { x: 0, y: 0, width: 2, height: 4 }
    const sent = await decode((await toPicture({ width: 4, height: 4, data, box })).bytes, 224)
    expect([sent.width, sent.height, sent.data[0]]).toEqual([2, 4, 0])
  })
})
