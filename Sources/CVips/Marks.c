// Facts about files that libvips does not tell, read from their bytes.
#define _GNU_SOURCE  // memmem
#include <ctype.h>
#include <string.h>

#include "Work.h"

static uint32_t big(const uint8_t *at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; i++) value = value << 8 | at[i];
  return value;
}

static uint32_t little(const uint8_t *at, int count) {
  uint32_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | at[i];
  return value;
}

int read_ppm(const uint8_t *bytes, size_t size, ppm_header *header) {
  if (size < 8 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6') return 0;
  int is_bitmap = bytes[1] == '1' || bytes[1] == '4';  // these have no maximum
  int numbers[3] = {0, 0, 0};
  size_t at = 2;
  *header = (ppm_header){0};
  for (int i = 0; i < (is_bitmap ? 2 : 3); i++) {
    while (at < size && (isspace(bytes[at]) || bytes[at] == '#')) {
      int is_comment = bytes[at] == '#';
      header->has_comments |= is_comment;
      while (is_comment && at < size && bytes[at] != '\n' && bytes[at] != '\r') at++;
      if (!is_comment) at++;
    }
    size_t start = at;
    while (at < size && isdigit(bytes[at]) && at - start < 6) numbers[i] = 10 * numbers[i] + bytes[at++] - '0';
    if (at == start || at == size || isdigit(bytes[at])) return 0;
  }
  if (numbers[2] > 65535) return 0;
  header->width = numbers[0], header->height = numbers[1], header->maximum = numbers[2];
  header->data = at + 1;  // after one white space
  return 1;
}

uint8_t *without_comments(const uint8_t *bytes, size_t size, ppm_header header, size_t *plain) {
  char text[48];
  int length = header.maximum ? g_snprintf(text, sizeof text, "P%c\n%d %d\n%d\n", bytes[1], header.width, header.height,
                                           header.maximum)
                              : g_snprintf(text, sizeof text, "P%c\n%d %d\n", bytes[1], header.width, header.height);
  uint8_t *file = g_try_malloc(length + size - header.data);
  if (!file) return NULL;
  memcpy(file, text, length);
  memcpy(file + length, bytes + header.data, size - header.data);
  *plain = length + size - header.data;
  return file;
}

/// A BMP file header has 14 bytes; then follow the image header, with its size first, and the palette.
static int is_grey_bmp(const uint8_t *bytes, size_t size) {
  if (size < 54 || bytes[0] != 'B' || bytes[1] != 'M') return 0;
  uint32_t header = little(bytes + 14, 4);
  int old = header == 12;  // OS/2: 16-bit sizes, palette entries of 3 bytes
  if (!old && (header < 40 || header > 256)) return 0;
  uint32_t bits = little(bytes + (old ? 24 : 28), 2);
  if (bits < 1 || bits > 8) return 0;
  uint32_t colours = old ? 0 : little(bytes + 46, 4), entry = old ? 3 : 4;
  if (colours == 0 || colours > 1u << bits) colours = 1u << bits;
  size_t palette = 14 + (size_t)header;
  if (palette + (size_t)colours * entry > size) return 0;
  for (uint32_t i = 0; i < colours; i++) {
    const uint8_t *bgr = bytes + palette + i * entry;
    if (bgr[0] != bgr[1] || bgr[1] != bgr[2]) return 0;
  }
  return 1;
}

/// The content of the first box of a type among ISO boxes (length, type, content), or NULL; advances `*from` past it.
static const uint8_t *box(const uint8_t **from, const uint8_t *end, const char *type, const uint8_t **content_end) {
  while (end - *from >= 8) {
    const uint8_t *start = *from;
    uint32_t length = big(start, 4);
    if (length < 8 || length > (size_t)(end - start)) return NULL;
    *from = start + length;
    if (memcmp(start + 4, type, 4)) continue;
    *content_end = start + length;
    return start + 8;
  }
  return NULL;
}

/// The decoder configurations are the boxes av1C and hvcC in meta → iprp → ipco.
static int is_grey_heif(const uint8_t *bytes, size_t size) {
  if (size < 16 || memcmp(bytes + 4, "ftyp", 4)) return 0;
  const uint8_t *at = bytes, *end = bytes + size, *limit;
  const uint8_t *meta = box(&at, end, "meta", &limit);
  if (!meta || limit - meta < 4) return 0;
  meta += 4;  // version and flags
  const uint8_t *properties = box(&meta, limit, "iprp", &end);
  const uint8_t *list = properties ? box(&properties, end, "ipco", &limit) : NULL;
  if (!list) return 0;
  int grey = 0;
  for (const uint8_t *from = list, *one; (one = box(&from, limit, "av1C", &end));) {
    if (end - one < 4 || !(one[2] & 0x10)) return 0;  // monochrome
    grey = 1;
  }
  for (const uint8_t *from = list, *one; (one = box(&from, limit, "hvcC", &end));) {
    if (end - one < 17 || (one[16] & 3)) return 0;  // chroma_format_idc 0
    grey = 1;
  }
  return grey;
}

int holds_grey(const uint8_t *bytes, size_t size) { return is_grey_bmp(bytes, size) || is_grey_heif(bytes, size); }

int is_white_zero(const uint8_t *bytes, size_t size) {
  if (size < 8 || (memcmp(bytes, "II*\0", 4) && memcmp(bytes, "MM\0*", 4))) return 0;
  uint32_t (*number)(const uint8_t *, int) = bytes[0] == 'I' ? little : big;
  size_t directory = number(bytes + 4, 4);
  if (directory + 2 > size) return 0;
  size_t entries = number(bytes + directory, 2);
  for (size_t at = directory + 2; entries-- > 0 && at + 12 <= size; at += 12)
    if (number(bytes + at, 2) == 262) return number(bytes + at + 8, 2) == 0;  // PhotometricInterpretation
  return 0;
}

/// The codestream is the file (.j2k) or the box jp2c, whose length 0 means: to the end of the file (ISO 15444-1, A and I).
int lacks_end(const uint8_t *bytes, size_t size) {
  const uint8_t *end = bytes + size, *start = NULL;
  if (size >= 4 && !memcmp(bytes, "\xff\x4f\xff\x51", 4)) {
    start = bytes;
  } else if (size >= 12 && !memcmp(bytes, "\0\0\0\x0cjP  ", 8)) {
    for (const uint8_t *at = bytes; !start && end - at >= 8;) {
      uint64_t length = big(at, 4);
      if (length == 1 && end - at >= 16) length = (uint64_t)big(at + 8, 4) << 32 | big(at + 12, 4);
      int is_last = length == 0 || length > (size_t)(end - at);
      if (!memcmp(at + 4, "jp2c", 4)) {
        start = at;
        if (!is_last) end = at + length;
      } else if (is_last || length < 8) {
        return 0;
      } else {
        at += length;
      }
    }
  }
  return start && (end - start < 4 || end[-2] != 0xff || end[-1] != 0xd9);
}

int is_padded(const uint8_t *bytes, size_t size, size_t count) {
  size_t end = size;
  while (end >= 2 && !(bytes[end - 2] == 0xff && bytes[end - 1] == 0xd9)) end--;
  if (end < 2 + count || count == 0) return 0;
  const uint8_t *from = bytes + end - 2 - count;
  for (size_t i = 1; i < count; i++)
    if (from[i] != from[0]) return 0;
  return from[0] == 0 || from[0] == 0xff;
}
