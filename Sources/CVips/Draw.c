// Resizing, encoding, text and SVG.
#include "Work.h"

#include <pthread.h>

// Pango's font maps are not thread-safe.
static pthread_mutex_t fonts = PTHREAD_MUTEX_INITIALIZER;

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
  size_t memory;  // see `explain`
} draw_arguments;

static VipsImage *wrap(const draw_arguments *a, int height) {
  size_t size = (size_t)a->width * height * a->channels;
  VipsImage *plain = vips_image_new_from_memory(a->data, size, a->width, height, a->channels, VIPS_FORMAT_UCHAR),
            *typed = NULL;
  if (!plain) return NULL;
  vips_copy(plain, &typed, "interpretation", a->channels < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB,
            NULL);
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
      if (!vips_premultiply(t[0], &t[1], NULL) &&
          !vips_resize(t[1], &t[2], x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) &&
          !vips_unpremultiply(t[2], &t[3], NULL) && !vips_rint(t[3], &t[4], NULL) &&
          !vips_cast_uchar(t[4], &t[5], NULL) && !take_pixels(t[5], a->out))
        status = CV_OK;
    } else if (!vips_resize(t[0], &t[1], x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) &&
               !take_pixels(t[1], a->out))
      status = CV_OK;
  }
  g_object_unref(scope);
  return status;
}

cv_status cv_resize_lanczos(const uint8_t *data, int width, int height, int channels, int out_width, int out_height,
                            cv_pixels *out, char **message) {
  draw_arguments a = {.data = data,
                      .width = width,
                      .height = height,
                      .channels = channels,
                      .out_width = out_width,
                      .out_height = out_height,
                      .out = out};
  a.memory = 4 * (size_t)channels * ((size_t)width * height + (size_t)out_width * out_height) + (64 << 20);
  return explain(resize, &a, &a.memory, message);
}

static cv_status encode(void *pointer) {
  draw_arguments *a = pointer;
  VipsImage *image = wrap(a, a->height * a->frames);
  if (!image) return CV_FAILED;
  g_free(*a->bytes);  // of an earlier run
  *a->bytes = NULL;
  if (a->delays) {
    vips_image_set_int(image, VIPS_META_PAGE_HEIGHT, a->height);
    vips_image_set_int(image, "loop", 0);
    vips_image_set_array_int(image, "delay", a->delays, a->frames);
  }
  int status = -1;
  switch (a->format) {
    case CV_PNG:
      status = vips_pngsave_buffer(image, a->bytes, a->size, "compression", a->effort, "filter",
                                   a->effort ? VIPS_FOREIGN_PNG_FILTER_ALL : VIPS_FOREIGN_PNG_FILTER_NONE, "strip",
                                   TRUE, NULL);
      break;
    case CV_JPEG:
      status =
          vips_jpegsave_buffer(image, a->bytes, a->size, "Q", a->effort, "optimize_coding", TRUE, "strip", TRUE, NULL);
      break;
    case CV_GIF: status = vips_gifsave_buffer(image, a->bytes, a->size, NULL); break;
    case CV_WEBP:
    case CV_WEBP_LOSSLESS:
      status = vips_webpsave_buffer(image, a->bytes, a->size, "Q", a->effort, "lossless", a->format == CV_WEBP_LOSSLESS,
                                    "strip", a->delays == NULL, NULL);
      break;
  }
  g_object_unref(image);
  return status ? CV_FAILED : CV_OK;
}

cv_status cv_encode(const uint8_t *data, int width, int height, int channels, int frames, int *delays, cv_format format,
                    int effort, void **bytes, size_t *size, char **message) {
  draw_arguments a = {.data = data,
                      .width = width,
                      .height = height,
                      .channels = channels,
                      .frames = frames,
                      .delays = delays,
                      .format = format,
                      .effort = effort,
                      .bytes = bytes,
                      .size = size};
  a.memory = 4 * (size_t)channels * width * height * frames + (64 << 20);
  return explain(encode, &a, &a.memory, message);
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
  draw_arguments a = {.data = bytes, .length = size, .scale = scale, .out = out, .memory = 64 << 20};
  pthread_mutex_lock(&fonts);
  cv_status status = explain(draw_svg, &a, &a.memory, message);
  pthread_mutex_unlock(&fonts);
  return status;
}

cv_status cv_text(const char *utf8, int pixels, cv_pixels *out, char **message) {
  draw_arguments a = {.text = utf8, .out_height = pixels, .out = out, .memory = 64 << 20};
  pthread_mutex_lock(&fonts);
  cv_status status = explain(draw_text, &a, &a.memory, message);
  pthread_mutex_unlock(&fonts);
  return status;
}
