"""Real images for tests of how distances behave: Tests/GANsTests/Fixtures/garment-images.idx3-ubyte.gz.

The first 160 test images of each class of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT license), in turn: image i is of
class i mod 10. The argument is the folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz.
"""

import gzip
import pathlib
import struct
import sys

import numpy as np

EACH = 160
source = pathlib.Path(sys.argv[1])
images = np.frombuffer(gzip.open(source / "t10k-images-idx3-ubyte.gz").read(), np.uint8, offset=16).reshape(-1, 28, 28)
labels = np.frombuffer(gzip.open(source / "t10k-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)
chosen = np.stack([images[labels == label][:EACH] for label in range(10)], axis=1).reshape(-1, 28, 28)
target = pathlib.Path(__file__).parent.parent / "GANsTests" / "Fixtures" / "garment-images.idx3-ubyte.gz"
header = struct.pack(">4i", 0x0803, len(chosen), 28, 28)
target.write_bytes(gzip.compress(header + chosen.tobytes(), 9, mtime=0))
print(len(chosen), "images,", target.stat().st_size, "bytes")
