/*
 * The entry points of avif.wasm: dav1d, then YUV to RGB on white, a row at a time. Built by ../../build_codecs.py.
 *
 * Colours as in ITU-T H.273 (the matrix from its Kr and Kb); subsampled chroma is spread by the triangle filter (weights
 * 3 and 1 towards the nearer and the farther sample), as libavif does through libyuv.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dav1d/dav1d.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static Dav1dPicture color, alpha;
static int has_alpha;
static uint8_t *row_rgb;
/* Kr and Kb of the matrix, and whether samples use all their values. */
static float kr, kb;
static int identity, full_range;

/* Room for `size` bytes of a file; 0 where the memory may not grow that far. */
EXPORT(allocate) uint8_t *allocate(size_t size) { return malloc(size); }

/* More frames than a still picture has, even one in layers: hidden ones cost time and show nothing. */
#define MAX_FRAMES 8

/* Whether the open bitstream units (AV1 specification 5.3) hold at most MAX_FRAMES frames. */
static int is_still(const uint8_t *data, size_t size) {
  int frames = 0;
  for (size_t at = 0; at < size;) {
    const int type = data[at] >> 3 & 15, has_extension = data[at] >> 2 & 1, has_size = data[at] >> 1 & 1;
    if ((type == DAV1D_OBU_FRAME || type == DAV1D_OBU_FRAME_HDR) && ++frames > MAX_FRAMES) return 0;
    at += 1 + has_extension;
    if (!has_size) break;
    uint64_t length = 0;
    for (int i = 0; i < 8 && at < size; i++) {
      length |= (uint64_t)(data[at] & 127) << (7 * i);
      if (!(data[at++] & 128)) break;
    }
    if (length > size - at) break;
    at += length;
  }
  return 1;
}

static void keep(const uint8_t *data, void *cookie) {}

/* Decodes the first frame, of at most `pixels` pixels, of an AV1 stream of `size` bytes. 0 or a negative errno. */
static int decode_item(Dav1dPicture *out, const uint8_t *data, size_t size, unsigned pixels) {
  if (!is_still(data, size)) return DAV1D_ERR(EINVAL);
  Dav1dSettings settings;
  Dav1dContext *context = NULL;
  Dav1dData input = {0};
  dav1d_default_settings(&settings);
  settings.n_threads = 1;
  settings.max_frame_delay = 1;
  settings.frame_size_limit = pixels;
  settings.all_layers = 0;
  settings.logger.callback = NULL;
  int status = dav1d_open(&context, &settings);
  if (status == 0) status = dav1d_data_wrap(&input, data, size, keep, NULL);
  while (status == 0) {
    if (input.sz > 0) {
      status = dav1d_send_data(context, &input);
      if (status != 0 && status != DAV1D_ERR(EAGAIN)) break;
    }
    const int had = input.sz > 0;
    status = dav1d_get_picture(context, out);
    if (status == 0) break;
    if (status == DAV1D_ERR(EAGAIN) && had) status = 0;
  }
  dav1d_data_unref(&input);
  if (context) dav1d_close(&context);
  return status;
}

static void set_matrix(int matrix) {
  identity = matrix == DAV1D_MC_IDENTITY;
  kr = 0.299f;
  kb = 0.114f;
  if (matrix == DAV1D_MC_BT709) kr = 0.2126f, kb = 0.0722f;
  if (matrix == DAV1D_MC_FCC) kr = 0.30f, kb = 0.11f;
  if (matrix == DAV1D_MC_SMPTE240) kr = 0.212f, kb = 0.087f;
  if (matrix == DAV1D_MC_BT2020_NCL || matrix == DAV1D_MC_BT2020_CL) kr = 0.2627f, kb = 0.0593f;
}

static int decode_both(const uint8_t *color_data, size_t color_size, const uint8_t *alpha_data, size_t alpha_size,
                       unsigned pixels, int matrix, int range) {
  if (color.data[0]) dav1d_picture_unref(&color);
  if (has_alpha) dav1d_picture_unref(&alpha);
  has_alpha = 0;
  int status = decode_item(&color, color_data, color_size, pixels);
  if (status != 0) return status;
  if (alpha_size > 0) {
    status = decode_item(&alpha, alpha_data, alpha_size, pixels);
    if (status != 0) return status;
    has_alpha = 1;
    if (alpha.p.w != color.p.w || alpha.p.h != color.p.h) return DAV1D_ERR(EINVAL);
  }
  set_matrix(matrix >= 0 ? matrix : color.seq_hdr->mtrx);
  if (identity && color.p.layout != DAV1D_PIXEL_LAYOUT_I444) return DAV1D_ERR(EINVAL);
  full_range = range >= 0 ? range : color.seq_hdr->color_range;
  row_rgb = realloc(row_rgb, (size_t)color.p.w * 3);
  return row_rgb ? 0 : DAV1D_ERR(ENOMEM);
}

