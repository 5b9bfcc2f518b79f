/** Loads what a request needs from the assets of every answer: manifest, model spec, index, tokenizer. */
import { parseModelSpec } from './encoder/model-spec.ts'
import { TermlensError } from './errors.ts'
import type { Engine } from './interrogator.ts'
import { createTokenCounter } from './prompt/index.ts'
import { openIndex, parseManifest } from './term-index/index.ts'

/** Reads an asset by its path under assets/, without a leading slash: `index/manifest.json`. */
export type ReadAsset = (path: string) => Promise<Response>

/**
 * Everything but the image encoder.
 * @param relaxedKernel the search kernel with relaxed SIMD, where the runtime compiles it: faster, the same answers
 * @throws TermlensError `index_invalid`, `index_version`, `index_model_mismatch`, `model_load_failed`
 */
export async function loadEngine(
  read: ReadAsset,
  relaxedKernel?: WebAssembly.Module,
): Promise<Engine & { bytes: number }> {
  const manifest = parseManifest(await readJson(read, 'index/manifest.json', 'index_invalid'))
  const [spec, tokenizer] = await Promise.all([
    readJson(read, `models/${manifest.model.name}/model.json`, 'model_load_failed').then(parseModelSpec),
    readBytes(read, 'tokenizer/clip-merges.bin', 'model_load_failed'),
  ])
  const index = await openIndex({
    manifest,
    spec,
    relaxedKernel,
    read: (file) => readOk(read, `index/${file}`, 'index_invalid'),
  })
  return { spec, ranker: index, counter: createTokenCounter(tokenizer), bytes: index.bytes }
}

type LoadFailure = 'index_invalid' | 'model_load_failed'

async function readOk(read: ReadAsset, path: string, code: LoadFailure): Promise<Response> {
  let response: Response
  try {
    response = await read(path)
  } catch (cause) {
    throw new TermlensError(code, `The asset ${path} could not be read.`, { cause })
  }
  if (!response.ok) throw new TermlensError(code, `The asset ${path} is not there (status ${response.status}).`)
  return response
}

export async function readBytes(read: ReadAsset, path: string, code: LoadFailure): Promise<Uint8Array> {
  return new Uint8Array(await (await readOk(read, path, code)).arrayBuffer())
}

async function readJson(read: ReadAsset, path: string, code: LoadFailure): Promise<unknown> {
  const response = await readOk(read, path, code)
  try {
    return await response.json()
  } catch (cause) {
    throw new TermlensError(code, `The asset ${path} is not JSON.`, { cause })
  }
}
