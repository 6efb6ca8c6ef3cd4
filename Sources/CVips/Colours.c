// Samples of any type and color space as 8-bit gray or sRGB.
#define _GNU_SOURCE  // memmem
#include <math.h>
#include <string.h>

#include "Work.h"

// MARK: Samples

/// The smallest and largest of samples; `*finite` is 0 if one is no finite number.
#define RANGE(type)                            \
  for (size_t i = 0; i < count; i++) {         \
    double value = ((const type *)samples)[i]; \
    if (!isfinite(value)) *finite = 0;         \
    if (value < *low) *low = value;            \
    if (value > *high) *high = value;          \
  }

static void measure(VipsImage *memory, double *low, double *high, int *finite) {
  const void *samples = VIPS_IMAGE_ADDR(memory, 0, 0);
  size_t count = VIPS_IMAGE_N_PELS(memory) * memory->Bands;
  *low = INFINITY;
  *high = -INFINITY;
  *finite = 1;
  switch (memory->BandFmt) {
    case VIPS_FORMAT_UINT: RANGE(uint32_t) break;
    case VIPS_FORMAT_INT: RANGE(int32_t) break;
    case VIPS_FORMAT_FLOAT: RANGE(float) break;
    default: RANGE(double)
  }
}

static int refuse(meaning what, const char *reason) {
  *what.status = CV_UNSUPPORTED;
  return fail(reason);
}

/// Scales samples of 32 and 64 bits to 16 bits: floating-point 0…1, integers from 0 to the largest of their type.
/// Refused: samples outside of that range, and integers that end below 1/256 of it, which were meant for a smaller range.
static int scaled(VipsObject *scope, VipsImage *in, meaning what, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 4);
  char reason[160];
  if (in->Type == VIPS_INTERPRETATION_CMYK) return refuse(what, "its inks have more than 16 bits");
  if (what.white_zero) return refuse(what, "its white is 0");
  double low, high, full;
  int finite;
  const char *kind;
  switch (in->BandFmt) {
    case VIPS_FORMAT_UINT: full = UINT32_MAX, kind = "integers"; break;
    case VIPS_FORMAT_INT: full = INT32_MAX, kind = "signed integers"; break;
    case VIPS_FORMAT_FLOAT:
    case VIPS_FORMAT_DOUBLE: full = 1, kind = "floating-point numbers"; break;
    default: return refuse(what, "its samples are signed or complex numbers, which have no range of brightness");
  }
  if (!(t[0] = vips_image_copy_memory(in))) return -1;
  measure(t[0], &low, &high, &finite);
  if (!finite) return refuse(what, "some of its samples are not finite numbers");
  // Of floating-point numbers, what rounds to 0…255 is inside.
  int outside = full > 1 ? low < 0 : low < -1.0 / 510 || high > 1 + 1.0 / 510;
  if (outside || (full > 1 && high > 0 && high < full / 256)) {
    g_snprintf(reason, sizeof reason, "its samples are %s from %.6g to %.6g, which is not the range 0…%.10g", kind, low,
               high, full);
    return refuse(what, reason);
  }
  if (vips_linear1(t[0], &t[1], 65535 / full, 0, NULL) || vips_rint(t[1], &t[2], NULL) ||
      vips_cast_ushort(t[2], &t[3], NULL))
    return -1;
  return vips_copy(t[3], out, "interpretation", in->Bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16,
                   NULL);
}

/// Whether the samples are brightnesses, not coordinates of another color space.
static int is_plain(VipsImage *image) {
  switch (image->Type) {
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_scRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16:
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16:
    case VIPS_INTERPRETATION_MULTIBAND: return image->Coding == VIPS_CODING_NONE;
    default: return 0;
  }
}

