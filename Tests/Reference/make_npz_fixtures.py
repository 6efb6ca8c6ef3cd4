"""Archives as NumPy writes them, for the reader of saved latents: Tests/GANsTests/Fixtures/latents-*.npz."""

import io
import pathlib
import zipfile

import numpy as np

folder = pathlib.Path(__file__).parent.parent / "GANsTests" / "Fixtures"
w = (np.arange(24, dtype=np.float32) / 8).reshape(1, 4, 6)


def write(name, array, key="w", compressed=False):
    """As np.savez does, but with a fixed date."""
    data = io.BytesIO()
    np.lib.format.write_array(data, array)
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(folder / f"latents-{name}.npz", "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{key}.npy"), data.getvalue(), kind)


write("stored", w)
write("deflated", w, compressed=True)
write("half", w.astype(np.float16))
write("double", w.astype(np.float64))
write("single", w[:, 0])
write("integers", w.astype(np.int64))
write("fortran", np.asfortranarray(w))
write("nameless", w, key="latents")
