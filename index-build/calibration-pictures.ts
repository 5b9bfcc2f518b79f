/** Embeddings of the pictures in assets/calibration, kept in .cache/ by the digests of model and pictures. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { startClock } from '../src/clock.ts'
import { TermlensError } from '../src/errors.ts'
import { createVision, loadEncoder } from '../src/vision.ts'
import { readSpec } from './build.ts'
import { readFrom } from './local-engine.ts'

export interface CalibrationOptions {
  /** The assets/ folder. */
  assets: string
  model: string
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
  cacheDir?: string
}

const defaultCache = fileURLToPath(new URL('../.cache/', import.meta.url))

/**
 * In the order of file names, unit length. Encoding takes some seconds; from the cache it takes none.
 * @throws TermlensError `setup_missing` where there are no pictures, of the image and model families; the reason of `signal`
 */
export async function calibrationEmbeddings({
  assets,
  model,
  signal,
  onProgress,
  cacheDir = defaultCache,
}: CalibrationOptions): Promise<Float32Array[]> {
  const folder = join(assets, 'calibration')
  const spec = await readSpec(join(assets, 'models', model))
  const files = await readdir(folder).catch((): string[] => [])
  const names = files.filter((name) => name.endsWith('.webp')).sort()
  if (names.length === 0) {
    throw new TermlensError('setup_missing', `There are no calibration pictures in ${folder}.`, {
      hint: 'Fetch them again: git checkout -- assets/calibration. Assets of your own need that folder too.',
    })
  }
  const pictures = await Promise.all(names.map((name) => readFile(join(folder, name))))
  const digest = createHash('sha256').update(JSON.stringify([spec.digest, spec.image]))
  for (const bytes of pictures) digest.update(createHash('sha256').update(bytes).digest())
  const cached = join(cacheDir, `calibration-${digest.digest('hex').slice(0, 32)}.f32`)
  const size = spec.embedding_size
  const known = await readFile(cached).catch(() => undefined)
  if (known?.length === pictures.length * size * 4) {
    const all = new Float32Array(new Uint8Array(known).buffer)
    return pictures.map((_, i) => all.subarray(i * size, (i + 1) * size))
  }

  const read = readFrom(assets)
  const see = createVision(spec, () => loadEncoder(read, spec, ortWasm))
  const embeddings: Float32Array[] = []
  for (const bytes of pictures) {
    signal?.throwIfAborted()
    onProgress?.(embeddings.length, pictures.length)
    embeddings.push(await see(bytes, startClock(), signal))
  }
  onProgress?.(embeddings.length, pictures.length)
  const all = new Float32Array(embeddings.length * size)
  embeddings.forEach((embedding, i) => {
    all.set(embedding, i * size)
  })
  await mkdir(cacheDir, { recursive: true })
  await writeFile(`${cached}.part`, new Uint8Array(all.buffer))
  await rename(`${cached}.part`, cached)
  return embeddings
}