/// Converts samples to 8 or 16 bits over the whole range of their type; other color spaces stay as they are.
static int ranged(VipsObject *scope, VipsImage *in, meaning what, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
  int narrow = in->BandFmt == VIPS_FORMAT_UCHAR || in->BandFmt == VIPS_FORMAT_USHORT;
  int usual = in->BandFmt == VIPS_FORMAT_UCHAR ? 255 : 65535;
  if (!narrow && (is_plain(in) || in->Type == VIPS_INTERPRETATION_CMYK)) return scaled(scope, in, what, out);
  if (!narrow || !what.maximum || what.maximum == usual) return vips_copy(in, out, NULL);
  if (vips_linear1(in, &t[0], (double)usual / what.maximum, 0, NULL) || vips_rint(t[0], &t[1], NULL)) return -1;
  return vips_cast(t[1], out, in->BandFmt, NULL);
}

/// Converts samples to bytes: 16 bits times 1/257 with rounding (the inverse of widening), others clipped.
static int to_bytes(VipsObject *scope, VipsImage *in, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
  if (in->BandFmt == VIPS_FORMAT_UCHAR) return vips_copy(in, out, NULL);
  if (in->BandFmt != VIPS_FORMAT_USHORT) return vips_cast_uchar(in, out, NULL);
  if (vips_linear1(in, &t[0], 1.0 / 257.0, 0.0, NULL) || vips_rint(t[0], &t[1], NULL)) return -1;
  return vips_cast_uchar(t[1], out, NULL);
}

// MARK: Profiles (ICC.1:2010, §7: a header of 128 bytes, the number of tags, for each: name, offset, size)

static uint32_t number(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/// The entry of a tag, or NULL.
static const uint8_t *tag(const uint8_t *profile, size_t size, const char *name) {
  uint32_t count = number(profile + 128);
  for (uint32_t i = 0; i < count && 132 + 12 * (size_t)(i + 1) <= size; i++)
    if (!memcmp(profile + 132 + 12 * i, name, 4)) return profile + 132 + 12 * i;
  return NULL;
}

static int is_srgb(const void *data, size_t size) {
  return memmem(data, size, "sRGB IEC61966", 13) != NULL || memmem(data, size, "s\0R\0G\0B\0 \0I\0E\0C", 15) != NULL;
}

/// Whether a profile describes pixels of this kind: RGB, gray or CMYK.
static int fits(const uint8_t *profile, size_t size, VipsImage *image, int grey) {
  if (size < 132 || memcmp(profile + 36, "acsp", 4)) return 0;
  static const char *const devices[] = {"scnr", "mntr", "prtr", "spac"};
  int is_device = 0;
  for (int i = 0; i < 4; i++) is_device |= !memcmp(profile + 12, devices[i], 4);
  const char *space = image->Type == VIPS_INTERPRETATION_CMYK ? "CMYK" : grey ? "GRAY" : "RGB ";
  return is_device && !memcmp(profile + 16, space, 4) && (is_plain(image) || image->Type == VIPS_INTERPRETATION_CMYK);
}

/// Gives the image a profile with a table for the relative colorimetric intent. The table A2B0 serves each intent that
/// has none of its own (ICC.1:2010, §9.1 and §8.2), but libvips then ignores the profile. So A2B1 is entered as a second
/// name of A2B0's table.
static int with_relative_table(VipsImage *in, const uint8_t *profile, size_t size, VipsImage **out) {
  if (vips_copy(in, out, NULL)) return -1;
  const uint8_t *perceptual = tag(profile, size, "A2B0");
  uint32_t count = number(profile + 128);
  size_t table = 132 + 12 * (size_t)count;
  if (!perceptual || tag(profile, size, "A2B1") || count > 1000 || table > size) return 0;
  uint8_t *longer = g_try_malloc(size + 12);
  if (!longer) return 0;
  memcpy(longer, profile, table);
  memcpy(longer + table, "A2B1", 4);
  memcpy(longer + table + 4, perceptual + 4, 8);
  memcpy(longer + table + 12, profile + table, size - table);
  put(longer, (uint32_t)size + 12);
  put(longer + 128, count + 1);
  // The data moved by the new entry.
  for (uint32_t i = 0; i <= count; i++) put(longer + 136 + 12 * i, number(longer + 136 + 12 * i) + 12);
  vips_image_set_blob(*out, VIPS_META_ICC_NAME, (VipsCallbackFn)vips_area_free_cb, longer, size + 12);
  return 0;
}

/// The colors by the embedded profile, if it fits, or for inks by libvips' own. Returns 0 on success.
static int by_profile(VipsObject *scope, VipsImage *in, int grey, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
  int cmyk = in->Type == VIPS_INTERPRETATION_CMYK;
  const void *profile;
  size_t size;
  if (vips_image_get_typeof(in, VIPS_META_ICC_NAME) && !vips_image_get_blob(in, VIPS_META_ICC_NAME, &profile, &size) &&
      fits(profile, size, in, grey) && !is_srgb(profile, size) && !with_relative_table(in, profile, size, &t[0]) &&
      !vips_icc_transform(t[0], &t[1], "srgb", "embedded", TRUE, "input_profile", cmyk ? "cmyk" : NULL, "depth", 8,
                          NULL))
    return vips_extract_band(t[1], out, 0, "n", grey ? 1 : 3, NULL);
  t[1] = NULL;
  if (!cmyk || vips_icc_transform(in, &t[1], "srgb", "input_profile", "cmyk", "depth", 8, NULL)) return -1;
  return vips_extract_band(t[1], out, 0, "n", 3, NULL);
}

/// The color bands (no alpha) as 8-bit gray or sRGB.
static int colours(VipsObject *scope, VipsImage *in, int grey, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 2);
  if (!by_profile(scope, in, grey, out)) return 0;
  if (is_plain(in)) {
    if (to_bytes(scope, in, &t[1])) return -1;
  } else {
    if (vips_colourspace(in, &t[0], grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL)) return -1;
    if (to_bytes(scope, t[0], &t[1])) return -1;
  }
  if (grey || t[1]->Bands >= 3) return vips_extract_band(t[1], out, 0, "n", grey ? 1 : 3, NULL);
  return vips_colourspace(t[1], out, VIPS_INTERPRETATION_sRGB, NULL);
}

