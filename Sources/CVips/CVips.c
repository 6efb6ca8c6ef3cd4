#define _GNU_SOURCE // memmem
#include "CVips.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>
#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 15
#include <vips/vector.h>
#endif

// libvips has one error buffer per process. Work runs under the read lock. Failed work runs again alone, under the write
// lock with a cleared buffer, to get its own message.
static pthread_rwlock_t errors = PTHREAD_RWLOCK_INITIALIZER;
// Pango's font maps are not thread-safe.
static pthread_mutex_t fonts = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -1;

static void ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *data) {}

static void start(void) {
  started = vips_init("stylegan");
  if (started) return;
#if VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION < 15
  // These versions use liborc, which is not thread-safe (see libvips pull request 1211).
  vips_vector_set_enabled(FALSE);
#endif
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  vips_cache_set_max_mem(0);
  vips_cache_set_max_files(0);
  // Keep warnings about metadata off the terminal; failures return messages.
  g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE, ignore_log, NULL);
}

int cv_start(void) {
  pthread_once(&once, start);
  return started;
}

const char *cv_version(void) { return vips_version_string(); }

void cv_free(void *memory) { g_free(memory); }

typedef cv_status (*work)(void *);

/// Runs `body` in parallel with others; if it fails, runs it again alone to read its message.
static cv_status explain(work body, void *arguments, char **message) {
  *message = NULL;
  if (cv_start()) {
    *message = strdup("libvips did not start");
    return CV_FAILED;
  }
  pthread_rwlock_rdlock(&errors);
  cv_status status = body(arguments);
  pthread_rwlock_unlock(&errors);
  if (status == CV_OK || status == CV_TOO_LARGE || status == CV_ANIMATED) return status;

  pthread_rwlock_wrlock(&errors);
  vips_error_clear();
  status = body(arguments);
  if (status != CV_OK) *message = strdup(vips_error_buffer());
  vips_error_clear();
  pthread_rwlock_unlock(&errors);
  return status;
}

// MARK: Decoding

/// Whether this is a raster format: documents, vector and scientific formats are refused. ImageMagick reads BMP only.
static int allowed(const char *loader, const uint8_t *bytes, size_t size) {
  static const char *const kinds[] = {"jpegload", "pngload",  "webpload", "gifload", "tiffload",
                                      "heifload", "jp2kload", "jxlload",  "ppmload"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strncmp(loader, kinds[i], strlen(kinds[i]))) return 1;
  return !strncmp(loader, "magickload", 10) && size > 2 && bytes[0] == 'B' && bytes[1] == 'M';
}

static int is_grey(VipsImage *image) {
  return image->Bands - (vips_image_hasalpha(image) ? 1 : 0) == 1;
}

static int output_channels(VipsImage *image) { return vips_image_hasalpha(image) ? 4 : is_grey(image) ? 1 : 3; }

/// Larger files are decoded row by row, which takes less memory but more time.
static const size_t small_file = 1 << 20;

static cv_status open_image(const void *bytes, size_t size, cv_header *header, VipsImage **image) {
  const char *loader = vips_foreign_find_load_buffer(bytes, size);
  if (!loader) return CV_NOT_AN_IMAGE;
  const char *nickname = vips_nickname_find(g_type_from_name(loader));
  if (!nickname || !allowed(nickname, bytes, size)) return CV_NOT_AN_IMAGE;
  *image = vips_image_new_from_buffer(bytes, size, "", "access",
                                      size <= small_file ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                      VIPS_FAIL_ON_ERROR, NULL);
  if (!*image) return CV_BAD_HEADER;

  int turned = vips_image_get_orientation_swap(*image);
  header->width = turned ? (*image)->Ysize : (*image)->Xsize;
  header->height = turned ? (*image)->Xsize : (*image)->Ysize;
  header->channels = output_channels(*image);
  header->pages = vips_image_get_n_pages(*image);
  return CV_OK;
}

