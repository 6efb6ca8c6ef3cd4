"""Writes Tests/GANsTests/Fixtures/lineage.safetensors: results of the networks and losses before StyleGAN.

Weights and inputs are not stored: a tensor called NAME is NumPy's RandomState(fnv1a(NAME)).randn, times a scale, plus a
mean (see `draw`), rounded to float32; the tests draw the same. Everything is computed in float64 and rounded once.
Gradients of more than 4,096 elements are stored as every 97th element and, under ….norm, their length.
"""

from pathlib import Path

import numpy as np
import torch

import lineage_reference as ref
from safetensors_io import save
from stylegan_reference import Config, Growth, discriminator, discriminator_shapes

FOLDER = Path(__file__).parent.parent / "GANsTests" / "Fixtures"
BATCH, SIDE, Z = 6, 16, 8
# Larger gradients are sampled.
LARGEST = 4096


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def draw(name, shape, scale=1.0, mean=0.0):
    values = np.random.RandomState(fnv1a(name)).randn(*shape) * scale + mean
    return torch.tensor(values.astype(np.float32).astype(np.float64))


def parameters(prefix, shapes, scale):
    """Weights of plain networks have `scale`, those of equalized ones are N(0, 1); the mapping's are stored × 100."""
    P = {}
    for name, shape in shapes.items():
        mean, deviation = 0.0, scale
        if ".norm" in f".{name}":
            mean, deviation = (1.0, 0.1) if name.endswith("weight") else (0.0, 0.1)
        elif name.startswith("mapping.dense"):
            deviation = 100.0 if name.endswith("weight") else 30.0
        elif name.endswith("constant"):
            mean, deviation = 0.5, 1.0
        elif not name.endswith("weight"):
            deviation = min(scale, 0.3)
        P[name] = draw(f"{prefix}.{name}", shape, deviation, mean).requires_grad_()
    return P


def store(out, name, y, P=None):
    out[name] = y
    if P is None:
        return
    for (key, _), g in zip(P.items(), torch.autograd.grad(y, list(P.values()), allow_unused=True, retain_graph=True)):
        g = torch.zeros_like(P[key]) if g is None else g
        if g.numel() > LARGEST:
            out[f"{name}.d.{key}.norm"] = g.norm().reshape(1)
            g = g.flatten()[::97]
        out[f"{name}.d.{key}"] = g


def plain(out, name, shapes, generate, judge, side, z_dim, scale, wasserstein, penalty):
    G, D = parameters(f"{name}.G", shapes[0], scale), parameters(f"{name}.D", shapes[1], scale)
    z = draw(f"{name}.z", (BATCH, z_dim))
    reals = draw(f"{name}.reals", (BATCH, 1, side, side), 0.5)
    fakes = generate(G, z)
    out[f"{name}.fakes"] = fakes
    store_losses(out, name, G, D, fakes, reals, lambda x: judge(D, x), wasserstein, penalty)


def store_losses(out, name, G, D, fakes, reals, judge, wasserstein, penalty, drift=0.0):
    fake, real, detached = judge(fakes), judge(reals), judge(fakes.detach())
    out[f"{name}.scores.real"], out[f"{name}.scores.fake"] = real, fake
    if wasserstein:
        (g, _), (_, d) = ref.wasserstein_losses(real, fake), ref.wasserstein_losses(real, detached)
    else:
        g, d = ref.non_saturating_generator_loss(fake), ref.cross_entropy_discriminator_loss(real, detached)
    store(out, f"{name}.g_loss", g.reshape(1), G)
    store(out, f"{name}.d_loss", d.reshape(1), D)
    if penalty:
        position = draw(f"{name}.position", (BATCH, 1, 1, 1)).sigmoid().float().double()
        gp = ref.gradient_penalty(judge, reals, fakes.detach(), position, 10.0)
        store(out, f"{name}.penalty", gp.reshape(1), D)
    if drift:
        store(out, f"{name}.drift", (drift * (real**2).mean()).reshape(1), D)