int normalized(VipsObject *scope, VipsImage *in, meaning what, VipsImage **out) {
  VipsImage **t = (VipsImage **)vips_object_local_array(scope, 5);
  int alpha = has_alpha(in), grey = what.grey;
  int bands = in->Type == VIPS_INTERPRETATION_CMYK ? 4 : in->Bands - alpha >= 3 ? 3 : in->Bands - alpha;
  int plain = in->Type == VIPS_INTERPRETATION_sRGB || in->Type == VIPS_INTERPRETATION_B_W;
  if (plain && in->BandFmt == VIPS_FORMAT_UCHAR &&
      in->Bands == (alpha  ? 4
                    : grey ? 1
                           : 3) &&
      (!what.maximum || what.maximum == 255) && !vips_image_get_typeof(in, VIPS_META_ICC_NAME)) {
    // The usual case in datasets needs no operation.
    g_object_ref(in);
    *out = in;
    return 0;
  }
  if (ranged(scope, in, what, &t[0]) || vips_extract_band(t[0], &t[1], 0, "n", grey ? 1 : bands, NULL)) return -1;
  if (!alpha) return colours(scope, t[1], grey, out);
  if (vips_extract_band(t[0], &t[2], bands, NULL)) return -1;
  if (colours(scope, t[1], grey, &t[3]) || to_bytes(scope, t[2], &t[4])) return -1;
  VipsImage *joined[] = {t[3], t[3], t[3], t[4]};
  if (grey) return vips_bandjoin(joined, out, 4, NULL);
  return vips_bandjoin2(t[3], t[4], out, NULL);
}
