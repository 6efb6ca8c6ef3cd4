"""StyleGAN2, configuration F, in PyTorch: written from the paper (Karras et al. 2020) with plain operations.

Every step is taken as the paper words it, and so differently from the Swift code: each sample has a kernel of its own,
resampling puts zeros between pixels and filters with [1, 3, 3, 1]⊗[1, 3, 3, 1]/64, the √2 stands after each leaky ReLU.

P is a dictionary of parameters by name. Weights are N(0, 1), scaled at run time by 1/√fan-in (equalized learning rate).
"""

from dataclasses import dataclass
from math import sqrt

import torch
import torch.nn.functional as F


@dataclass
class Config:
    resolution: int
    channels: int
    labels: int
    z_dim: int
    w_dim: int
    mapping_layers: int
    label_layers: int
    fmap_base: int
    fmap_max: int
    multiplier: float = 0.01

    def width(self, resolution):
        return min(self.fmap_base * 2 // resolution, self.fmap_max)

    @property
    def resolutions(self):
        r = [4]
        while r[-1] < self.resolution:
            r.append(2 * r[-1])
        return r


# MARK: Shapes


def mapping_shapes(c, inputs, width, depth):
    s = {}
    if c.labels:
        s["mapping.embedding.weight"], s["mapping.embedding.bias"] = (width, c.labels), (width,)
        inputs += width
    for i in range(depth):
        s[f"mapping.dense{i}.weight"] = (width, inputs if i == 0 else width)
        s[f"mapping.dense{i}.bias"] = (width,)
    return s


def generator_shapes(c):
    s = mapping_shapes(c, c.z_dim, c.w_dim, c.mapping_layers)
    s["synthesis.b4.constant"] = (1, c.width(4), 4, 4)

    def modulated(name, inputs, outputs, kernel):
        s[f"{name}.affine.weight"], s[f"{name}.affine.bias"] = (inputs, c.w_dim), (inputs,)
        s[f"{name}.weight"], s[f"{name}.bias"] = (outputs, inputs, kernel, kernel), (outputs,)

    for r in c.resolutions:
        if r > 4:
            modulated(f"synthesis.b{r}.conv0", c.width(r // 2), c.width(r), 3)
            s[f"synthesis.b{r}.conv0.noise_strength"] = (1,)
        modulated(f"synthesis.b{r}.conv1", c.width(r), c.width(r), 3)
        s[f"synthesis.b{r}.conv1.noise_strength"] = (1,)
        modulated(f"synthesis.b{r}.to_rgb", c.width(r), c.channels, 1)
    return s


def discriminator_shapes(c):
    s = mapping_shapes(c, 0, c.width(4), c.label_layers) if c.labels else {}
    s["from_rgb.weight"], s["from_rgb.bias"] = (c.width(c.resolution), c.channels, 1, 1), (c.width(c.resolution),)
    for r in reversed(c.resolutions[1:]):
        i, o = c.width(r), c.width(r // 2)
        s[f"b{r}.conv0.weight"], s[f"b{r}.conv0.bias"] = (i, i, 3, 3), (i,)
        s[f"b{r}.conv1.weight"], s[f"b{r}.conv1.bias"] = (o, i, 3, 3), (o,)
        s[f"b{r}.skip.weight"] = (o, i, 1, 1)
    n = c.width(4)
    s["b4.conv.weight"], s["b4.conv.bias"] = (n, n + 1, 3, 3), (n,)
    s["b4.dense0.weight"], s["b4.dense0.bias"] = (n, n * 16), (n,)
    s["b4.dense1.weight"], s["b4.dense1.bias"] = (n if c.labels else 1, n), (n if c.labels else 1,)
    return s


# MARK: Operations


def activated(x):
    return F.leaky_relu(x, 0.2) * sqrt(2)


def normalized(x):
    return x / torch.sqrt((x**2).mean(1, keepdim=True) + 1e-8)


def dense(P, name, x, m=1.0):
    w = P[f"{name}.weight"]
    return x @ (w * m / sqrt(w.shape[1])).T + m * P[f"{name}.bias"]


def with_zeros(x):
    """Zeros between pixels: [N, C, H, W] → [N, C, 2H, 2W], pixels at even places."""
    n, c, h, w = x.shape
    y = x.new_zeros(n, c, h, 2, w, 2)
    y[:, :, :, 0, :, 0] = x
    return y.reshape(n, c, 2 * h, 2 * w)


def filtered(x, before, after, gain=1.0):
    """Zero padding on every side, then the filter [1, 3, 3, 1]⊗[1, 3, 3, 1]/64 in each channel."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype)
    kernel = (taps[:, None] * taps[None, :] / 64 * gain).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, [before, after, before, after]), kernel, groups=x.shape[1])


def convolved(x, kernels, resample=None):
    """3×3 or 1×1, each sample with its kernel [N, O, I, k, k]."""
    out = []
    for image, kernel in zip(x.split(1), kernels):
        if resample == "up":
            y = F.conv2d(F.pad(with_zeros(image), [2, 1, 2, 1]), kernel)
            y = filtered(F.pad(y, [1, 1, 1, 1]), 0, 0, gain=4.0)
        elif resample == "down":
            y = F.conv2d(filtered(image, 2, 2), kernel, stride=2)
        else:
            y = F.conv2d(image, kernel, padding=kernel.shape[-1] // 2)
        out.append(y)
    return torch.cat(out)


def equalized(P, name, x, resample=None):
    w = P[f"{name}.weight"]
    w = w / sqrt(w[0].numel())
    return convolved(x, w.expand(len(x), *w.shape), resample)


def modulated(P, name, x, w, demodulate, resample=None):
    """Eq. 1 and 3: a style scales the inputs of a kernel; demodulation makes each output of unit length."""
    style = dense(P, f"{name}.affine", w) + 1
    kernel = P[f"{name}.weight"]
    kernels = (kernel / sqrt(kernel[0].numel()))[None] * style[:, None, :, None, None]
    if demodulate:
        kernels = kernels / torch.sqrt((kernels**2).sum([2, 3, 4], keepdim=True) + 1e-8)
    return convolved(x, kernels, resample)


def bias(P, name):
    return P[f"{name}.bias"].reshape(1, -1, 1, 1)


def minibatch_deviation(x, group):
    """Samples of a group stand N/group apart."""
    n, c, h, w = x.shape
    group = max(g for g in range(1, min(group, n) + 1) if n % g == 0)
    out = x.new_zeros(n, 1, h, w)
    for m in range(n // group):
        members = list(range(m, n, n // group))
        variance = x[members].var(0, unbiased=False)
        out[members] = torch.sqrt(variance + 1e-8).mean()
    return torch.cat([x, out], 1)


# MARK: Networks


def mapping(P, c, z, labels, depth):
    parts = [] if z is None else [normalized(z)]
    if c.labels:
        parts.append(normalized(dense(P, "mapping.embedding", labels)))
    x = torch.cat(parts, 1)
    for i in range(depth):
        x = activated(dense(P, f"mapping.dense{i}", x, c.multiplier))
    return x


def layer_count(c):
    return 2 * len(c.resolutions)


def synthesis(P, c, ws, noise):
    """ws [N, L, w]; noise: an image for each layer but the last, or None."""
    x = P["synthesis.b4.constant"].expand(len(ws), -1, -1, -1)
    image, start = None, 0
    for r in c.resolutions:
        names = ["conv1"] if r == 4 else ["conv0", "conv1"]
        for i, layer in enumerate(names):
            name = f"synthesis.b{r}.{layer}"
            x = modulated(P, name, x, ws[:, start + i], True, "up" if layer == "conv0" else None)
            if noise is not None:
                x = x + P[f"{name}.noise_strength"] * noise[start + i]
            x = activated(x + bias(P, name))
        new = modulated(P, f"synthesis.b{r}.to_rgb", x, ws[:, start + len(names)], False)
        new = new + bias(P, f"synthesis.b{r}.to_rgb")
        image = new if image is None else filtered(with_zeros(image), 2, 1, gain=4.0) + new
        start += len(names)
    return image


def discriminator(P, c, images, labels, group=4):
    x = activated(equalized(P, "from_rgb", images) + bias(P, "from_rgb"))
    for r in reversed(c.resolutions[1:]):
        y = activated(equalized(P, f"b{r}.conv0", x) + bias(P, f"b{r}.conv0"))
        y = activated(equalized(P, f"b{r}.conv1", y, "down") + bias(P, f"b{r}.conv1"))
        skip = equalized(P, f"b{r}.skip", filtered(x, 1, 1)[:, :, ::2, ::2])
        x = (y + skip) / sqrt(2)
    x = minibatch_deviation(x, group)
    x = activated(equalized(P, "b4.conv", x) + bias(P, "b4.conv"))
    h = dense(P, "b4.dense1", activated(dense(P, "b4.dense0", x.flatten(1))))
    if not c.labels:
        return h
    y = mapping(P, c, None, labels, c.label_layers)
    return (h * y).sum(1, keepdim=True) / sqrt(h.shape[1])


# MARK: Losses


def generator_loss(fake_scores):
    return F.softplus(-fake_scores).mean()


def discriminator_loss(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


def r1(images, scores, gamma):
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gamma / 2 * (gradient**2).sum([1, 2, 3]).mean()


def path_length(ws, images, y, mean, decay, weight):
    """The lengths' moving mean a takes part with its share of the new lengths."""
    y = y / sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * y).sum(), ws, create_graph=True)
    lengths = torch.sqrt((gradient**2).sum(2).mean(1))
    a = mean + decay * (lengths.mean() - mean)
    return weight * ((lengths - a) ** 2).mean()
