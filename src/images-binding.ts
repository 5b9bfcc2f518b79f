/** Cloudflare Images, where it is bound, for what the built-in codecs refuse: HEIC, and pictures over their format's cap. */

/** What is used of the binding (https://developers.cloudflare.com/images/optimization/transformations/bindings/). */
export interface ImagesBinding {
  input(stream: ReadableStream<Uint8Array>): ImagesTransformer
}

interface ImagesTransformer {
  transform(options: { width: number; height: number; fit: 'scale-down' }): ImagesTransformer
  output(options: { format: 'image/png' }): Promise<{ response(): Response }>
}

/** Longest side of what comes back, in pixels: enough for any model, small for the built-in decoder. */
const SIDE = 1024

/** From the bytes of a picture to a PNG of at most 1,024 pixels a side, oriented. Rejects with what the binding rejects with. */
export const reduceWith =
  (images: ImagesBinding) =>
  async (image: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => {
    const result = await images
      .input(new Blob([image]).stream())
      .transform({ width: SIDE, height: SIDE, fit: 'scale-down' })
      .output({ format: 'image/png' })
    return new Uint8Array(await result.response().arrayBuffer())
  }