typedef struct {
  const void *bytes;
  size_t size;
  cv_header *header;
  int max_side;
  int64_t max_pixels;
  int first_page_only;
  cv_pixels *out;
} decode_arguments;

static cv_status read_header(void *pointer) {
  decode_arguments *a = pointer;
  VipsImage *image = NULL;
  cv_status status = open_image(a->bytes, a->size, a->header, &image);
  if (image) g_object_unref(image);
  return status;
}

/// Converts samples of any type to bytes: 16 bits times 1/257 with rounding (the inverse of widening), others clipped.
static int to_bytes(VipsObject *scope, VipsImage *in, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
  if (in->BandFmt == VIPS_FORMAT_UCHAR) return vips_copy(in, out, NULL);
  if (in->BandFmt != VIPS_FORMAT_USHORT) return vips_cast_uchar(in, out, NULL);
  if (vips_linear1(in, &t[0], 1.0 / 257.0, 0.0, NULL) || vips_rint(t[0], &t[1], NULL)) return -1;
  return vips_cast_uchar(t[1], out, NULL);
}

static int is_srgb_profile(VipsImage *image) {
  const void *data;
  size_t size;
  if (vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &size)) return 0;
  return memmem(data, size, "sRGB IEC61966", 13) != NULL || memmem(data, size, "s\0R\0G\0B\0 \0I\0E\0C", 15) != NULL;
}

/// The color bands (no alpha) as 8-bit gray or sRGB.
static int colours(VipsObject *scope, VipsImage *in, int grey, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 3);
  int cmyk = in->Type == VIPS_INTERPRETATION_CMYK;
  int profile = vips_image_get_typeof(in, VIPS_META_ICC_NAME) != 0;
  if (cmyk || (profile && !is_srgb_profile(in))) {
    // A profile that does not fit the pixels is ignored, as in image viewers.
    int status = cmyk ? vips_icc_transform(in, &t[0], "srgb", "embedded", TRUE, "input_profile", "cmyk", "depth", 8, NULL)
                      : vips_icc_transform(in, &t[0], "srgb", "embedded", TRUE, "depth", 8, NULL);
    if (!status) return vips_extract_band(t[0], out, 0, "n", grey ? 1 : 3, NULL);
    t[0] = NULL;
  }
  switch (in->Type) {
  case VIPS_INTERPRETATION_sRGB:
  case VIPS_INTERPRETATION_RGB:
  case VIPS_INTERPRETATION_RGB16:
  case VIPS_INTERPRETATION_B_W:
  case VIPS_INTERPRETATION_GREY16:
  case VIPS_INTERPRETATION_MULTIBAND:
    if (to_bytes(scope, in, &t[1])) return -1;
    break;
  default:
    if (vips_colourspace(in, &t[2], grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL)) return -1;
    if (to_bytes(scope, t[2], &t[1])) return -1;
  }
  if (grey || t[1]->Bands >= 3) return vips_extract_band(t[1], out, 0, "n", grey ? 1 : 3, NULL);
  return vips_colourspace(t[1], out, VIPS_INTERPRETATION_sRGB, NULL);
}

/// Converts any bands to the channels of `output_channels`.
static int normalised(VipsObject *scope, VipsImage *in, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 5);
  int grey = is_grey(in);
  int plain = in->Type == VIPS_INTERPRETATION_sRGB || in->Type == VIPS_INTERPRETATION_B_W;
  if (plain && in->BandFmt == VIPS_FORMAT_UCHAR && in->Bands == output_channels(in) &&
      !vips_image_get_typeof(in, VIPS_META_ICC_NAME)) {
    // The usual case in datasets needs no operation.
    g_object_ref(in);
    *out = in;
    return 0;
  }
  if (!vips_image_hasalpha(in)) return colours(scope, in, grey, out);
  int bands = in->Type == VIPS_INTERPRETATION_CMYK ? 4 : grey ? 1 : 3;
  if (vips_extract_band(in, &t[0], 0, "n", bands, NULL) || vips_extract_band(in, &t[1], bands, NULL)) return -1;
  if (colours(scope, t[0], grey, &t[2]) || to_bytes(scope, t[1], &t[3])) return -1;
  VipsImage *joined[] = {t[2], t[2], t[2], t[3]};
  if (grey) return vips_bandjoin(joined, out, 4, NULL);
  return vips_bandjoin2(t[2], t[3], out, NULL);
}

