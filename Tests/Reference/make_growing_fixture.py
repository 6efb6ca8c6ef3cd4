"""Writes Tests/GANsTests/Fixtures/growing.safetensors: R1 and the gradient penalty of growing networks.

As the published program has them: the discriminator takes images of the final size R×R. Reals and fakes of the current
resolution r×r are enlarged to R×R by doubling pixels; the discriminator averages them down again; the penalty is of the
gradient with respect to the R×R pixels. Weights and inputs follow from their names, as in make_lineage_fixture.py.
Gradients are stored as every 5th element, and under ….norm their length. `PENALTY.GROWTH.current` is the value of the
papers' formula, with the gradient at r×r.
"""

import numpy as np
import torch

import lineage_reference as ref
from make_lineage_fixture import BATCH, FOLDER, SIDE, Z, draw, parameters
from safetensors_io import save
from stylegan_reference import Config, Growth, discriminator, discriminator_shapes, downsample, fade_reals, upsample

GROWTHS = {"r16": Growth(16), "r16_fade": Growth(16, 0.3), "r8": Growth(8), "r8_fade": Growth(8, 0.6), "r4": Growth(4)}


def times(function, x, growth):
    """Applies a doubling or halving function as often as the final side is twice the current one."""
    for _ in range((SIDE // growth.resolution).bit_length() - 1):
        x = function(x)
    return x


def penalties(judge, reals, fakes, position):
    """R1 with γ = 10, and the gradient penalty with λ = 10, of images of whatever size `judge` takes."""
    reals = reals.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(reals).sum(), reals, create_graph=True)
    return 10 / 2 * (gradient**2).sum(dim=(1, 2, 3)).mean(), ref.gradient_penalty(judge, reals, fakes, position, 10.0)


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    config = Config(resolution=SIDE, channels=1, z_dim=Z, w_dim=Z, mapping_layers=2, fmap_base=32, fmap_max=8)
    out = {}
    for name, judge in {"stylegan": discriminator, "pggan": ref.pggan_discriminator}.items():
        D = parameters(f"growing.{name}.D", discriminator_shapes(config), 1.0)
        for stage, growth in GROWTHS.items():
            r = growth.resolution
            reals = fade_reals(draw(f"growing.reals{r}", (BATCH, 1, r, r), 0.5), growth)
            fakes = draw(f"growing.fakes{r}", (BATCH, 1, r, r), 0.5)
            position = draw("growing.position", (BATCH, 1, 1, 1)).sigmoid().float().double()
            full = penalties(
                lambda x: judge(D, times(downsample, x, growth), growth), times(upsample, reals, growth),
                times(upsample, fakes, growth), position)
            current = penalties(lambda x: judge(D, x, growth), reals, fakes, position)
            for key, value, of_current in zip(("r1", "gp"), full, current):
                label = f"{name}.{key}.{stage}"
                out[label], out[f"{label}.current"] = value.reshape(1), of_current.reshape(1)
                found = torch.autograd.grad(value, list(D.values()), allow_unused=True, retain_graph=True)
                for parameter, g in zip(D, found):
                    g = torch.zeros_like(D[parameter]) if g is None else g
                    out[f"{label}.d.{parameter}"] = g.flatten()[::5]
                    out[f"{label}.d.{parameter}.norm"] = g.norm().reshape(1)
    tensors = {name: value.detach().numpy().astype(np.float32) for name, value in out.items()}
    save(FOLDER / "growing.safetensors", tensors, {
        "script": "make_growing_fixture.py", "torch": torch.__version__, "numpy": np.__version__,
        "batch": str(BATCH), "resolution": str(SIDE), "z_dim": str(Z)})


if __name__ == "__main__":
    main()
