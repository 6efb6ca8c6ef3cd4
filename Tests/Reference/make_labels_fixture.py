"""Writes Tests/GANsTests/Fixtures/labels.safetensors: results of the conditional networks before StyleGAN.

As in make_lineage_fixture.py, weights and inputs follow from their names. Labels are vectors of three numbers, which a
class is a special case of. Written from the papers: labels beside z and beside the pixels (Mirza & Osindero 2014), D by
projection (Miyato & Koyama 2018); Progressive GAN normalizes z and labels together.
"""

import numpy as np
import torch

import lineage_reference as ref
import make_lineage_fixture
from make_lineage_fixture import BATCH, FOLDER, SIDE, Z, draw, parameters, store_losses
from safetensors_io import save
from stylegan_reference import Config, Growth, discriminator_shapes

LABELS = 3


def both(out, name, generate, judge, G, D, reals, position, wasserstein, penalty, drift=0.0):
    """The losses of fakes and reals, each with labels of its own. `judge` takes images and labels."""
    real, fake = draw(f"{position}.labels", (BATCH, LABELS)), draw(f"{position}.fake_labels", (BATCH, LABELS))
    fakes = generate(fake)
    out[f"{name}.fakes"] = fakes
    detached = fakes.detach()

    def labeled(x):
        # The losses judge fakes, fakes without a graph, reals, and mixtures for the penalty, which have the reals' labels.
        return judge(x, fake if x is fakes or x.data_ptr() == detached.data_ptr() else real)

    store_losses(out, name, G, D, fakes, reals, labeled, wasserstein, penalty, drift)


def plain(out, name, shapes, generate, judge, side, z_dim, scale, wasserstein, penalty):
    G, D = parameters(f"{name}.G", shapes[0], scale), parameters(f"{name}.D", shapes[1], scale)
    z = draw(f"{name}.z", (BATCH, z_dim))
    reals = draw(f"{name}.reals", (BATCH, 1, side, side), 0.5)
    both(out, name, lambda y: generate(G, torch.cat([z, y], dim=1)), lambda x, y: judge(D, x, y), G, D, reals, name,
         wasserstein, penalty)


def growing(out):
    config = Config(resolution=SIDE, channels=1, z_dim=Z, w_dim=Z, mapping_layers=2, fmap_base=32, fmap_max=8, labels=LABELS)
    # The generator is that of vectors which are longer by the labels: pixel norm is over both.
    longer = Config(
        resolution=SIDE, channels=1, z_dim=Z + LABELS, w_dim=Z + LABELS, mapping_layers=2, fmap_base=32, fmap_max=8)
    G = parameters("pggan.G", ref.traditional_shapes(longer), 1.0)
    D = parameters("pggan.D", discriminator_shapes(config), 1.0)
    z = draw("pggan.z", (BATCH, Z))
    for stage, growth in {"whole": Growth(16, 1.0), "fade": Growth(16, 0.3), "start": Growth(4, 1.0)}.items():
        reals = draw(f"pggan.reals{growth.resolution}", (BATCH, 1, growth.resolution, growth.resolution), 0.5)
        both(out, f"pggan.{stage}", lambda y: ref.traditional_generator(G, torch.cat([z, y], dim=1), [None] * 6, growth, False),
             lambda x, y: ref.pggan_discriminator(D, x, growth, y), G, D, reals, "pggan", wasserstein=True, penalty=True,
             drift=0.001)


def gan_judge(P, images, labels):
    return ref.gan_discriminator(P, torch.cat([images.flatten(1), labels], dim=1))


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    make_lineage_fixture.LARGEST = 256
    out = {}
    shapes = (ref.gan_shapes(Z + LABELS, 64)[0], ref.gan_shapes(Z, 64 + LABELS)[1])
    plain(out, "gan", shapes, lambda P, z: ref.gan_generator(P, z, 8), gan_judge, 8, Z, 0.08, False, False)
    for name, wasserstein, normalized in [("dcgan", False, True), ("wgan", True, True), ("wgan-gp", True, False)]:
        G, D = ref.dcgan_shapes(SIDE, 1, Z + LABELS, 2, normalized)
        D["embedding.weight"] = [D["b1.conv.weight"][1], LABELS]
        plain(out, name, (G, D), lambda P, z: ref.dcgan_generator(P, z, SIDE), ref.dcgan_discriminator, SIDE, Z, 0.2,
              wasserstein, penalty=not normalized)
    growing(out)
    make_lineage_fixture.LARGEST = 4096
    tensors = {name: value.detach().numpy().astype(np.float32) for name, value in out.items()}
    save(FOLDER / "labels.safetensors", tensors, {
        "script": "make_labels_fixture.py", "torch": torch.__version__, "numpy": np.__version__,
        "batch": str(BATCH), "resolution": str(SIDE), "z_dim": str(Z), "labels": str(LABELS)})


if __name__ == "__main__":
    main()
