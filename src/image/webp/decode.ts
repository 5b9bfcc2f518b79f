/** WebP to pixels, with libwebp (built by build_codecs.py), reduced while it decodes. Of an animation, the first frame. */
import { TermlensError } from '../../errors.ts'
import { IMAGE_BUDGET, reductionFor, tooManyPixels } from '../caps.ts'
import { corrupt, type DecodedPixels, type ImageInfo } from '../info.ts'
import { fromRgba, type Rgba } from '../rgba.ts'
import { type Frame, firstFrame } from './frame.ts'
import module from './kernel/webp.wasm'

/** The exports of kernel/decoder.c. */
interface Kernel {
  _initialize(): void
  allocate(bytes: number): number
  decode(file: number, bytes: number, width: number, height: number): number
  output(): number
}

const PAGE = 65_536
/** Pages that the module declares: its stack and its tables. */
const INITIAL_PAGES = 2
/** libwebp's VP8StatusCode. */
const OUT_OF_MEMORY = 1

/**
 * Decodes a WebP whose `info` was checked against the caps, reduced for a model of `side` pixels.
 * Throws `image_corrupt`, or `image_too_many_pixels` where libwebp would need more than the budget.
 */
export function decodeWebp(bytes: Uint8Array, info: ImageInfo, side: number): DecodedPixels {
  const frame = firstFrame(bytes, info)
  const whole = frame.width === info.width && frame.height === info.height
  const factor = whole ? reductionFor(info.width, info.height, side) : 1
  const copies = (whole ? 0 : 1) + (info.orientation === 1 ? 0 : 1)
  const out = Math.ceil(info.width / factor) * Math.ceil(info.height / factor) * 4
  const decoded = run(frame, factor, IMAGE_BUDGET - bytes.length - out * copies, info)
  const pixels = fromRgba(whole ? decoded : place(decoded, frame, info), info.orientation)
  if (factor === 1) return pixels
  // libwebp's rescaler spreads the picture over all of its pixels.
  const full =
    info.orientation >= 5 ? { width: info.height, height: info.width } : { width: info.width, height: info.height }
  return { ...pixels, full }
}

/** The result is a view of the kernel's memory, which lives as long as the pixels do and no longer. */
function run(frame: Frame, factor: number, limit: number, info: ImageInfo): Rgba {
  const maximum = Math.floor(limit / PAGE)
  if (maximum < INITIAL_PAGES) throw tooManyPixels(info)
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum })
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel
  const { file } = frame
  const width = Math.ceil(frame.width / factor)
  const height = Math.ceil(frame.height / factor)
  try {
    kernel._initialize()
    const at = kernel.allocate(file.length)
    if (at === 0) throw tooManyPixels(info)
    new Uint8Array(memory.buffer).set(file, at)
    const status = kernel.decode(at, file.length, width, height)
    if (status === OUT_OF_MEMORY) throw tooManyPixels(info)
    if (status !== 0) throw corrupt('The WebP is damaged.')
  } catch (cause) {
    throw cause instanceof TermlensError ? cause : corrupt('The WebP is damaged.', cause)
  }
  return { width, height, data: new Uint8Array(memory.buffer, kernel.output(), width * height * 4) }
}

/** A frame that does not fill its canvas, put where it belongs; the rest is transparent. */
function place(decoded: Rgba, frame: Frame, info: ImageInfo): Rgba {
  const { width, height } = decoded
  const data = new Uint8Array(info.width * info.height * 4)
  for (let y = 0; y < height; y++) {
    data.set(decoded.data.subarray(y * width * 4, (y + 1) * width * 4), ((frame.y + y) * info.width + frame.x) * 4)
  }
  return { width: info.width, height: info.height, data }
}
