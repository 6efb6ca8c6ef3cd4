"""Makes the pictures in this folder that libvips does not write (Pillow 13.0, NumPy 2):
  python3 make-pictures.py .

- quarters.*: red, green above; blue, yellow below; 48 wide, 32 high, as make-fixtures.c
- grey.*: four gray quarters 10, 70, 130, 190
- noise.*: 48×48 without a pattern, so that damage changes many pixels
- vast.*: black, small files of many pixels
- profile-*.tif: a ramp with a small ICC profile of each kind; profiles.json has the sRGB colors of some pixels as Little
  CMS gives them (relative colorimetric, no black point compensation), or the stored ones where the profile does not fit
"""
import io
import json
import struct
import sys
from itertools import product

import numpy as np
from PIL import Image, ImageCms

folder = sys.argv[1]
quarters = np.zeros((32, 48, 3), np.uint8)
quarters[:16, :24], quarters[:16, 24:], quarters[16:, :24], quarters[16:, 24:] = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
grey = np.zeros((32, 48), np.uint8)
grey[:16, :24], grey[:16, 24:], grey[16:, :24], grey[16:, 24:] = 10, 70, 130, 190
for name in ("quarters.jp2", "quarters.j2k"):
    Image.fromarray(quarters).save(f"{folder}/{name}")
for name in ("grey.jp2", "grey.avif", "grey.bmp"):
    Image.fromarray(grey).save(f"{folder}/{name}", quality=95)
lab = ImageCms.createProfile("LAB")
srgb = ImageCms.createProfile("sRGB")
picture = ImageCms.profileToProfile(Image.fromarray(quarters), srgb, lab, outputMode="LAB")
del picture.info["icc_profile"]  # it has the time of day
picture.save(f"{folder}/quarters-lab.tif")

random = np.random.default_rng(0)
blocks = np.kron(random.integers(40, 220, (6, 6, 3)), np.ones((8, 8, 1)))
noise = Image.fromarray(np.clip(blocks + random.normal(0, 12, (48, 48, 3)), 0, 255).astype(np.uint8))
for name, options in {
    "noise.jpg": dict(quality=90),
    "noise-progressive.jpg": dict(quality=90, progressive=True),
    "noise-restarts.jpg": dict(quality=90, restart_marker_rows=1),
    "noise.gif": {},
    "noise.webp": dict(quality=80),
    "noise.avif": dict(quality=80),
    "noise.jp2": {},
    "noise-jpeg.tif": dict(compression="jpeg"),
    "noise-packbits.tif": dict(compression="packbits"),
}.items():
    noise.save(f"{folder}/{name}", **options)
Image.new("RGB", (16000, 16000)).save(f"{folder}/vast.webp", lossless=True)
Image.new("1", (30000, 17000)).save(f"{folder}/vast.tif", compression="group4")
noise.convert("1").save(f"{folder}/noise-fax.tif", compression="group4")


# Profiles (ICC.1:2001): header, tags, data.
def s15(x):
    return struct.pack(">i", int(round(x * 65536)))


def profile(space, device, tags, pcs):
    entries, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    known = {}
    for name, content in tags:
        content += b"\0" * (-len(content) % 4)
        if content not in known:
            known[content] = at + len(data)
            data += content
        entries += name + struct.pack(">II", known[content], len(content))
    head = struct.pack(">I4sI4s4s4s", at + len(data), b"none", 0x02400000, device, space, pcs)
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + data


def text(kind, words):
    words = words.encode() + b"\0"
    return b"text\0\0\0\0" + words if kind == "text" else (
        b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + b"\0" * 78)


WHITE = np.array([0.9642, 1, 0.8249])
XYZ = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])  # a wide gamut, D50
COMMON = [(b"desc", text("desc", "test")), (b"cprt", text("text", "none")),
          (b"wtpt", b"XYZ \0\0\0\0" + b"".join(map(s15, WHITE)))]


def curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, int(round(gamma * 256)), 0)