static int take_pixels(VipsImage *image, cv_pixels *out) {
  out->data = vips_image_write_to_memory(image, &out->size);
  if (!out->data) return -1;
  out->width = image->Xsize;
  out->height = image->Ysize;
  out->channels = image->Bands;
  return 0;
}

static cv_status decode(void *pointer) {
  decode_arguments *a = pointer;
  VipsObject *scope = VIPS_OBJECT(vips_image_new());
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 4);
  cv_status status = open_image(a->bytes, a->size, a->header, &t[0]);
  if (status == CV_OK) {
    cv_header *h = a->header;
    if (h->width > a->max_side || h->height > a->max_side || (int64_t)h->width * h->height > a->max_pixels)
      status = CV_TOO_LARGE;
    else if (h->pages > 1 && !a->first_page_only)
      status = CV_ANIMATED;
    else if (normalised(scope, t[0], &t[1]))
      status = CV_BAD_PIXELS;
    else if (vips_image_get_orientation(t[0]) > 1) {
      // Rotation needs random access to the rows: copy to memory first.
      vips_image_set_int(t[1], VIPS_META_ORIENTATION, vips_image_get_orientation(t[0]));
      if (!(t[2] = vips_image_copy_memory(t[1])) || vips_autorot(t[2], &t[3], NULL) || take_pixels(t[3], a->out))
        status = CV_BAD_PIXELS;
    } else if (take_pixels(t[1], a->out))
      status = CV_BAD_PIXELS;
  }
  g_object_unref(scope);
  return status;
}

cv_status cv_read_header(const void *bytes, size_t size, cv_header *header, char **message) {
  decode_arguments a = {.bytes = bytes, .size = size, .header = header};
  return explain(read_header, &a, message);
}

cv_status cv_decode(const void *bytes, size_t size, int max_side, int64_t max_pixels, int first_page_only, cv_header *header,
                    cv_pixels *out, char **message) {
  decode_arguments a = {bytes, size, header, max_side, max_pixels, first_page_only, out};
  return explain(decode, &a, message);
}

// MARK: Resizing, encoding, text

typedef struct {
  const uint8_t *data;
  int width, height, channels;
  int out_width, out_height;
  cv_format format;
  int effort, frames;
  size_t length;
  double scale;
  int *delays;
  void **bytes;
  size_t *size;
  const char *text;
  cv_pixels *out;
} draw_arguments;

static VipsImage *wrap(const draw_arguments *a, int height) {
  size_t size = (size_t)a->width * height * a->channels;
  VipsImage *plain = vips_image_new_from_memory(a->data, size, a->width, height, a->channels, VIPS_FORMAT_UCHAR), *typed = NULL;
  if (!plain) return NULL;
  vips_copy(plain, &typed, "interpretation", a->channels < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL);
  g_object_unref(plain);
  return typed;
}

static cv_status resize(void *pointer) {
  draw_arguments *a = pointer;
  VipsObject *scope = VIPS_OBJECT(vips_image_new());
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 6);
  double x = (double)a->out_width / a->width, y = (double)a->out_height / a->height;
  cv_status status = CV_FAILED;
  if ((t[0] = wrap(a, a->height))) {
    if (a->channels == 4) {
      if (!vips_premultiply(t[0], &t[1], NULL) && !vips_resize(t[1], &t[2], x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) &&
          !vips_unpremultiply(t[2], &t[3], NULL) && !vips_rint(t[3], &t[4], NULL) && !vips_cast_uchar(t[4], &t[5], NULL) &&
          !take_pixels(t[5], a->out))
        status = CV_OK;
    } else if (!vips_resize(t[0], &t[1], x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) && !take_pixels(t[1], a->out))
      status = CV_OK;
  }
  g_object_unref(scope);
  return status;
}

