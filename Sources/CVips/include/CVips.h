// A C shim over libvips. Goals, in order of priority:
//
// 1. Swift can call it: libvips' own calls are variadic, which Swift cannot make.
// 2. No state leaks out: each call returns a status and a message that the caller owns; libvips' process-wide error buffer
//    never reaches the caller (see `explain` in CVips.c for how a message is kept apart from those of other threads).
// 3. Small: bytes in, bytes out. Policies (names, limits, sentences for people) live in the Swift module Images.
//
// Every function may be called from any thread. Messages are freed with `free`, pixels and encoded bytes with `cv_free`.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What became of a call.
typedef enum {
  CV_OK = 0,
  CV_NOT_AN_IMAGE = 1, ///< no loader that we allow knows these bytes
  CV_BAD_HEADER = 2,   ///< the kind is known, the header is broken or cut off
  CV_BAD_PIXELS = 3,   ///< the header is sound, the pixels are broken or cut off
  CV_TOO_LARGE = 4,    ///< more pixels than the caller's limits; the header is filled in
  CV_ANIMATED = 5,     ///< more than one page and the caller wants one; the header is filled in
  CV_FAILED = 6,       ///< resizing, drawing or encoding failed
} cv_status;

/// What the header of a file says, after turning by its EXIF orientation.
typedef struct {
  int width, height;
  int channels;    ///< 1 grey, 3 colour, 4 colour with alpha: what `cv_decode` will give
  int pages;       ///< frames of an animation, pages of a document, else 1
} cv_header;

/// Interleaved 8-bit pixels, rows from top to bottom.
typedef struct {
  uint8_t *data; ///< height × width × channels bytes, freed with `cv_free`
  size_t size;
  int width, height, channels;
} cv_pixels;

/// Starts libvips once: one worker per call (callers bring their own threads), no operation cache. 0 when it is ready.
int cv_start(void);

/// Reads the header alone.
cv_status cv_read_header(const void *bytes, size_t size, cv_header *header, char **message);

/// Decodes to upright 8-bit sRGB: EXIF orientation applied, ICC and CMYK converted, 16 bits scaled by 1/257, palettes expanded.
/// Grey stays grey (1 channel), grey with alpha becomes colour with alpha (4).
cv_status cv_decode(const void *bytes, size_t size, int max_side, int64_t max_pixels, int first_page_only, cv_header *header,
                    cv_pixels *out, char **message);

/// Lanczos-3 (when enlarging: bicubic) to exactly width × height; alpha is premultiplied while resizing.
cv_status cv_resize_lanczos(const uint8_t *data, int width, int height, int channels, int out_width, int out_height,
                            cv_pixels *out, char **message);

/// Formats that `cv_encode` writes.
typedef enum { CV_PNG = 0, CV_JPEG = 1, CV_WEBP = 2, CV_WEBP_LOSSLESS = 3 } cv_format;

/// Encodes one image, or `frames` images that lie one below the other in `data` as an animated WebP that repeats for ever.
/// - effort: PNG compression 0…9, JPEG and WebP quality 1…100.
/// - delays: of an animation, milliseconds for each frame; NULL for one image.
cv_status cv_encode(const uint8_t *data, int width, int height, int channels, int frames, int *delays, cv_format format,
                    int effort, void **bytes, size_t *size, char **message);

/// Draws a line of plain text as coverage 0…255, one channel, with letters about `pixels` high.
cv_status cv_text(const char *utf8, int pixels, cv_pixels *out, char **message);

/// Whether this libvips can draw SVG (it was built with librsvg).
int cv_draws_svg(void);

/// Draws an SVG document, `scale` pixels for each of its own, as sRGB with alpha (4 channels, not premultiplied).
cv_status cv_draw_svg(const void *bytes, size_t size, double scale, cv_pixels *out, char **message);

/// Frees what a call returned in `cv_pixels.data` or as encoded bytes.
void cv_free(void *memory);
