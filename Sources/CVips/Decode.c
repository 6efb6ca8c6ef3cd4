// Decoding.
#include <stdlib.h>
#include <string.h>

#include "Work.h"

/// Whether this is a raster format: documents, vector and scientific formats are refused. ImageMagick reads BMP only.
static int allowed(const char *loader, const uint8_t *bytes, size_t size) {
  static const char *const kinds[] = {"jpegload", "pngload",  "webpload", "gifload", "tiffload",
                                      "heifload", "jp2kload", "jxlload",  "ppmload"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strncmp(loader, kinds[i], strlen(kinds[i]))) return 1;
  return !strncmp(loader, "magickload", 10) && size > 2 && bytes[0] == 'B' && bytes[1] == 'M';
}

/// Whether the first bytes are those of a format that `allowed` knows, of which libvips may need to see more.
static int starts_like_an_image(const uint8_t *bytes, size_t size) {
  static const char *const starts[] = {"\x89PNG", "\xff\xd8\xff",     "GIF8",          "II*", "MM\0*",
                                       "II+",     "\xff\x4f\xff\x51", "\0\0\0\x0cjP  "};
  static const size_t lengths[] = {4, 3, 4, 4, 4, 4, 4, 8};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    if (size > lengths[i] && !memcmp(bytes, starts[i], lengths[i])) return 1;
  if (size < 12) return 0;
  return (!memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4)) ||
         (!memcmp(bytes + 4, "ftyp", 4) &&
          (!memcmp(bytes + 8, "avif", 4) || !memcmp(bytes + 8, "hei", 3) || !memcmp(bytes + 8, "mif1", 4)));
}

typedef struct {
  const void *bytes;
  size_t size;
  cv_header *header;
  int max_side;
  int64_t max_pixels;
  int first_page_only;
  size_t memory;  // see `explain`
  cv_pixels *out;
  uint8_t *plain;  // bytes that replace the given ones, owned
} decode_arguments;

/// Larger files are decoded row by row, which takes less memory but more time.
static const size_t small_file = 1 << 20;
/// Larger images too: libvips would write their pixels to a temporary file.
static const size_t small_image = 64 << 20;

/// The nickname of the loader for these bytes, or NULL.
static const char *loader_for(const char *type, const decode_arguments *a) {
  const char *nickname = type ? vips_nickname_find(g_type_from_name(type)) : NULL;
  return nickname && allowed(nickname, a->bytes, a->size) ? nickname : NULL;
}

static VipsImage *load(const decode_arguments *a, VipsSource *source, const char *loader, VipsAccess access) {
  // Warnings of libnsgif mean damage, those of the others metadata. See `read_jpeg`, and `listen` in CVips.c for TIFF.
  int is_gif = !strncmp(loader, "gif", 3), is_jpeg = !strncmp(loader, "jpeg", 4);
  VipsFailOn fail_on = is_gif ? VIPS_FAIL_ON_WARNING : is_jpeg ? VIPS_FAIL_ON_NONE : VIPS_FAIL_ON_ERROR;
  return source ? vips_image_new_from_source(source, "", "access", access, "fail_on", fail_on, NULL)
                : vips_image_new_from_buffer(a->bytes, a->size, "", "access", access, "fail_on", fail_on, NULL);
}

static cv_status open_image(decode_arguments *a, VipsImage **image, meaning *what) {
  ppm_header ppm = {0};
  if (read_ppm(a->bytes, a->size, &ppm) && ppm.has_comments && !a->plain) {
    if (!(a->plain = without_comments(a->bytes, a->size, ppm, &a->size))) return fail("out of memory"), CV_BAD_HEADER;
    a->bytes = a->plain;
  }
  // Some loaders read only from buffers, others only from sources.
  VipsSource *source = NULL;
  const char *loader = loader_for(vips_foreign_find_load_buffer(a->bytes, a->size), a);
  if (!loader && (source = vips_source_new_from_memory(a->bytes, a->size)))
    loader = loader_for(vips_foreign_find_load_source(source), a);
  if (loader) {
    *image = load(a, source, loader, a->size <= small_file ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL);
    if (*image && a->size <= small_file && VIPS_IMAGE_SIZEOF_IMAGE(*image) > small_image) {
      g_object_unref(*image);
      *image = load(a, source, loader, VIPS_ACCESS_SEQUENTIAL);
    }
  }
  if (source) g_object_unref(source);
  if (!loader && starts_like_an_image(a->bytes, a->size)) fail("its header is damaged or incomplete");
  if (!loader) return starts_like_an_image(a->bytes, a->size) ? CV_BAD_HEADER : CV_NOT_AN_IMAGE;
  if (!*image) return CV_BAD_HEADER;

  VipsImage *in = *image;
  int alpha = has_alpha(in), turned = vips_image_get_orientation_swap(in);
  what->jpeg = !strncmp(loader, "jpeg", 4);
  what->grey = in->Bands - alpha == 1 || (in->Bands - alpha == 3 && holds_grey(a->bytes, a->size));
  what->maximum = ppm.maximum;
  what->white_zero = is_white_zero(a->bytes, a->size);
  a->header->width = turned ? in->Ysize : in->Xsize;
  a->header->height = turned ? in->Xsize : in->Ysize;
  a->header->channels = alpha ? 4 : what->grey ? 1 : 3;
  // The pages of JPEG 2000 are the same image in smaller sizes.
  a->header->pages = strncmp(loader, "jp2k", 4) ? vips_image_get_n_pages(in) : 1;
  // A sound image takes a few copies, as wide as 32 bits a sample.
  a->memory += 16 * VIPS_IMAGE_N_PELS(in) * (size_t)in->Bands;
  return CV_OK;
}

