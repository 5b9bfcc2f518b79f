/** What an AVIF file holds (ISO/IEC 23008-12 and the AVIF specification of AOM): its items, and how they make a picture. */
import { TermlensError } from '../../errors.ts'
import { ascii, corrupt, type ImageInfo, type Orientation, u32be } from '../info.ts'
import { type Box, boxes, Fields, find } from './boxes.ts'

/** Brands of `ftyp` that are read here, and those of the HEVC kin that are not. */
const AVIF = new Set(['avif', 'avis'])
const HEIC = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1', 'mif2'])

/** What a file with an `ftyp` box is, by its brands. */
export function brandOf(b: Uint8Array): 'avif' | 'heic' | undefined {
  const end = Math.min(b.length, u32be(b, 0))
  const brands = [ascii(b, 8, 4)]
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(b, at, 4))
  if (brands.some((brand) => AVIF.has(brand))) return 'avif'
  return brands.some((brand) => HEIC.has(brand)) ? 'heic' : undefined
}

/** A part of the picture: AV1 streams of its colours and, where there is one, of its alpha. */
export interface Tile {
  color: Uint8Array
  alpha: Uint8Array | undefined
  x: number
  y: number
  /** Its size by its properties; the last tiles of a grid may reach beyond the picture. */
  width: number
  height: number
}

export interface Avif {
  width: number
  height: number
  /** H.273 matrix coefficients and range of a `colr` property; -1 where the stream decides. */
  matrix: number
  range: number
  tiles: Tile[]
}

/** What `sniff` tells of an AVIF: of its primary item. Throws `image_corrupt`. */
export function avifInfo(b: Uint8Array): ImageInfo {
  const meta = readMeta(b)
  const properties = propertiesOf(meta, primaryItem(meta))
  return { format: 'avif', ...sizeOf(properties), orientation: orientationOf(properties), held: false }
}

/** Reads all that decoding needs. Throws `image_corrupt`, or `image_unsupported` for derived pictures other than grids. */
export function parseAvif(b: Uint8Array): Avif {
  const meta = readMeta(b)
  const primary = primaryItem(meta)
  const properties = propertiesOf(meta, primary)
  const alpha = references(meta, 'auxl').find(({ from, to }) => to.includes(primary) && isAlpha(meta, from))?.from
  const nclx = properties.find((p) => p.type === 'colr' && ascii(p.data, 0, 4) === 'nclx' && p.data.length >= 11)?.data
  return {
    ...sizeOf(properties),
    matrix: nclx ? nclx[9]! : -1,
    range: nclx ? nclx[10]! >> 7 : -1,
    tiles: tilesOf(b, meta, primary, alpha),
  }
}

/** The boxes of `meta`, after its version and flags. */
function readMeta(b: Uint8Array): Box[] {
  const meta = find(boxes(b), 'meta')
  if (!meta) throw corrupt('The AVIF has no header.')
  return boxes(meta.subarray(4))
}

const versioned = (meta: Box[], type: string): { version: number; flags: number; fields: Fields } | undefined => {
  const data = find(meta, type)
  if (!data) return undefined
  const fields = new Fields(data)
  const word = fields.uint(4)
  return { version: word >>> 24, flags: word & 0xffffff, fields }
}

function primaryItem(meta: Box[]): number {
  const pitm = versioned(meta, 'pitm')
  if (!pitm) throw corrupt('The AVIF has no header.')
  return pitm.fields.uint(pitm.version === 0 ? 2 : 4)
}

/** The properties that `ipma` gives to an item, in order. */
function propertiesOf(meta: Box[], item: number): Box[] {
  const iprp = boxes(find(meta, 'iprp') ?? new Uint8Array(0))
  const all = boxes(find(iprp, 'ipco') ?? new Uint8Array(0))
  const ipma = versioned(iprp, 'ipma')
  if (!ipma) throw corrupt('The AVIF has no header.')
  const { version, flags, fields } = ipma
  const wide = (flags & 1) === 1
  for (let left = fields.uint(4); left > 0; left--) {
    const id = fields.uint(version < 1 ? 2 : 4)
    const indices = Array.from({ length: fields.uint(1) }, () =>
      wide ? fields.uint(2) & 0x7fff : fields.uint(1) & 0x7f,
    )
    if (id === item) return indices.flatMap((index) => all[index - 1] ?? [])
  }
  return []
}

/** `ispe`. */
function sizeOf(properties: Box[]): { width: number; height: number } {
  const ispe = find(properties, 'ispe')
  if (!ispe || ispe.length < 12) throw corrupt('The AVIF has no header.')
  const width = u32be(ispe, 4)
  const height = u32be(ispe, 8)
  if (width === 0 || height === 0) throw corrupt('The AVIF has no size.')
  return { width, height }
}

/** By mirror (none, `imir` axis 0: upside down, axis 1: left to right) and `irot` quarter turns anticlockwise, which come first. */
const ORIENTATIONS: Orientation[][] = [
  [1, 8, 3, 6],
  [4, 5, 2, 7],
  [2, 7, 4, 5],
]

