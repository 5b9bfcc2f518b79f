/** The pictures of test/fixtures/images and what Pillow makes of them; made by make_fixtures.py. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { ImageSpec } from '../../src/types.ts'

const folder = new URL('../fixtures/images/', import.meta.url)
const read = (name: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(name, folder))))

export interface Case {
  file: string
  bytes: Uint8Array
  /** Size after orientation. */
  width: number
  height: number
  spec: ImageSpec
  /** The `size` × `size` RGB bytes of the reference. */
  reference: Uint8Array
}

type Listed = { file: string; size: number; width: number; height: number } & Partial<ImageSpec>

/** Bytes of one fixture. */
export const fixture = read

export const MEAN = [0.48145466, 0.4578275, 0.40821073] as const
export const STD = [0.26862954, 0.26130258, 0.27577711] as const

/** All fixtures, in the order of cases.json. */
export function cases(): Case[] {
  const references = new Uint8Array(gunzipSync(read('references.bin.gz')))
  let at = 0
  return (JSON.parse(new TextDecoder().decode(read('cases.json'))) as Listed[]).map((listed) => {
    const length = listed.size * listed.size * 3
    at += length
    return {
      file: listed.file,
      bytes: read(listed.file),
      width: listed.width,
      height: listed.height,
      spec: {
        size: listed.size,
        resize: listed.resize ?? 'shortest',
        interpolation: listed.interpolation ?? 'bicubic',
        mean: MEAN,
        std: STD,
      },
      reference: references.subarray(at - length, at),
    }
  })
}

/** Mean absolute difference of two pictures, in units of 1/255. */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!)
  return sum / a.length
}