static cv_status read_header(void *pointer) {
  decode_arguments *a = pointer;
  VipsImage *image = NULL;
  meaning what = {0};
  a->memory = 64 << 20;
  cv_status status = open_image(a, &image, &what);
  if (image) g_object_unref(image);
  return status;
}

static cv_status decode(void *pointer) {
  decode_arguments *a = pointer;
  VipsObject *scope = VIPS_OBJECT(vips_image_new());
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 5);
  cv_status failure = CV_BAD_PIXELS;
  meaning what = {.status = &failure};
  a->memory = 64 << 20;
  cv_status status = open_image(a, &t[0], &what);
  if (status == CV_OK) {
    cv_header *h = a->header;
    if (h->width > a->max_side || h->height > a->max_side || (int64_t)h->width * h->height > a->max_pixels)
      status = CV_TOO_LARGE;
    else if (h->pages > 1 && !a->first_page_only) status = CV_ANIMATED;
    else if (lacks_end(a->bytes, a->size) && fail("unexpected end of data")) status = CV_BAD_PIXELS;
    else if (what.jpeg ? read_jpeg(scope, a->bytes, a->size, t[0], &t[4]) : vips_copy(t[0], &t[4], NULL))
      status = CV_BAD_PIXELS;
    else if (normalized(scope, t[4], what, &t[1])) status = failure;
    else if (vips_image_get_orientation(t[0]) > 1) {
      // Rotation needs random access to the rows: copy to memory first.
      vips_image_set_int(t[1], VIPS_META_ORIENTATION, vips_image_get_orientation(t[0]));
      if (!(t[2] = vips_image_copy_memory(t[1])) || vips_autorot(t[2], &t[3], NULL) || take_pixels(t[3], a->out))
        status = CV_BAD_PIXELS;
    } else if (take_pixels(t[1], a->out)) status = CV_BAD_PIXELS;
  }
  g_object_unref(scope);
  return status;
}

/// Runs `body` and names the failures of variants that a decoder does not know.
static cv_status decoded(work body, decode_arguments *a, char **message) {
  static const char *const words[] = {
      "unsupported tiff",    "samples out of range", "unsupported jpeg process", "unsupported color conversion",
      "unsupported feature", "unsupported codec",    "no decoding plugin",       NULL};
  cv_status status = explain(body, a, &a->memory, message);
  g_free(a->plain);
  int is_bad = status == CV_BAD_HEADER || status == CV_BAD_PIXELS;
  return is_bad && has_any(*message, words) ? CV_UNSUPPORTED : status;
}

cv_status cv_read_header(const void *bytes, size_t size, cv_header *header, char **message) {
  decode_arguments a = {.bytes = bytes, .size = size, .header = header};
  return decoded(read_header, &a, message);
}

cv_status cv_decode(const void *bytes, size_t size, int max_side, int64_t max_pixels, int first_page_only,
                    cv_header *header, cv_pixels *out, char **message) {
  decode_arguments a = {.bytes = bytes,
                        .size = size,
                        .header = header,
                        .max_side = max_side,
                        .max_pixels = max_pixels,
                        .first_page_only = first_page_only,
                        .out = out};
  cv_status status = decoded(decode, &a, message);
  if (status != CV_OK) {
    g_free(out->data);
    out->data = NULL;
  }
  return status;
}
