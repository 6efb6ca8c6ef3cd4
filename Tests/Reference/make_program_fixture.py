"""Writes Tests/GANsTests/Fixtures/program.safetensors: the losses of the first GAN's teaching program in its first 50 batches.

The program is written here as such programs are, with PyTorch's modules, its binary cross-entropy of probabilities and its
Adam. It starts from the same weights, latents and batches of images as `stylegan train --cfg gan --seed 7` in the test,
none of which are stored:

- weights and biases of a linear layer called NAME are RandomState(fnv1a("program." + NAME)).random_sample, scaled to
  ±1/√inputs as PyTorch's own start is; batch normalization starts with 1 and 0;
- latents are torch.randn of one generator with the seed, a batch after the other;
- images are the first 256 of Fashion-MNIST (fashion-256-images-idx3-ubyte.gz, which lies beside), in the order of the
  trainer: in each epoch a permutation of its own (`permutation`).

It runs in float64 and, as such programs do, in float32. The game amplifies rounding by some thousands in 50 batches: the two
come 4e-4 apart, as would two programs in float32 that add in another order. So the test follows the float64 run in float64,
and float32 from the weights of each batch.
"""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import nn

from make_lineage_fixture import fnv1a
from safetensors_io import save

FOLDER = Path(__file__).parent.parent / "GANsTests" / "Fixtures"
IMAGES = FOLDER / "fashion-256-images-idx3-ubyte.gz"
SEED, BATCH, STEPS = 7, 64, 50
MASK = 2**64 - 1


def generator():
    def block(inputs, outputs, normalize=True):
        return [nn.Linear(inputs, outputs)] + [nn.BatchNorm1d(outputs, 0.8)] * normalize + [nn.LeakyReLU(0.2)]

    return nn.Sequential(
        *block(100, 128, normalize=False), *block(128, 256), *block(256, 512), *block(512, 1024),
        nn.Linear(1024, 28 * 28), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))


def discriminator():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(28 * 28, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2),
        nn.Linear(256, 1), nn.Sigmoid())


def fill(network, name):
    """Gives the linear layers, named dense0, dense1, …, their values."""
    for i, layer in enumerate(m for m in network if isinstance(m, nn.Linear)):
        for key, parameter in layer.named_parameters():
            uniform = np.random.RandomState(fnv1a(f"program.{name}.dense{i}.{key}")).random_sample(parameter.shape)
            values = (2 * uniform - 1) * (1 / np.sqrt(layer.in_features))
            parameter.data.copy_(torch.tensor(values.astype(np.float32)))


def mixed(z):
    """SplitMix64's output function."""
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def permutation(seed, epoch, count):
    """Fisher–Yates from the end, with SplitMix64 seeded by (seed, epoch) and Lemire's unbiased multiplication."""
    state = mixed((seed + 0x6F72646572) & MASK) ^ mixed(epoch + 1)
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        bound = last + 1
        while True:
            state = state + 0x9E3779B97F4A7C15 & MASK
            product = mixed(state) * bound
            if product & MASK >= 2**64 % bound:
                break
        other = product >> 64
        order[last], order[other] = order[other], order[last]
    return order


def batches():
    """Images as ToTensor and Normalize([0.5], [0.5]) make them, with the last bit of x · 2/255 − 1 in float32."""
    pixels = np.frombuffer(gzip.decompress(IMAGES.read_bytes()), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    count = len(pixels)
    order = [i for epoch in range(-(-BATCH * STEPS // count)) for i in permutation(SEED, epoch, count)]
    for step in range(STEPS):
        yield torch.tensor(pixels[order[step * BATCH:(step + 1) * BATCH]]).float() * (2.0 / 255) - 1


def losses(dtype):
    """What the program would print of each batch: the losses of G and D."""
    G, D = generator(), discriminator()
    fill(G, "G")
    fill(D, "D")
    G, D = G.to(dtype), D.to(dtype)
    adversarial_loss = nn.BCELoss()
    optimizer_G, optimizer_D = (torch.optim.Adam(n.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n in (G, D))
    stream = torch.Generator().manual_seed(SEED)
    printed = []
    for reals in batches():
        reals = reals.to(dtype)
        real, fake = torch.ones(BATCH, 1, dtype=dtype), torch.zeros(BATCH, 1, dtype=dtype)

        optimizer_G.zero_grad()
        fakes = G(torch.randn(BATCH, 100, generator=stream).to(dtype))
        g_loss = adversarial_loss(D(fakes), real)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        d_loss = (adversarial_loss(D(reals), real) + adversarial_loss(D(fakes.detach()), fake)) / 2
        d_loss.backward()
        optimizer_D.step()
        printed.append((g_loss.item(), d_loss.item()))
    return np.array(printed)


def take_images(idx):
    """Writes the fixture of images from Fashion-MNIST's train-images-idx3-ubyte.gz."""
    data = gzip.decompress(Path(idx).read_bytes())
    head = data[:4] + (256).to_bytes(4, "big") + data[8:16]
    IMAGES.write_bytes(gzip.compress(head + data[16:16 + 256 * 784], 9, mtime=0))


def main():
    torch.set_num_threads(1)
    single, double = losses(torch.float32), losses(torch.float64)
    print(f"program: float32 and float64 differ by {abs(single - double).max():.1e}")
    tensors = {"g_loss": double[:, 0], "d_loss": double[:, 1], "float32.g_loss": single[:, 0], "float32.d_loss": single[:, 1]}
    save(FOLDER / "program.safetensors", tensors, {
        "script": "make_program_fixture.py", "torch": torch.__version__, "numpy": np.__version__, "seed": str(SEED)})


if __name__ == "__main__":
    main()