function orientationOf(properties: Box[]): Orientation {
  const turns = (find(properties, 'irot')?.[0] ?? 0) & 3
  const mirror = find(properties, 'imir')?.[0]
  return ORIENTATIONS[mirror === undefined ? 0 : (mirror & 1) + 1]![turns]!
}

const isAlpha = (meta: Box[], item: number): boolean => {
  const kind = find(propertiesOf(meta, item), 'auxC')
  return kind !== undefined && /auxiliary:alpha|auxid:1/.test(ascii(kind, 4, Math.min(64, kind.length - 4)))
}

/** The references of one type in `iref`: from an item to others. */
function references(meta: Box[], type: string): { from: number; to: number[] }[] {
  const iref = find(meta, 'iref')
  if (!iref) return []
  const size = iref[0] === 0 ? 2 : 4
  return boxes(iref.subarray(4)).flatMap((box) => {
    if (box.type !== type) return []
    const fields = new Fields(box.data)
    const from = fields.uint(size)
    return { from, to: Array.from({ length: fields.uint(2) }, () => fields.uint(size)) }
  })
}

/** The four letters that `iinf` gives for an item. */
function typeOf(meta: Box[], item: number): string {
  const iinf = find(meta, 'iinf') ?? new Uint8Array(0)
  for (const { type, data } of boxes(iinf.subarray(iinf[0] === 0 ? 6 : 8))) {
    if (type !== 'infe') continue
    const fields = new Fields(data)
    const version = fields.uint(4) >>> 24
    const id = fields.uint(version === 3 ? 4 : 2)
    fields.uint(2)
    if (id === item) return fields.text(4)
  }
  return ''
}

/** The bytes of an item, by `iloc`: from the file, or from `idat`. */
function dataOf(b: Uint8Array, meta: Box[], item: number): Uint8Array {
  const iloc = versioned(meta, 'iloc')
  if (!iloc) throw corrupt('The AVIF has no header.')
  const { version, fields } = iloc
  const sizes = fields.uint(2)
  const idSize = version < 2 ? 2 : 4
  for (let left = fields.uint(idSize); left > 0; left--) {
    const id = fields.uint(idSize)
    const inFile = version === 0 || (fields.uint(2) & 15) === 0
    fields.uint(2)
    const base = fields.uint((sizes >> 4) & 15)
    const extents = Array.from({ length: fields.uint(2) }, () => {
      if (version > 0) fields.uint(sizes & 15)
      return { offset: base + fields.uint(sizes >> 12), length: fields.uint((sizes >> 8) & 15) }
    })
    if (id !== item) continue
    const from = inFile ? b : (find(meta, 'idat') ?? new Uint8Array(0))
    return join(extents.map(({ offset, length }) => slice(from, offset, length || from.length - offset)))
  }
  throw corrupt('The AVIF has no pixels.')
}

function slice(b: Uint8Array, offset: number, length: number): Uint8Array {
  if (length <= 0 || offset + length > b.length) throw corrupt('The AVIF is cut short.')
  return b.subarray(offset, offset + length)
}

function join(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  // Extents may repeat bytes of the file: their sum is bounded as the file is.
  if (parts.length === 0 || size > MAX_ITEM) throw corrupt('The AVIF header is damaged.')
  const out = new Uint8Array(size)
  parts.reduce((at, part) => {
    out.set(part, at)
    return at + part.length
  }, 0)
  return out
}

const MAX_ITEM = 10_000_000
const MAX_TILES = 256

/** The picture itself, or the cells of a `grid` (ISO/IEC 23008-12 §6.6.2.3). */
function tilesOf(b: Uint8Array, meta: Box[], item: number, alpha: number | undefined): Tile[] {
  const type = typeOf(meta, item)
  if (type === 'av01') {
    const bytes = alpha === undefined ? undefined : dataOf(b, meta, alpha)
    return [{ color: dataOf(b, meta, item), alpha: bytes, x: 0, y: 0, ...sizeOf(propertiesOf(meta, item)) }]
  }
  if (type === '') throw corrupt('The AVIF has no pixels.')
  if (type !== 'grid') throw new TermlensError('image_unsupported', 'The AVIF is derived from other pictures.')
  const grid = new Fields(dataOf(b, meta, item))
  grid.uint(2)
  const rows = grid.uint(1) + 1
  const columns = grid.uint(1) + 1
  const cells = (id: number) => references(meta, 'dimg').find(({ from }) => from === id)?.to ?? []
  const colors = cells(item)
  const alphas = alpha === undefined ? [] : cells(alpha)
  if (colors.length !== rows * columns || colors.length > MAX_TILES) throw corrupt('The AVIF header is damaged.')
  const size = sizeOf(propertiesOf(meta, colors[0]!))
  const picture = sizeOf(propertiesOf(meta, item))
  const fits = (cell: number, count: number, all: number) => cell * count >= all && cell * (count - 1) < all
  if (!fits(size.width, columns, picture.width) || !fits(size.height, rows, picture.height)) {
    throw corrupt('The AVIF header is damaged.')
  }
  return colors.map((color, i) => ({
    color: dataOf(b, meta, color),
    alpha: alphas[i] === undefined ? undefined : dataOf(b, meta, alphas[i]),
    x: (i % columns) * size.width,
    y: Math.floor(i / columns) * size.height,
    ...size,
  }))
}
