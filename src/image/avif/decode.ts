/** AVIF to pixels, with dav1d (built by build_codecs.py), reduced as the rows come out of it. */
import { IMAGE_BUDGET, reductionFor, tooManyPixels } from '../caps.ts'
import { corrupt, type DecodedPixels, type ImageInfo } from '../info.ts'
import { createReducer, type Reducer, reducerBytes } from '../reduce.ts'
import { type Avif, parseAvif, type Tile } from './header.ts'
import module from './kernel/avif.wasm'

/** The exports of kernel/decoder.c. */
interface Kernel {
  _initialize(): void
  allocate(bytes: number): number
  decode(
    color: number,
    colorBytes: number,
    alpha: number,
    alphaBytes: number,
    pixels: number,
    matrix: number,
    range: number,
  ): number
  width(): number
  height(): number
  row(y: number): number
}

const PAGE = 65_536
/** Pages that the module declares: its stack and its tables. */
const INITIAL_PAGES = 9
const OUT_OF_MEMORY = 1

/**
 * Decodes an AVIF whose `info` was checked against the caps, reduced for a model of `side` pixels.
 * Throws `image_corrupt`, `image_unsupported`, or `image_too_many_pixels` where dav1d would need more than the budget.
 */
export function decodeAvif(bytes: Uint8Array, info: ImageInfo, side: number, signal?: AbortSignal): DecodedPixels {
  const avif = parseAvif(bytes)
  const { width, height } = avif
  const reduction = { width, height, factor: reductionFor(width, height, side), orientation: info.orientation }
  const isGrid = avif.tiles.length > 1
  const maximum = Math.floor((IMAGE_BUDGET - bytes.length - reducerBytes(reduction, isGrid)) / PAGE)
  if (maximum < INITIAL_PAGES) throw tooManyPixels(info)
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum })
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel
  const reducer = createReducer(reduction, isGrid)
  try {
    kernel._initialize()
    for (const tile of avif.tiles) {
      signal?.throwIfAborted()
      decodeTile(kernel, memory, avif, tile, reducer, info)
    }
  } catch (cause) {
    if (cause instanceof WebAssembly.RuntimeError) throw corrupt('The AVIF is damaged.', cause)
    throw cause
  }
  return reducer.finish()
}

function decodeTile(
  kernel: Kernel,
  memory: WebAssembly.Memory,
  avif: Avif,
  tile: Tile,
  reducer: Reducer,
  info: ImageInfo,
): void {
  const { color, alpha, x, y, width, height } = tile
  const size = color.length + (alpha?.length ?? 0)
  const at = kernel.allocate(size)
  if (at === 0) throw tooManyPixels(info)
  new Uint8Array(memory.buffer).set(color, at)
  if (alpha) new Uint8Array(memory.buffer).set(alpha, at + color.length)
  const status = kernel.decode(
    at,
    color.length,
    at + color.length,
    alpha?.length ?? 0,
    width * height,
    avif.matrix,
    avif.range,
  )
  if (status === OUT_OF_MEMORY) throw tooManyPixels(info)
  if (status !== 0) throw corrupt('The AVIF is damaged.')
  if (kernel.width() !== width || kernel.height() !== height) throw corrupt('The AVIF has a damaged header.')
  const columns = Math.min(width, avif.width - x)
  for (let row = 0; row < Math.min(height, avif.height - y); row++) {
    reducer.add(y + row, new Uint8Array(memory.buffer, kernel.row(row), width * 3), columns, x)
  }
}