def growing(out):
    config = Config(resolution=SIDE, channels=1, z_dim=Z, w_dim=Z, mapping_layers=2, fmap_base=32, fmap_max=8)
    switches = {
        "pggan": {}, "stylegan-a": {}, "stylegan-b": {"blur": True},
        "stylegan-c": {"blur": True, "styles": True, "mapping_layers": 2},
        "stylegan-d": {"blur": True, "styles": True, "mapping_layers": 2, "constant": True},
        "stylegan-e": {"blur": True, "styles": True, "mapping_layers": 2, "constant": True, "noise": True},
        "table4": {"blur": True, "mapping_layers": 2},
    }
    for name, on in switches.items():
        # Progressive GAN and configuration A are one network, with the same weights.
        drawn = "pggan" if name == "stylegan-a" else name
        G = parameters(f"{drawn}.G", ref.traditional_shapes(config, **on), 1.0)
        D = parameters(f"{drawn}.D", discriminator_shapes(config), 1.0)
        z = draw(f"{drawn}.z", (BATCH, Z))
        for stage, growth in {"whole": Growth(16, 1.0), "fade": Growth(16, 0.3), "start": Growth(4, 1.0)}.items():
            noise = [draw(f"{drawn}.noise{i}", (BATCH, 1, 4 << i // 2, 4 << i // 2)) for i in range(6)]
            fakes = ref.traditional_generator(G, z, noise, growth, on.get("blur", False))
            reals = draw(f"{drawn}.reals{growth.resolution}", (BATCH, 1, growth.resolution, growth.resolution), 0.5)
            judge = discriminator if on.get("blur") else ref.pggan_discriminator
            out[f"{name}.{stage}.fakes"] = fakes
            store_losses(
                out, f"{name}.{stage}", G, D, fakes, reals, lambda x: judge(D, x, growth), not on.get("blur"),
                penalty=name in ("pggan", "stylegan-a"), drift=0 if on.get("blur") else 0.001)


def losses(out):
    real = draw("losses.real", (BATCH, 1), 2.0).requires_grad_()
    fake = draw("losses.fake", (BATCH, 1), 2.0).requires_grad_()
    P = {"real": real, "fake": fake}
    d = ref.cross_entropy_discriminator_loss(real, fake)
    all_losses = {
        "minimax": (ref.minimax_generator_loss(fake), d),
        "non-saturating": (ref.non_saturating_generator_loss(fake), d),
        "wasserstein": ref.wasserstein_losses(real, fake),
        "hinge": ref.hinge_losses(real, fake),
        "relativistic": ref.relativistic_losses(real, fake),
    }
    for name, (g, d) in all_losses.items():
        store(out, f"losses.{name}.g", g.reshape(1), P)
        store(out, f"losses.{name}.d", d.reshape(1), P)


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    out = {}
    plain(out, "gan", ref.gan_shapes(100, 64), lambda P, z: ref.gan_generator(P, z, 8), ref.gan_discriminator, 8, 100,
          0.08, wasserstein=False, penalty=False)
    for name, wasserstein, normalized in [("dcgan", False, True), ("wgan", True, True), ("wgan-gp", True, False)]:
        plain(out, name, ref.dcgan_shapes(SIDE, 1, Z, 2, normalized), lambda P, z: ref.dcgan_generator(P, z, SIDE),
              ref.dcgan_discriminator, SIDE, Z, 0.2, wasserstein, penalty=not normalized)
    growing(out)
    losses(out)
    tensors = {name: value.detach().numpy().astype(np.float32) for name, value in out.items()}
    save(FOLDER / "lineage.safetensors", tensors, {
        "script": "make_lineage_fixture.py", "torch": torch.__version__, "numpy": np.__version__,
        "batch": str(BATCH), "resolution": str(SIDE), "z_dim": str(Z)})


if __name__ == "__main__":
    main()
