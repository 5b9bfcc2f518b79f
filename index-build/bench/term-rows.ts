/** Vectors of real texts for the benches, and pictures to ask with; what is missing is said, and nothing is made up in its place. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromHalf } from '../../src/term-index/half.ts'
import { EMBEDDED, readSpec } from '../build.ts'
import { calibrationEmbeddings } from '../calibration-pictures.ts'
import { thousands } from '../table.ts'
import { openTextCache } from '../text-cache.ts'

const assets = fileURLToPath(new URL('../../assets/', import.meta.url))
export const cacheDir = fileURLToPath(new URL('../../.cache/', import.meta.url))
/** Vectors of more texts, by the same model: f16, little-endian, `embedding_size` a row. Not committed. */
const MORE = 'bench-rows.f16'

export interface TermRows {
  dims: number
  available: number
  /** Where they are from. */
  source: string
  /** Embeddings of the calibration pictures. */
  queries: Float32Array[]
  /** So many of the rows, evenly chosen; all of them at most. */
  take(count: number): Float32Array[]
  /** Lines for a report that wanted rows of these sizes; none where it has them. */
  missing(sizes: readonly number[]): string[]
}

export async function termRows(): Promise<TermRows> {
  const modelDir = join(assets, 'models', EMBEDDED)
  const spec = await readSpec(modelDir)
  const dims = spec.embedding_size
  const texts = (await readFile(join(modelDir, `${spec.text.cache}.txt`), 'utf8')).split(/\r?\n/).filter(Boolean)
  const vectors = await (await openTextCache(modelDir, spec)).encode(texts)
  const more = await readFile(join(cacheDir, MORE)).catch(() => undefined)
  const fits = more !== undefined && more.length > 0 && more.length % (2 * dims) === 0
  if (fits) vectors.push(...unpack(more, dims))
  const source = `${thousands(texts.length)} texts of the model's committed cache${fits ? ` and ${thousands(vectors.length - texts.length)} of .cache/${MORE}` : ''}`
  return {
    dims,
    available: vectors.length,
    source,
    queries: await calibrationEmbeddings({ assets, model: EMBEDDED }),
    take: (count) => {
      const size = Math.min(count, vectors.length)
      return Array.from({ length: size }, (_, i) => vectors[Math.floor((i * vectors.length) / size)]!)
    },
    missing: (sizes) => {
      const absent = sizes.filter((size) => size > vectors.length)
      if (absent.length === 0) return []
      const why = more && !fits ? `does not hold rows of ${dims} numbers` : fits ? 'has too few' : 'is not there'
      return [
        `NOT MEASURED: ${absent.map(thousands).join(' and ')} rows. There are ${source}; .cache/${MORE} (vectors of real phrases by the same model, f16) ${why}.`,
        `INSTEAD: ${thousands(vectors.length)} rows, all there are. Rows made from others by noise would be easier to find than real ones.`,
      ]
    },
  }
}

function unpack(bytes: Buffer, dims: number): Float32Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / (2 * dims) }, (_, row) =>
    Float32Array.from({ length: dims }, (_, i) => fromHalf(view.getUint16(2 * (row * dims + i), true))),
  )
}
