/** The pipeline from files on this machine, for the command line: the same engine as the Worker's. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ortWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm'
import { configure } from '../src/caption/index.ts'
import { loadEngine, type ReadAsset } from '../src/engine.ts'
import type { Engine } from '../src/interrogator.ts'
import relaxedKernel from '../src/term-index/kernel/kernel-relaxed.wasm'
import { createVision, loadEncoder } from '../src/vision.ts'
import { callerDir } from './inputs.ts'

/** The folder of banks, models, index and calibration pictures: the repository's own, or that of TERMLENS_ASSETS. */
export const assetsDir = process.env.TERMLENS_ASSETS
  ? resolve(callerDir(), process.env.TERMLENS_ASSETS)
  : fileURLToPath(new URL('../assets/', import.meta.url))

export const readFrom =
  (folder: string): ReadAsset =>
  async (path) => {
    try {
      return new Response(new Uint8Array(await readFile(join(folder, ...path.split('/')))))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Response(null, { status: 404 })
      throw error
    }
  }

/** @throws TermlensError of the model and index families */
export async function loadLocalEngine(folder = assetsDir): Promise<Engine> {
  const read = readFrom(folder)
  const engine = await loadEngine(read, relaxedKernel)
  const vision = createVision(engine.spec, () => loadEncoder(read, engine.spec, ortWasm))
  const { env } = process
  const configured = configure(env.TERMLENS_CAPTIONERS, { secret: (name) => env[name] })
  return { ...engine, ...configured, see: vision, look: vision.look }
}
