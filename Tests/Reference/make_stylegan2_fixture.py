"""Writes Tests/GANsTests/Fixtures/stylegan2.safetensors: results of StyleGAN2's networks, losses and regularizers.

Two networks in which no two layers have the same width: `gray` has one channel and no labels, `color` three channels and
labels. As in make_lineage_fixture.py weights and inputs are not stored but drawn by their names, in every tensor: biases
and noise strengths, too. Everything is computed in float64 and rounded once.
"""

from pathlib import Path

import numpy as np
import torch

import stylegan2_reference as ref
from make_lineage_fixture import draw
from safetensors_io import save

FOLDER = Path(__file__).parent.parent / "GANsTests" / "Fixtures"
BATCH, CROSSOVER, PSI, CUTOFF, GAMMA = 6, 3, 0.6, 4, 10.0
NETWORKS = {
    name: ref.Config(resolution=16, channels=channels, labels=labels, z_dim=7, w_dim=6, mapping_layers=3,
                     label_layers=2, fmap_base=36, fmap_max=16)
    for name, channels, labels in [("gray", 1, 0), ("color", 3, 5)]
}


def parameters(prefix, shapes):
    P = {}
    for name, shape in shapes.items():
        deviation = 1.0 if name.endswith(("weight", "constant")) else 0.3
        if ".dense" in name and name.startswith("mapping"):
            deviation *= 100
        P[name] = draw(f"{prefix}.{name}", shape, deviation).requires_grad_()
    return P


def store(out, name, loss, P):
    out[name] = loss.reshape(1)
    found = torch.autograd.grad(loss, list(P.values()), allow_unused=True, retain_graph=True)
    for (key, value), g in zip(P.items(), found):
        out[f"{name}.d.{key}"] = torch.zeros_like(value) if g is None else g


def network(out, name, c):
    G, D = parameters(f"{name}.G", ref.generator_shapes(c)), parameters(f"{name}.D", ref.discriminator_shapes(c))
    sides = [4] + [r for r in c.resolutions[1:] for _ in range(2)]
    stored = [draw(f"{name}.stored{i}", (1, 1, r, r)) for i, r in enumerate(sides)]
    noise = [draw(f"{name}.noise{i}", (BATCH, 1, r, r)) for i, r in enumerate(sides)]
    w_avg = draw(f"{name}.w_avg", (c.w_dim,), 0.3)
    labels = fake_labels = None
    if c.labels:
        labels, fake_labels = draw(f"{name}.labels", (BATCH, c.labels)), draw(f"{name}.fake_labels", (BATCH, c.labels))

    def styles(what):
        w = ref.mapping(G, c, draw(f"{name}.{what}", (BATCH, c.z_dim)), fake_labels, c.mapping_layers)
        return w, w[:, None].repeat(1, ref.layer_count(c), 1)

    (w, ws), (_, ws2) = styles("z"), styles("z2")
    mixed = torch.cat([ws[:, :CROSSOVER], ws2[:, CROSSOVER:]], 1)
    truncated = torch.cat([w_avg + PSI * (ws[:, :CUTOFF] - w_avg), ws[:, CUTOFF:]], 1)
    fakes = ref.synthesis(G, c, mixed, noise)
    out[f"{name}.w"] = w
    out[f"{name}.image"] = ref.synthesis(G, c, ws, stored)
    out[f"{name}.image_no_noise"] = ref.synthesis(G, c, ws, None)
    out[f"{name}.image_truncated"] = ref.synthesis(G, c, truncated, stored)
    out[f"{name}.fakes"] = fakes

    reals = draw(f"{name}.reals", fakes.shape, 0.5).requires_grad_()
    real, fake = ref.discriminator(D, c, reals, labels), ref.discriminator(D, c, fakes, fake_labels)
    detached = ref.discriminator(D, c, fakes.detach(), fake_labels)
    out[f"{name}.scores.real"], out[f"{name}.scores.fake"] = real, fake
    out[f"{name}.scores.four"] = ref.discriminator(D, c, reals[:4], None if labels is None else labels[:4])
    store(out, f"{name}.g_loss", ref.generator_loss(fake), G)
    store(out, f"{name}.d_loss", ref.discriminator_loss(real, detached), D)
    store(out, f"{name}.r1", ref.r1(reals, real, GAMMA), D)
    images = ref.synthesis(G, c, ws, noise)
    y = draw(f"{name}.y", images.shape)
    store(out, f"{name}.path_length", ref.path_length(ws, images, y, 0.0, 0.01, 2.0), G)


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    out = {}
    for name, c in NETWORKS.items():
        network(out, name, c)
    tensors = {name: value.detach().numpy().astype(np.float32) for name, value in out.items()}
    c = NETWORKS["color"]
    save(FOLDER / "stylegan2.safetensors", tensors, {
        "script": "make_stylegan2_fixture.py", "torch": torch.__version__, "numpy": np.__version__,
        "batch": str(BATCH), "crossover": str(CROSSOVER), "psi": str(PSI), "cutoff": str(CUTOFF), "gamma": str(GAMMA),
        "resolution": str(c.resolution), "z_dim": str(c.z_dim), "w_dim": str(c.w_dim), "labels": str(c.labels),
        "mapping_layers": str(c.mapping_layers), "label_layers": str(c.label_layers),
        "fmap_base": str(c.fmap_base), "fmap_max": str(c.fmap_max)})


if __name__ == "__main__":
    main()
