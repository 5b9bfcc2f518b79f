/* The entry points of webp.wasm: libwebp's decoder, at full scale or reduced while it decodes. Built by ../../build_codecs.py. */
#include <stdlib.h>

#include "src/webp/decode.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static uint8_t* pixels = NULL;

/* Room for `size` bytes of a file; 0 where the memory may not grow that far. */
EXPORT(allocate) uint8_t* allocate(size_t size) { return malloc(size); }

/*
 * Decodes the file of `size` bytes at `file` to RGBA of `width` x `height` pixels (its own size, or less: then every pixel
 * is the mean of its area). 0 or libwebp's VP8StatusCode: 1 is out of memory.
 */
EXPORT(decode) int decode(uint8_t* file, size_t size, int width, int height) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return VP8_STATUS_INVALID_PARAM;
  VP8StatusCode status = WebPGetFeatures(file, size, &config.input);
  if (status != VP8_STATUS_OK) return status;
  if (width != config.input.width || height != config.input.height) {
    config.options.use_scaling = 1;
    config.options.scaled_width = width;
    config.options.scaled_height = height;
  }
  const size_t bytes = (size_t)width * height * 4;
  pixels = malloc(bytes);
  if (pixels == NULL) return VP8_STATUS_OUT_OF_MEMORY;
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = width * 4;
  config.output.u.RGBA.size = bytes;
  return WebPDecode(file, size, &config);
}

/* Where the decoded pixels are. */
EXPORT(output) uint8_t* output(void) { return pixels; }
