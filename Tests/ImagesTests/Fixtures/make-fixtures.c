// Makes the pictures in this folder (libvips 8.14.1):
//   cc make-fixtures.c $(pkg-config --cflags --libs vips) -o make-fixtures && ./make-fixtures .
// Each shows four quarters when upright: red, green above; blue, yellow below; 48 wide, 32 high.
#include <vips/vips.h>

#define CHECK(call) if (call) vips_error_exit(#call)

static const char *folder;
static char path[4096];
static const char *at(const char *name) { return g_snprintf(path, sizeof path, "%s/%s", folder, name), path; }

int main(int argc, char **argv) {
  CHECK(VIPS_INIT(argv[0]));
  folder = argv[1];
  enum { W = 48, H = 32 };
  static unsigned char rgb[H][W][3];
  static unsigned char rgba[H][W][4];
  static unsigned char grey[H][W], greya[H][W][2];
  static unsigned short wide[H][W][3], grey16[H][W];
  const unsigned char colours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}};
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      int q = (y >= H / 2) * 2 + (x >= W / 2);
      for (int c = 0; c < 3; c++) {
        rgb[y][x][c] = rgba[y][x][c] = colours[q][c];
        wide[y][x][c] = colours[q][c] ? 65535 - 100 : 200; // 254.6 and 0.78 of 255: rounding matters
      }
      rgba[y][x][3] = x < W / 2 ? 255 : 128;
      grey[y][x] = greya[y][x][0] = 60 * q + 10;
      greya[y][x][1] = y < H / 2 ? 255 : 0;
      grey16[y][x] = 257 * (60 * q + 10) + 120;
    }
#define IMAGE(array, bands, format) vips_image_new_from_memory(array, sizeof array, W, H, bands, format)
  VipsImage *a, *b, *c, *d;
  VipsImage *colour = IMAGE(rgb, 3, VIPS_FORMAT_UCHAR);
  CHECK(vips_copy(colour, &a, "interpretation", VIPS_INTERPRETATION_sRGB, NULL));
  CHECK(vips_pngsave(a, at("rgb.png"), NULL));
  CHECK(vips_pngsave(a, at("palette.png"), "palette", TRUE, NULL));
  CHECK(vips_tiffsave(a, at("rgb.tiff"), "compression", VIPS_FOREIGN_TIFF_COMPRESSION_LZW, NULL));
  CHECK(vips_webpsave(a, at("rgb.webp"), "lossless", TRUE, NULL));
  CHECK(vips_jpegsave(a, at("rgb.jpg"), "Q", 95, NULL));
  CHECK(vips_magicksave(a, at("rgb.bmp"), NULL));
  CHECK(vips_heifsave(a, at("rgb.avif"), "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "lossless", FALSE, "Q", 90, NULL));
  // Stored on its side with the EXIF orientation that turns it upright.
  CHECK(vips_rot(a, &b, VIPS_ANGLE_D270, NULL));
  CHECK(vips_copy(b, &c, NULL));
  vips_image_set_int(c, VIPS_META_ORIENTATION, 6);
  CHECK(vips_jpegsave(c, at("exif6.jpg"), "Q", 95, NULL));
  CHECK(vips_icc_transform(a, &b, "cmyk", "input_profile", "srgb", NULL));
  CHECK(vips_jpegsave(b, at("cmyk.jpg"), "Q", 95, "strip", TRUE, NULL));
  CHECK(vips_icc_transform(a, &b, "p3", "input_profile", "srgb", NULL));
  CHECK(vips_pngsave(b, at("p3.png"), NULL));
  CHECK(vips_copy(IMAGE(rgba, 4, VIPS_FORMAT_UCHAR), &b, "interpretation", VIPS_INTERPRETATION_sRGB, NULL));
  CHECK(vips_pngsave(b, at("rgba.png"), NULL));
  CHECK(vips_copy(IMAGE(grey, 1, VIPS_FORMAT_UCHAR), &b, "interpretation", VIPS_INTERPRETATION_B_W, NULL));
  CHECK(vips_pngsave(b, at("grey.png"), NULL));
  CHECK(vips_copy(IMAGE(greya, 2, VIPS_FORMAT_UCHAR), &b, "interpretation", VIPS_INTERPRETATION_B_W, NULL));
  CHECK(vips_pngsave(b, at("grey-alpha.png"), NULL));
  CHECK(vips_copy(IMAGE(wide, 3, VIPS_FORMAT_USHORT), &b, "interpretation", VIPS_INTERPRETATION_RGB16, NULL));
  CHECK(vips_pngsave(b, at("rgb16.png"), NULL));
  CHECK(vips_copy(IMAGE(grey16, 1, VIPS_FORMAT_USHORT), &b, "interpretation", VIPS_INTERPRETATION_GREY16, NULL));
  CHECK(vips_pngsave(b, at("grey16.png"), NULL));
  VipsImage *frames[] = {colour, colour, colour};
  CHECK(vips_invert(colour, &d, NULL));
  frames[1] = d;
  CHECK(vips_arrayjoin(frames, &b, 3, "across", 1, NULL));
  CHECK(vips_copy(b, &c, "interpretation", VIPS_INTERPRETATION_sRGB, NULL));
  vips_image_set_int(c, VIPS_META_PAGE_HEIGHT, H);
  CHECK(vips_gifsave(c, at("animated.gif"), NULL));
  CHECK(vips_webpsave(c, at("animated.webp"), "lossless", TRUE, NULL));
  return 0;
}