cv_status cv_resize_lanczos(const uint8_t *data, int width, int height, int channels, int out_width, int out_height,
                            cv_pixels *out, char **message) {
  draw_arguments a = {.data = data, .width = width, .height = height, .channels = channels,
                      .out_width = out_width, .out_height = out_height, .out = out};
  return explain(resize, &a, message);
}

static cv_status encode(void *pointer) {
  draw_arguments *a = pointer;
  VipsImage *image = wrap(a, a->height * a->frames);
  if (!image) return CV_FAILED;
  if (a->delays) {
    vips_image_set_int(image, VIPS_META_PAGE_HEIGHT, a->height);
    vips_image_set_int(image, "loop", 0);
    vips_image_set_array_int(image, "delay", a->delays, a->frames);
  }
  int status = -1;
  switch (a->format) {
  case CV_PNG:
    status = vips_pngsave_buffer(image, a->bytes, a->size, "compression", a->effort, "filter",
                                 a->effort ? VIPS_FOREIGN_PNG_FILTER_ALL : VIPS_FOREIGN_PNG_FILTER_NONE, "strip", TRUE, NULL);
    break;
  case CV_JPEG:
    status = vips_jpegsave_buffer(image, a->bytes, a->size, "Q", a->effort, "optimize_coding", TRUE, "strip", TRUE, NULL);
    break;
  case CV_WEBP:
  case CV_WEBP_LOSSLESS:
    status = vips_webpsave_buffer(image, a->bytes, a->size, "Q", a->effort, "lossless", a->format == CV_WEBP_LOSSLESS, "strip",
                                  a->delays == NULL, NULL);
    break;
  }
  g_object_unref(image);
  return status ? CV_FAILED : CV_OK;
}

cv_status cv_encode(const uint8_t *data, int width, int height, int channels, int frames, int *delays, cv_format format,
                    int effort, void **bytes, size_t *size, char **message) {
  draw_arguments a = {.data = data, .width = width, .height = height, .channels = channels, .frames = frames,
                      .delays = delays, .format = format, .effort = effort, .bytes = bytes, .size = size};
  return explain(encode, &a, message);
}

static cv_status draw_text(void *pointer) {
  draw_arguments *a = pointer;
  VipsImage *image = NULL;
  char *plain = g_markup_escape_text(a->text, -1);
  char font[32];
  g_snprintf(font, sizeof font, "sans %d", a->out_height);
  // At 72 dpi a point is a pixel.
  int status = vips_text(&image, plain, "font", font, "dpi", 72, NULL);
  g_free(plain);
  if (status) return CV_FAILED;
  status = take_pixels(image, a->out);
  g_object_unref(image);
  return status ? CV_FAILED : CV_OK;
}

int cv_draws_svg(void) { return !cv_start() && vips_type_find("VipsOperation", "svgload_buffer") != 0; }

static cv_status draw_svg(void *pointer) {
  draw_arguments *a = pointer;
  VipsImage *image = NULL;
  int status = vips_svgload_buffer((void *)a->data, a->length, &image, "scale", a->scale, NULL);
  if (!status) status = take_pixels(image, a->out);
  if (image) g_object_unref(image);
  return status ? CV_FAILED : CV_OK;
}

cv_status cv_draw_svg(const void *bytes, size_t size, double scale, cv_pixels *out, char **message) {
  draw_arguments a = {.data = bytes, .length = size, .scale = scale, .out = out};
  pthread_mutex_lock(&fonts);
  cv_status status = explain(draw_svg, &a, message);
  pthread_mutex_unlock(&fonts);
  return status;
}

cv_status cv_text(const char *utf8, int pixels, cv_pixels *out, char **message) {
  draw_arguments a = {.text = utf8, .out_height = pixels, .out = out};
  pthread_mutex_lock(&fonts);
  cv_status status = explain(draw_text, &a, message);
  pthread_mutex_unlock(&fonts);
  return status;
}
