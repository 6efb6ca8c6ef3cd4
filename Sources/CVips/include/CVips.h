// A C shim over libvips. Goals, in order of priority:
//
// 1. Swift can call it: libvips' functions are variadic, and Swift cannot call those.
// 2. No global state: each call returns a status and a message that the caller owns. libvips has one error buffer for
//    all threads; `explain` in CVips.c separates their messages.
// 3. Small: bytes in, bytes out. Policies (names, limits, error sentences) are in the Swift module Images.
//
// All functions are thread-safe. Free messages with `free`, pixels and encoded bytes with `cv_free`.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The result of a call.
typedef enum {
  CV_OK = 0,
  CV_NOT_AN_IMAGE = 1,     ///< no allowed loader recognizes the bytes
  CV_BAD_HEADER = 2,       ///< the format is known, the header is damaged or truncated
  CV_BAD_PIXELS = 3,       ///< the header is valid, the pixels are damaged or truncated
  CV_TOO_LARGE = 4,        ///< more pixels than the caller's limits; the header is set
  CV_ANIMATED = 5,         ///< several pages, but the caller wants one; the header is set
  CV_FAILED = 6,           ///< resizing, drawing or encoding failed
  CV_UNSUPPORTED = 7,      ///< the samples have no known range, or a decoder does not know this variant of its format
  CV_NO_MEMORY = 8,        ///< memory is short
  CV_NO_THREADS = 9,       ///< the process may not start another thread
  CV_NO_DESCRIPTORS = 10,  ///< the process may not open another file
} cv_status;

/// The header of a file, after applying its EXIF orientation.
typedef struct {
  int width, height;
  int channels;  ///< of the result of `cv_decode`: 1 gray, 3 color, 4 color with alpha
  int pages;     ///< frames of an animation, pages of a document, else 1
} cv_header;

/// Interleaved 8-bit pixels, rows from top to bottom.
typedef struct {
  uint8_t *data;  ///< height × width × channels bytes, freed with `cv_free`
  size_t size;
  int width, height, channels;
} cv_pixels;

/// Starts libvips once, with one worker per call and no operation cache. Returns 0 on success.
int cv_start(void);

/// The version of libvips, such as "8.14.1"; it needs no start.
const char *cv_version(void);

/// Reads the header only.
cv_status cv_read_header(const void *bytes, size_t size, cv_header *header, char **message);

/// Decodes to upright 8-bit sRGB: applies the EXIF orientation, converts ICC and CMYK, scales 16 bits by 1/257, integers
/// of 32 bits from their whole range, floating-point numbers from 0…1, expands palettes. Gray stays gray (1 channel);
/// gray with alpha becomes color with alpha (4 channels).
cv_status cv_decode(const void *bytes, size_t size, int max_side, int64_t max_pixels, int first_page_only,
                    cv_header *header, cv_pixels *out, char **message);

/// Resizes to exactly out_width × out_height: Lanczos-3, bicubic to enlarge. Alpha is premultiplied meanwhile.
cv_status cv_resize_lanczos(const uint8_t *data, int width, int height, int channels, int out_width, int out_height,
                            cv_pixels *out, char **message);

/// The formats of `cv_encode`.
typedef enum { CV_PNG = 0, CV_JPEG = 1, CV_WEBP = 2, CV_WEBP_LOSSLESS = 3, CV_GIF = 4 } cv_format;

/// Encodes one image, or `frames` stacked images as an animated WebP or GIF that repeats forever. A GIF has 256
/// colors a frame, with dithering, and pixels are opaque or transparent.
/// - effort: PNG compression 0…9, JPEG and WebP quality 1…100.
/// - delays: the milliseconds of each frame; NULL for one image.
cv_status cv_encode(const uint8_t *data, int width, int height, int channels, int frames, int *delays, cv_format format,
                    int effort, void **bytes, size_t *size, char **message);

/// Draws a line of plain text as a coverage mask 0…255, one channel; letters are about `pixels` high.
cv_status cv_text(const char *utf8, int pixels, cv_pixels *out, char **message);

/// Whether this libvips can draw SVG (has librsvg).
int cv_draws_svg(void);

/// Draws an SVG document with `scale` pixels per SVG pixel, as sRGB with alpha (4 channels, not premultiplied).
cv_status cv_draw_svg(const void *bytes, size_t size, double scale, cv_pixels *out, char **message);

/// Frees `cv_pixels.data` or encoded bytes.
void cv_free(void *memory);
