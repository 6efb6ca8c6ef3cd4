"""Writes safetensors files with NumPy alone: header length, JSON header, data; tensors in the order of their names."""

import json

import numpy as np

NAMES = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "uint8": "U8"}


def save(path, tensors, metadata):
    """Writes `tensors` (a dictionary of names to NumPy arrays) and `metadata` (strings to strings) to `path`."""
    header, pieces, end = {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name in sorted(tensors):
        array = np.asarray(tensors[name])
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()  # row-major
        header[name] = {
            "dtype": NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [end, end + len(data)],
        }
        pieces.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(pieces))
