"""Writes Tests/TorchTests/Fixtures/numpy-random-state.safetensors: what NumPy's RandomState draws, as float64.

randn.SEED: the first 1,000 values of RandomState(SEED).randn; uniform.SEED: the first 100 of random_sample.
"""

from pathlib import Path

import numpy as np

from safetensors_io import save

SEEDS = (0, 1, 42, 2**32 - 1)


def main():
    tensors = {}
    for seed in SEEDS:
        tensors[f"randn.{seed}"] = np.random.RandomState(seed).randn(1000)
        tensors[f"uniform.{seed}"] = np.random.RandomState(seed).random_sample(100)
    folder = Path(__file__).parent.parent / "TorchTests" / "Fixtures"
    save(folder / "numpy-random-state.safetensors", tensors, {"script": Path(__file__).name, "numpy": np.__version__})


if __name__ == "__main__":
    main()