def table(inks):
    """A table of 5 points per channel to CIELAB (mft2)."""
    values = []
    for point in product(np.linspace(0, 1, 5), repeat=inks):
        point = np.array(point)
        light = point**1.8 if inks == 3 else (1 - point[:3]) * (1 - point[3]) * 0.95 + 0.02
        x = XYZ @ light / WHITE
        f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
        lab = (116 * f[1] - 16) / 100 * 65280, (500 * (f[0] - f[1]) + 128) * 256, (200 * (f[1] - f[2]) + 128) * 256
        values += [min(65535, max(0, int(round(v)))) for v in lab]
    return (b"mft2\0\0\0\0" + bytes([inks, 3, 5, 0]) + b"".join(map(s15, [1, 0, 0, 0, 1, 0, 0, 0, 1])) +
            struct.pack(">HH", 2, 2) + struct.pack(">HH", 0, 65535) * inks +
            struct.pack(f">{len(values)}H", *values) + struct.pack(">HH", 0, 65535) * 3)


def matrix():
    columns = [(name, b"XYZ \0\0\0\0" + b"".join(map(s15, XYZ[:, i]))) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    return profile(b"RGB ", b"mntr", COMMON + columns + [(n, curve(1.8)) for n in (b"rTRC", b"gTRC", b"bTRC")], b"XYZ ")


PROFILES = {
    "rgb": matrix(),
    "grey": profile(b"GRAY", b"mntr", COMMON + [(b"kTRC", curve(1.8))], b"XYZ "),
    "rgb-a2b0": profile(b"RGB ", b"scnr", COMMON + [(b"A2B0", table(3))], b"Lab "),
    "rgb-a2b0-1": profile(b"RGB ", b"scnr", COMMON + [(b"A2B0", table(3)), (b"A2B1", table(3))], b"Lab "),
    "cmyk-a2b0": profile(b"CMYK", b"prtr", COMMON + [(b"A2B0", table(4))], b"Lab "),
    "link": matrix()[:12] + b"link" + matrix()[16:],
}
ramp = np.stack([*np.meshgrid(np.arange(16) * 15 + 10, np.arange(16) * 12 + 30), np.full((16, 16), 90)], 2).astype(np.uint8)
PICTURES = {
    "RGB": Image.fromarray(ramp), "L": Image.fromarray(ramp[..., 0]),
    "CMYK": Image.fromarray(np.concatenate([255 - ramp, np.full((16, 16, 1), 20, np.uint8)], 2), "CMYK"),
}
colors = {}
for mode, name, fits in [
    ("RGB", "rgb", True), ("RGB", "rgb-a2b0", True), ("RGB", "rgb-a2b0-1", True), ("CMYK", "cmyk-a2b0", True),
    ("L", "grey", True), ("RGB", "grey", False), ("L", "rgb", False), ("RGB", "cmyk-a2b0", False), ("RGB", "link", False),
    ("L", "cmyk-a2b0", False),
]:
    picture, file = PICTURES[mode], f"profile-{mode}-{name}.tif"
    picture.save(f"{folder}/{file}", icc_profile=PROFILES[name], compression="tiff_adobe_deflate")
    shown = picture
    if fits:
        source = ImageCms.ImageCmsProfile(io.BytesIO(PROFILES[name]))
        shown = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB", renderingIntent=1)
        if mode == "L":
            shown = shown.getchannel(0)
    pixels = np.asarray(shown).reshape(16, 16, -1)
    colors[file] = [[x, y, *map(int, pixels[y, x])] for x, y in ((1, 2), (14, 3), (7, 7), (2, 13), (15, 15))]
# Inks without a fitting profile: as without a profile.
for name in ("rgb", "grey"):
    PICTURES["CMYK"].save(f"{folder}/profile-CMYK-{name}.tif", icc_profile=PROFILES[name], compression="tiff_adobe_deflate")
PICTURES["CMYK"].save(f"{folder}/profile-CMYK-none.tif", compression="tiff_adobe_deflate")
with open(f"{folder}/profiles.json", "w") as out:
    out.write("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in colors.items()) + "\n}\n")
