// What the files of the shim share; not visible to Swift.
#pragma once
#include "CVips.h"

#include <vips/vips.h>

typedef cv_status (*work)(void *);

/// Runs `body` in parallel with others; if it fails, runs it again alone to read its message.
/// - memory: the bytes that the work may take for sound input, read after it; see `shortage`.
cv_status explain(work body, void *arguments, const size_t *memory, char **message);

/// Reports a failure with this reason. Returns -1.
int fail(const char *reason);

/// Whether the text has one of these parts, in any case; the list ends with NULL.
int has_any(const char *text, const char *const parts[]);

/// Copies the pixels of an 8-bit image. Returns 0 on success.
int take_pixels(VipsImage *image, cv_pixels *out);

// MARK: Marks in the bytes of files (Marks.c)

/// The header of a PBM, PGM or PPM.
typedef struct {
  int width, height;
  int maximum;       ///< the sample of white; 0 for bitmaps
  int has_comments;  ///< libvips reads some comments as numbers
  size_t data;       ///< where the samples begin
} ppm_header;

/// Reads a header. Returns 0 for other files.
int read_ppm(const uint8_t *bytes, size_t size, ppm_header *header);

/// The file without the comments of its header, freed with `g_free`; NULL without memory.
uint8_t *without_comments(const uint8_t *bytes, size_t size, ppm_header header, size_t *plain);

/// Whether a file of 3 equal channels holds gray: a BMP with a gray palette, a monochrome AVIF or HEIF.
int holds_grey(const uint8_t *bytes, size_t size);

/// Whether a TIFF stores white as 0.
int is_white_zero(const uint8_t *bytes, size_t size);

/// Whether the bytes before a JPEG's last marker are `count` times the same byte, padding of some cameras and editors.
int is_padded(const uint8_t *bytes, size_t size, size_t count);

/// Whether a JPEG 2000 codestream lacks its end marker; 0 for other files.
int lacks_end(const uint8_t *bytes, size_t size);

// MARK: JPEG (Jpeg.c)

/// The image of a JPEG with the size, color space and profile of `header`. Returns 0 on success; what libjpeg reports as
/// damage is a failure.
int read_jpeg(VipsObject *scope, const uint8_t *bytes, size_t size, VipsImage *header, VipsImage **out);

// MARK: Colors (Colours.c)

/// What the pixels of a file mean beyond their type.
typedef struct {
  int jpeg;           ///< read with `read_jpeg`
  int grey;           ///< one gray band, perhaps repeated thrice, and perhaps alpha
  int maximum;        ///< the sample of white; 0: the usual one of the type
  int white_zero;     ///< white is 0
  cv_status *status;  ///< set to `CV_UNSUPPORTED` with a message where the samples have no known range
} meaning;

/// Whether the image has alpha; packed CIELAB has four bands, but none is alpha.
static inline int has_alpha(VipsImage *image) {
  return image->Coding == VIPS_CODING_NONE && vips_image_hasalpha(image);
}

/// Converts any bands to 8-bit gray, sRGB, or sRGB with alpha. Returns 0 on success.
int normalized(VipsObject *scope, VipsImage *in, meaning what, VipsImage **out);
