// The pixels of a JPEG by libjpeg itself, and the damage that it finds.
//
// libvips stops at the last row. libjpeg finds some damage only after it: bytes that no block has used.
#include <setjmp.h>
#include <stdio.h>
// After stdio.h, which it needs.
#include <jerror.h>
#include <jpeglib.h>

#include "Work.h"

/// More scans than encoders make; a small file with many of them takes hours.
enum { max_scans = 500 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  const uint8_t *bytes;
  size_t size;
} manager;

static void leave(j_common_ptr common) {
  char reason[JMSG_LENGTH_MAX];
  common->err->format_message(common, reason);
  vips_error(NULL, "%s", reason);
  longjmp(((manager *)common->err)->escape, 1);
}

/// Whether a warning leaves the pixels as they were meant: bytes between the segments of the header, padding before the
/// last marker, and parameters that some programs write wrongly.
static int is_harmless(j_common_ptr common) {
  manager *m = (manager *)common->err;
  switch (m->base.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return ((j_decompress_ptr)common)->input_scan_number == 0 ||
             (m->base.msg_parm.i[1] == 0xd9 && is_padded(m->bytes, m->size, (size_t)m->base.msg_parm.i[0]));
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL: return 1;
    default: return 0;
  }
}

static void hear(j_common_ptr common, int level) {
  if (level < 0 && !is_harmless(common)) leave(common);
}

static void count_scans(j_common_ptr common) {
  if (((j_decompress_ptr)common)->input_scan_number <= max_scans) return;
  vips_error(NULL, "it has more than %d scans", max_scans);
  longjmp(((manager *)common->err)->escape, 1);
}

static void release(VipsImage *image, void *pixels) { g_free(pixels); }

/// Decodes gray and RGB; inks are decoded only to find damage, and `*pixels` stays NULL.
static int decode(const uint8_t *bytes, size_t size, VipsImage *header, uint8_t **pixels) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
  manager m = {.bytes = bytes, .size = size};
  uint8_t *volatile rows = NULL;
  jpeg.err = jpeg_std_error(&m.base);
  m.base.error_exit = leave;
  m.base.emit_message = hear;
  if (setjmp(m.escape)) {
    jpeg_destroy_decompress(&jpeg);
    g_free(rows);
    return -1;
  }
  jpeg_create_decompress(&jpeg);
  jpeg.progress = &progress;
  jpeg_mem_src(&jpeg, (unsigned char *)bytes, size);
  jpeg_read_header(&jpeg, TRUE);
  jpeg_start_decompress(&jpeg);
  size_t width = (size_t)jpeg.output_width * jpeg.output_components;
  int keeps = jpeg.out_color_space == JCS_GRAYSCALE || jpeg.out_color_space == JCS_RGB;
  keeps = keeps && (int)jpeg.output_width == header->Xsize && (int)jpeg.output_height == header->Ysize &&
          jpeg.output_components == header->Bands;
  rows = g_try_malloc(keeps ? width * jpeg.output_height : width);
  if (!rows) {
    vips_error(NULL, "out of memory");
    longjmp(m.escape, 1);
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = rows + (keeps ? width * jpeg.output_scanline : 0);
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  if (keeps) *pixels = rows;
  else g_free(rows);
  return 0;
}

int read_jpeg(VipsObject *scope, const uint8_t *bytes, size_t size, VipsImage *header, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 1);
  uint8_t *pixels = NULL;
  if (decode(bytes, size, header, &pixels)) return -1;
  if (!pixels) return vips_copy(header, out, NULL);
  size_t length = VIPS_IMAGE_N_PELS(header) * header->Bands;
  t[0] = vips_image_new_from_memory(pixels, length, header->Xsize, header->Ysize, header->Bands, VIPS_FORMAT_UCHAR);
  if (!t[0]) {
    g_free(pixels);
    return -1;
  }
  g_signal_connect(t[0], "postclose", G_CALLBACK(release), pixels);
  if (vips_copy(t[0], out, "interpretation", header->Type, NULL)) return -1;
  const void *profile;
  size_t profile_size;
  if (vips_image_get_typeof(header, VIPS_META_ICC_NAME) &&
      !vips_image_get_blob(header, VIPS_META_ICC_NAME, &profile, &profile_size))
    vips_image_set_blob_copy(*out, VIPS_META_ICC_NAME, profile, profile_size);
  return 0;
}
