/** The header of an AVIF file: boxes (ISO/IEC 14496-12), item properties (ISO/IEC 23008-12 §6.5 and §9.3). */
import { ascii, corrupt, type ImageInfo, type Orientation, u16be, u32be } from '../info.ts'

/** Brands of `ftyp` that are read here, and those of the HEVC kin that are not. */
const AVIF = new Set(['avif', 'avis'])
const HEIC = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1', 'mif2'])

/** What a file with an `ftyp` box is: its major brand counts first, then the compatible ones. */
export function brandOf(b: Uint8Array): 'avif' | 'heic' | undefined {
  const end = Math.min(b.length, u32be(b, 0))
  const brands = [ascii(b, 8, 4)]
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(b, at, 4))
  if (brands.some((brand) => AVIF.has(brand))) return 'avif'
  return brands.some((brand) => HEIC.has(brand)) ? 'heic' : undefined
}

/** Properties of the primary item, by type, in order. */
type Properties = { type: string; data: Uint8Array }[]

/** What `sniff` tells of an AVIF, of its primary item. Throws `image_corrupt`. */
export function avifInfo(b: Uint8Array): ImageInfo {
  const meta = find(b, 'meta')
  const properties = meta && primaryProperties(meta.subarray(4))
  const extents = properties?.find((p) => p.type === 'ispe')?.data
  if (!properties || !extents || extents.length < 12) throw corrupt('The AVIF has no header.')
  const width = u32be(extents, 4)
  const height = u32be(extents, 8)
  if (width === 0 || height === 0) throw corrupt('The AVIF has no size.')
  return { format: 'avif', width, height, orientation: orientationOf(properties), interlaced: false }
}

/** Rotation (`irot`, quarter turns anticlockwise) and mirror (`imir`, axis 0 upside down, 1 left to right) as an EXIF orientation. */
function orientationOf(properties: Properties): Orientation {
  const first = (type: string) => properties.find((p) => p.type === type)?.data[0]
  const turns = (first('irot') ?? 0) & 3
  const mirror = first('imir')
  const row = mirror === undefined ? 0 : (mirror & 1) + 1
  return ORIENTATIONS[row]![turns]!
}

/** By mirror (none, axis 0, axis 1) and quarter turns: the rotation comes first. */
const ORIENTATIONS: Orientation[][] = [
  [1, 8, 3, 6],
  [4, 5, 2, 7],
  [2, 7, 4, 5],
]

/** The boxes in `b`: type and content. A box that claims more than there is ends with `b`. */
function* boxes(b: Uint8Array): Generator<{ type: string; data: Uint8Array }> {
  for (let at = 0; at + 8 <= b.length; ) {
    let size = u32be(b, at)
    let header = 8
    if (size === 1 && at + 16 <= b.length) {
      size = u32be(b, at + 8) * 0x1_0000_0000 + u32be(b, at + 12)
      header = 16
    } else if (size === 0) size = b.length - at
    if (size < header) return
    yield { type: ascii(b, at + 4, 4), data: b.subarray(at + header, Math.min(b.length, at + size)) }
    at += size
  }
}

function find(b: Uint8Array, type: string): Uint8Array | undefined {
  for (const box of boxes(b)) if (box.type === type) return box.data
  return undefined
}

/** The properties that `ipma` gives to the item that `pitm` names. */
function primaryProperties(meta: Uint8Array): Properties | undefined {
  const primary = find(meta, 'pitm')
  const iprp = find(meta, 'iprp')
  const container = iprp && find(iprp, 'ipco')
  const associations = iprp && find(iprp, 'ipma')
  if (!primary || primary.length < 6 || !container || !associations || associations.length < 8) return undefined
  const item = primary[0] === 0 || primary.length < 8 ? u16be(primary, 4) : u32be(primary, 4)
  const all = [...boxes(container)]
  return associated(associations, item).flatMap((index) => all[index - 1] ?? [])
}

/** The property indices (from 1) of `item` in an `ipma` box. */
function associated(ipma: Uint8Array, item: number): number[] {
  const wideIds = ipma[0] !== 0
  const wideIndices = (ipma[3]! & 1) === 1
  const step = wideIndices ? 2 : 1
  for (let at = 8; at + (wideIds ? 5 : 3) <= ipma.length; ) {
    const id = wideIds ? u32be(ipma, at) : u16be(ipma, at)
    at += wideIds ? 4 : 2
    const count = ipma[at++]!
    if (at + count * step > ipma.length) return []
    if (id === item) {
      return Array.from({ length: count }, (_, i) =>
        wideIndices ? u16be(ipma, at + i * 2) & 0x7fff : ipma[at + i]! & 0x7f,
      )
    }
    at += count * step
  }
  return []
}
