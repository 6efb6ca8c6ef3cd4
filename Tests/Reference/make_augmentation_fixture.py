"""Writes Tests/GANsTests/Fixtures/augmentation.safetensors: images, random numbers, and what the reference makes of them.

For each case NAME: NAME.image; NAME.draws.STEP.gateK and NAME.draws.STEP.K, [N]; NAME.noise where the pipe has noise;
NAME.geometry and NAME.color, the matrices; NAME.value; NAME.first, the gradient of L = Σ cos(i)·yᵢ² with respect to the
image, i counting the elements; NAME.second, the gradient of ‖first‖². The metadata has "steps p" for each case. Everything is
computed in float64; images, values and gradients are rounded once.
"""

from pathlib import Path

import numpy as np
import torch

import augmentation_reference as ref
from safetensors_io import save

PATH = Path(__file__).parent.parent / "GANsTests" / "Fixtures" / "augmentation.safetensors"
ALONE = [name for group in ref.STEPS.values() for name, _ in group]
# name: pipe, images, channels, height, width, p
CASES = {name: (name, 2, 1 if name == "filter" else 3, 6, 6, 0.5) for name in ALONE}
CASES |= {
    "gray": ("bgcfnc", 3, 1, 8, 8, 0.7), "colour": ("bgcfnc", 1, 3, 22, 22, 0.9), "alpha": ("bgcfnc", 3, 4, 8, 8, 0.9),
    "smallest": ("bgcfnc", 4, 3, 4, 4, 0.8), "oblong": ("bgc", 2, 1, 10, 6, 1.2),
}  # fmt: skip


def main():
    random = np.random.RandomState(11)
    tensors, metadata = {}, {"torch": torch.__version__}
    for name, (pipe, n, channels, height, width, p) in CASES.items():
        rounded = lambda x: torch.tensor(x.astype(np.float32).astype(np.float64))
        image = rounded(random.rand(n, channels, height, width) * 2 - 1).requires_grad_()
        noise = rounded(random.randn(n, min(channels, 3), height, width))
        draws = {}
        for step, kinds in ref.steps(pipe, 3):
            for k in range(4 if step == "filter" else 1):
                # A step on its own happens to the first image and not to the second.
                gates = random.rand(n) if pipe in ref.GROUPS else np.array([0.1, 0.9])
                draws[f"{step}.gate{k}"] = torch.tensor(gates)
            for k, kind in enumerate(kinds):
                values = random.rand(n) if kind == "u" else random.randn(n)
                if step in ("flip", "lumaFlip") and pipe not in ref.GROUPS:
                    values[0] = 0.7
                draws[f"{step}.{k}"] = torch.tensor(values)
        y = ref.augmented(image, draws, p, pipe, noise)
        weights = torch.arange(y.numel(), dtype=torch.float64).cos().reshape(y.shape)
        first = torch.autograd.grad((weights * y**2).sum(), image, create_graph=True)[0]
        second = torch.autograd.grad((first**2).sum(), image)[0]
        results = {"image": image, "noise": noise, "value": y, "first": first, "second": second}
        names = [step for step, _ in ref.steps(pipe, channels)]
        if "noise" not in names:
            del results["noise"]
        tensors |= {f"{name}.{key}": x.detach().numpy().astype(np.float32) for key, x in results.items()}
        tensors |= {f"{name}.draws.{key}": x.numpy() for key, x in draws.items()}
        tensors[f"{name}.geometry"] = ref.geometry(draws, p, width, height, pipe, channels).numpy()
        tensors[f"{name}.color"] = ref.color(draws, p, pipe, channels).numpy()
        metadata[f"case.{name}"] = f"{pipe} {p}"
    save(PATH, tensors, metadata)


if __name__ == "__main__":
    main()
