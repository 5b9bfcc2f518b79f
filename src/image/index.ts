/**
 * The room that turns the bytes of a file into what a model takes: `sniff` (format and size), `decode` (pixels, oriented,
 * on white) and `toTensor` (resized as Pillow does, normalised). One folder per format; codecs are instantiated for one
 * picture and dropped. Everything stays within `IMAGE_BUDGET` bytes, which the caps are measured to.
 */
export { type Cap, caps, IMAGE_BUDGET, MAX_BYTES } from './caps.ts'
export { decode } from './decode.ts'
export type { DecodedPixels, Format, ImageInfo, Orientation } from './info.ts'
export { resizeWindow } from './resize.ts'
export { sniff } from './sniff.ts'
export { toSquare, toTensor } from './tensor.ts'