/*
 * Decodes the colour item and, where `alpha_size` is not 0, the alpha item; neither may have more than `pixels` pixels.
 * `matrix` and `range` override what the stream says, unless they are negative. 0; 1 where the memory may not grow as far
 * as needed; 2 for any other failure.
 */
EXPORT(decode)
int decode(const uint8_t *color_data, size_t color_size, const uint8_t *alpha_data, size_t alpha_size, unsigned pixels,
           int matrix, int range) {
  const int status = decode_both(color_data, color_size, alpha_data, alpha_size, pixels, matrix, range);
  return status == 0 ? 0 : status == DAV1D_ERR(ENOMEM) ? 1 : 2;
}

EXPORT(width) int width(void) { return color.p.w; }
EXPORT(height) int height(void) { return color.p.h; }

/* A sample in 8 bits; what it has more is dropped, as libavif does. */
static inline int sample(const Dav1dPicture *p, int plane, int x, int y) {
  const uint8_t *row = (const uint8_t *)p->data[plane] + y * p->stride[plane > 0];
  return p->p.bpc == 8 ? row[x] : ((const uint16_t *)row)[x] >> (p->p.bpc - 8);
}

static inline int lower(int a, int b) { return a < b ? a : b; }

/* Chroma at pixel (x, y), times 16. */
static inline int chroma(int plane, int x, int y, int half_x, int half_y) {
  const int w = (color.p.w + half_x) >> half_x, h = (color.p.h + half_y) >> half_y;
  const int cx = x >> half_x, cy = y >> half_y;
  int nx = half_x ? cx + ((x & 1) ? 1 : -1) : cx, ny = half_y ? cy + ((y & 1) ? 1 : -1) : cy;
  nx = nx < 0 ? 0 : lower(nx, w - 1);
  ny = ny < 0 ? 0 : lower(ny, h - 1);
  return 9 * sample(&color, plane, cx, cy) + 3 * sample(&color, plane, nx, cy) + 3 * sample(&color, plane, cx, ny) +
         sample(&color, plane, nx, ny);
}

static inline int to_byte(float v) {
  const int i = (int)(v * 255.0f + 0.5f);
  return i < 0 ? 0 : i > 255 ? 255 : i;
}

/* `v` of `a` in 255 over white, rounded to nearest. */
static inline uint8_t on_white(int v, int a) {
  const int sum = v * a + 255 * (255 - a) + 128;
  return (uint8_t)((sum + (sum >> 8)) >> 8);
}

/* Row `y` of the picture as RGB triplets on white; the next call overwrites them. */
EXPORT(row) uint8_t *row(int y) {
  const int layout = color.p.layout;
  const int half_x = layout == DAV1D_PIXEL_LAYOUT_I420 || layout == DAV1D_PIXEL_LAYOUT_I422;
  const int half_y = layout == DAV1D_PIXEL_LAYOUT_I420;
  const float black = full_range ? 0 : 16;
  const float scale = 1.0f / (full_range ? 255 : 219);
  const float chroma_scale = 1.0f / 16 / (full_range ? 255 : 224);
  const float middle = 16 * 128, kg = 1 - kr - kb;
  for (int x = 0; x < color.p.w; x++) {
    const float luma = (sample(&color, 0, x, y) - black) * scale;
    float r = luma, g = luma, b = luma;
    if (layout != DAV1D_PIXEL_LAYOUT_I400 && identity) {
      b = (sample(&color, 1, x, y) - black) * scale;
      r = (sample(&color, 2, x, y) - black) * scale;
    } else if (layout != DAV1D_PIXEL_LAYOUT_I400) {
      const float cb = (chroma(1, x, y, half_x, half_y) - middle) * chroma_scale;
      const float cr = (chroma(2, x, y, half_x, half_y) - middle) * chroma_scale;
      r += 2 * (1 - kr) * cr;
      b += 2 * (1 - kb) * cb;
      g -= (2 * kr * (1 - kr) * cr + 2 * kb * (1 - kb) * cb) / kg;
    }
    int a = 255;
    if (has_alpha) {
      a = sample(&alpha, 0, x, y);
      if (!alpha.seq_hdr->color_range) a = to_byte((a - 16) / 219.0f);
    }
    row_rgb[x * 3] = on_white(to_byte(r), a);
    row_rgb[x * 3 + 1] = on_white(to_byte(g), a);
    row_rgb[x * 3 + 2] = on_white(to_byte(b), a);
  }
  return row_rgb;
}
