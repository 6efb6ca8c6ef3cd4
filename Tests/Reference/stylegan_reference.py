"""StyleGAN written plainly in PyTorch, from the papers: what the Swift networks are compared with.

Karras, Laine, Aila 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks" (the networks, the
mixing, the truncation); Karras, Aila, Laine, Lehtinen 2018, "Progressive Growing of GANs" (equalized learning rate,
minibatch standard deviation, fading); Mescheder, Geiger, Nowozin 2018 (R1); Karras et al. 2020, "Analyzing and
Improving the Image Quality of StyleGAN" (lazy regularization, path lengths); Miyato, Koyama 2018, "cGANs with Projection
Discriminator" (labels in D).

Goals, in order: to be read beside the papers; to be right; nothing else. No operation is fused and nothing is cached.
A network is a function of a dictionary of parameters, whose names are those of the Swift networks.

Axes: N samples, C channels, H × W pixels, c color channels, L layers (styles), r resolution.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

LR_MULTIPLIER = 0.01  # of the mapping network
EPSILON = 1e-8


@dataclass(frozen=True)
class Config:
    resolution: int = 16
    channels: int = 3  # c
    z_dim: int = 8
    w_dim: int = 8
    mapping_layers: int = 8
    fmap_base: int = 32
    fmap_max: int = 8
    labels: int = 0

    def nf(self, stage):
        """Feature maps of a stage; the resolution r has the stage log2(r) − 1, the last dense layer the stage 0."""
        return min(self.fmap_base // 2**stage, self.fmap_max)

    def nf_at(self, resolution):
        return self.nf(int(math.log2(resolution)) - 1)

    @property
    def resolutions(self):
        return resolutions(4, self.resolution)


@dataclass(frozen=True)
class Growth:
    """The current resolution and how far it is faded in: 0 is the previous one alone, 1 the current one alone."""

    resolution: int
    alpha: float = 1.0


def resolutions(first, last):
    return [2**k for k in range(int(math.log2(first)), int(math.log2(last)) + 1)]


# Operations


def lerp(a, b, t):
    """a at t = 0, b at t = 1."""
    return a + (b - a) * t


def leaky_relu(x):
    return F.leaky_relu(x, 0.2)


def pixel_norm(x):
    """x / √(mean over axis 1 of x² + ε), for [N, C] and [N, C, H, W]."""
    return x / torch.sqrt((x * x).mean(dim=1, keepdim=True) + EPSILON)


def instance_norm(x):
    """(x − μ) / √(σ² + ε); μ and the biased σ² over the pixels of each sample and channel."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=(2, 3), keepdim=True)
    return (x - mean) / torch.sqrt(variance + EPSILON)


def blur(x):
    """[1, 2, 1] ⊗ [1, 2, 1] / 16 on each channel; zeros around the image."""
    taps = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    kernel = torch.outer(taps, taps) / 16
    count = x.shape[1]
    return F.conv2d(x, kernel.expand(count, 1, 3, 3), padding=1, groups=count)


def upsample(x):
    """Nearest, ×2."""
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def downsample(x):
    """The mean of each 2 × 2 block."""
    return F.avg_pool2d(x, 2)


def conv(x, weight):
    """A k × k convolution (as in all networks: a correlation), zeros around, the same size, no bias."""
    return F.conv2d(x, weight, padding=weight.shape[2] // 2)


def upsample_conv_blur(x, weight):
    return blur(conv(upsample(x), weight))


def blur_conv_downsample(x, weight):
    return downsample(conv(blur(x), weight))


def equalized(weight, gain):
    """The weight used at run time: gain / √fan-in times the stored one; weight is [out, in, …]."""
    return weight * (gain / math.sqrt(weight[0].numel()))


def group_size(count, largest=4):
    """The largest divisor of `count` that is at most `largest`."""
    return max(size for size in range(1, largest + 1) if count % size == 0)


def minibatch_stddev(x):
    """Appends one feature map: how much the samples of a group differ.

    The batch is seen as [G, M, C, H, W]: sample i is member i // M of group i % M. The biased variance is over G, then
    √(· + ε), then the mean over C, H and W: one number a group, given to every pixel of each of its samples.
    """
    count, _, height, width = x.shape
    size = group_size(count)
    grouped = x.reshape(size, count // size, *x.shape[1:])  # [G, M, C, H, W]
    variance = ((grouped - grouped.mean(dim=0, keepdim=True)) ** 2).mean(dim=0)  # [M, C, H, W]
    deviation = torch.sqrt(variance + EPSILON).mean(dim=(1, 2, 3))  # [M]
    feature = deviation.repeat(size).reshape(count, 1, 1, 1).expand(count, 1, height, width)
    return torch.cat([x, feature], dim=1)


def epilogue(x, noise, noise_strength, bias, style):
    """What follows a generator's convolution: noise, bias, leaky ReLU, instance norm, style (Fig. 1b).

    x [N, C, H, W]; noise [N or 1, 1, H, W] or None; noise_strength and bias [C]; style [N, 2C], first y_s, then y_b.
    """
    if noise is not None:
        x = x + noise_strength.reshape(1, -1, 1, 1) * noise
    x = leaky_relu(x + bias.reshape(1, -1, 1, 1))
    y_s, y_b = style.reshape(len(style), 2, -1, 1, 1).unbind(dim=1)
    return instance_norm(x) * (y_s + 1) + y_b


def affine(w, weight, bias):
    """A(w): a dense layer of gain 1."""
    return w @ equalized(weight, 1).T + bias


def style_epilogue(x, noise, noise_strength, bias, w, affine_weight, affine_bias):
    return epilogue(x, noise, noise_strength, bias, affine(w, affine_weight, affine_bias))


# Generator


def generator_shapes(config):
    """Every parameter of the generator; `w_avg` and each `noise` are not trained."""
    shapes = {"mapping.w_avg": [config.w_dim]}
    for i in range(config.mapping_layers):
        inputs = config.w_dim if i else config.z_dim * (2 if config.labels else 1)
        shapes[f"mapping.dense{i}.weight"] = [config.w_dim, inputs]
        shapes[f"mapping.dense{i}.bias"] = [config.w_dim]
    if config.labels:
        shapes["mapping.embedding.weight"] = [config.z_dim, config.labels]
    for r in config.resolutions:
        block, outputs, inputs = f"synthesis.b{r}", config.nf_at(r), config.nf_at(max(r // 2, 4))
        if r == 4:
            shapes[f"{block}.constant"] = [1, outputs, 4, 4]
        else:
            shapes[f"{block}.conv0.weight"] = [outputs, inputs, 3, 3]
        shapes[f"{block}.conv1.weight"] = [outputs, outputs, 3, 3]
        for style in (f"{block}.style0", f"{block}.style1"):
            shapes[f"{style}.noise_strength"] = [outputs]
            shapes[f"{style}.bias"] = [outputs]
            shapes[f"{style}.affine.weight"] = [2 * outputs, config.w_dim]
            shapes[f"{style}.affine.bias"] = [2 * outputs]
            shapes[f"{style}.noise"] = [1, 1, r, r]
        shapes[f"{block}.to_rgb.weight"] = [config.channels, outputs, 1, 1]
        shapes[f"{block}.to_rgb.bias"] = [config.channels]
    return shapes


def is_buffer(name):
    return name.endswith("w_avg") or name.endswith(".noise")


def mapping(P, z, config, labels=None):
    """f: z [N, z_dim] → w [N, w_dim]; labels [N, labels] are embedded, normalized and put beside the normalized z."""
    x = pixel_norm(z)
    if labels is not None:
        x = torch.cat([x, pixel_norm(labels @ equalized(P["mapping.embedding.weight"], 1).T)], dim=1)
    for i in range(config.mapping_layers):
        weight = equalized(P[f"mapping.dense{i}.weight"], math.sqrt(2) * LR_MULTIPLIER)
        x = leaky_relu(x @ weight.T + P[f"mapping.dense{i}.bias"] * LR_MULTIPLIER)
    return x


def layer_count(resolution):
    return 2 * int(math.log2(resolution)) - 2


def broadcast(w, growth):
    """The same w for each of the L active layers: [N, L, w_dim]."""
    return w.unsqueeze(1).repeat(1, layer_count(growth.resolution), 1)


def mix(ws1, ws2, crossover):
    """Layers before `crossover` take ws1, the others ws2."""
    first = (torch.arange(ws1.shape[1]) < crossover).reshape(1, -1, 1)
    return torch.where(first, ws1, ws2)


def truncate(ws, w_avg, psi, cutoff):
    """w_avg + ψ (w − w_avg) for the layers before `cutoff`."""
    first = (torch.arange(ws.shape[1]) < cutoff).reshape(1, -1, 1)
    return torch.where(first, lerp(w_avg, ws, psi), ws)


def stored_noise(P, growth):
    """The stored noise of each active layer (mode "const")."""
    return [P[f"synthesis.b{r}.style{i}.noise"] for r in resolutions(4, growth.resolution) for i in (0, 1)]


def synthesis(P, ws, noise, growth, features=None):
    """g: ws [N, L, w_dim] and one noise image a layer ([N or 1, 1, r, r]; None: no noise) → images [N, c, R, R].

    `features`, a dictionary, receives what each block puts out, by its resolution.
    """

    def styled(x, block, i, layer):
        s = f"{block}.style{i}"
        return style_epilogue(
            x, None if noise is None else noise[layer], P[f"{s}.noise_strength"], P[f"{s}.bias"],
            ws[:, layer], P[f"{s}.affine.weight"], P[f"{s}.affine.bias"])

    def to_rgb(x, r):
        block = f"synthesis.b{r}.to_rgb"
        return conv(x, equalized(P[f"{block}.weight"], 1)) + P[f"{block}.bias"].reshape(1, -1, 1, 1)

    gain = math.sqrt(2)
    previous = x = None
    for index, r in enumerate(resolutions(4, growth.resolution)):
        block = f"synthesis.b{r}"
        previous = x
        if r == 4:
            x = P[f"{block}.constant"].repeat(len(ws), 1, 1, 1)
        else:
            x = upsample_conv_blur(x, equalized(P[f"{block}.conv0.weight"], gain))
        x = styled(x, block, 0, 2 * index)
        x = conv(x, equalized(P[f"{block}.conv1.weight"], gain))
        x = styled(x, block, 1, 2 * index + 1)
        if features is not None:
            features[r] = x
    image = to_rgb(x, growth.resolution)
    if growth.alpha < 1 and growth.resolution > 4:
        image = lerp(upsample(to_rgb(previous, growth.resolution // 2)), image, growth.alpha)
    return image


def generator(P, z, noise, growth, config, z2=None, crossover=None):
    """Images of z, with the styles of z2 from the layer `crossover` on where z2 is given."""
    ws = broadcast(mapping(P, z, config), growth)
    if z2 is not None:
        ws = mix(ws, broadcast(mapping(P, z2, config), growth), crossover)
    return synthesis(P, ws, noise, growth)


# Discriminator


def discriminator_shapes(config):
    shapes = {}
    for r in config.resolutions:
        block, features = f"b{r}", config.nf_at(r)
        shapes[f"{block}.from_rgb.weight"] = [features, config.channels, 1, 1]
        shapes[f"{block}.from_rgb.bias"] = [features]
        if r > 4:
            shapes[f"{block}.conv0.weight"] = [features, features, 3, 3]
            shapes[f"{block}.conv0.bias"] = [features]
            shapes[f"{block}.conv1.weight"] = [config.nf_at(r // 2), features, 3, 3]
            shapes[f"{block}.conv1.bias"] = [config.nf_at(r // 2)]
    shapes["b4.conv.weight"] = [config.nf_at(4), config.nf_at(4) + 1, 3, 3]
    shapes["b4.conv.bias"] = [config.nf_at(4)]
    shapes["b4.dense0.weight"] = [config.nf(0), config.nf_at(4) * 16]
    shapes["b4.dense0.bias"] = [config.nf(0)]
    outputs = config.nf(0) if config.labels else 1
    shapes["b4.dense1.weight"] = [outputs, config.nf(0)]
    shapes["b4.dense1.bias"] = [outputs]
    if config.labels:
        shapes["b4.embedding.weight"] = [config.nf(0), config.labels]
    return shapes


def discriminator(P, image, growth, features=None, labels=None):
    """Scores [N, 1] of images [N, c, R, R] at the current resolution; with labels, projections on the mapped labels."""
    gain = math.sqrt(2)

    def activated(x, bias):
        return leaky_relu(x + P[bias].reshape(1, -1, *[1] * (x.dim() - 2)))

    def from_rgb(x, r):
        return activated(conv(x, equalized(P[f"b{r}.from_rgb.weight"], gain)), f"b{r}.from_rgb.bias")

    top = growth.resolution
    x = from_rgb(image, top)
    for r in reversed(resolutions(8, top)):
        x = activated(conv(x, equalized(P[f"b{r}.conv0.weight"], gain)), f"b{r}.conv0.bias")
        x = activated(blur_conv_downsample(x, equalized(P[f"b{r}.conv1.weight"], gain)), f"b{r}.conv1.bias")
        if r == top and growth.alpha < 1:
            x = lerp(from_rgb(downsample(image), r // 2), x, growth.alpha)
        if features is not None:
            features[r] = x
    x = minibatch_stddev(x)
    x = activated(conv(x, equalized(P["b4.conv.weight"], gain)), "b4.conv.bias")
    if features is not None:
        features[4] = x
    x = x.reshape(len(x), -1)  # [N, C·4·4], channel-major
    x = activated(x @ equalized(P["b4.dense0.weight"], gain).T, "b4.dense0.bias")
    x = x @ equalized(P["b4.dense1.weight"], 1).T + P["b4.dense1.bias"]
    if labels is None:
        return x
    mapped = pixel_norm(labels @ equalized(P["b4.embedding.weight"], 1).T)
    return (x * mapped).sum(dim=1, keepdim=True) / math.sqrt(x.shape[1])


def fade_reals(images, growth):
    """Real images as they look while the current resolution is faded in."""
    if growth.alpha < 1 and growth.resolution > 4:
        return lerp(upsample(downsample(images)), images, growth.alpha)
    return images


# Objective


def generator_loss(fake_scores):
    """Non-saturating: E softplus(−D(G(z)))."""
    return F.softplus(-fake_scores).mean()


def discriminator_loss(real_scores, fake_scores):
    """Logistic: E softplus(D(G(z))) + E softplus(−D(x))."""
    return F.softplus(fake_scores).mean() + F.softplus(-real_scores).mean()


def r1_penalty(P, reals, growth, gamma):
    """γ/2 · the batch's mean of Σ (∂D/∂x)²; x is what the discriminator sees: faded, at the current resolution."""
    reals = reals.detach().requires_grad_()
    scores = discriminator(P, reals, growth)
    (gradient,) = torch.autograd.grad(scores.sum(), reals, create_graph=True)
    return gamma / 2 * (gradient**2).sum(dim=(1, 2, 3)).mean(), gradient


def path_length_penalty(ws, images, y, mean, decay, weight):
    """weight · E (‖J_wᵀ y‖ − a)², y ~ N(0, I)/√(H·W); the norm is over w and the mean over layers. Also the new a.

    ws [N, L, w_dim] of the active layers; y [N, c, H, W] before its division.
    """
    y = y / math.sqrt(images.shape[2] * images.shape[3])
    (jacobian,) = torch.autograd.grad((images * y).sum(), ws, create_graph=True)
    lengths = jacobian.square().sum(dim=2).mean(dim=1).sqrt()
    mean = lerp(mean, lengths.mean(), decay)
    return weight * (lengths - mean).square().mean(), mean


# Training


@dataclass(frozen=True)
class Training:
    learning_rate: float = 0.001
    beta1: float = 0.0
    beta2: float = 0.99
    epsilon: float = 1e-8
    gamma: float = 10.0
    lazy: int = 0  # R1 every `lazy` steps, in a step of its own; 0: with every step
    w_avg_beta: float = 0.995
    half_life: float = 10_000  # of the moving average, in images


class Trainer:
    """One training step, `step`, in this order:

    1. Discriminator. Fakes of z (styles of z2 from the crossover on), without a graph. Loss: logistic, plus R1 on the
       faded reals when R1 is not lazy. One Adam step.
    2. Lazy R1: in the steps 0, k, 2k, … and after that Adam step, a second Adam step of the same optimizer whose loss
       is k times R1 alone (on the same reals, with the new weights). The discriminator's Adam then has, in all its
       steps, lr·c and both β to the power of c, c = k / (k + 1); the generator's is unchanged.
    3. Moving average: each trained parameter p of the generator: p_ema ← lerp(p, p_ema, β), β = 0.5^(N / half-life);
       the buffers (w_avg, noise) are copied.
    4. Generator. New z, z2, noise and crossover; the discriminator of now. One Adam step.

    In 1 and in 4: w_avg ← lerp(mean over the batch of w, w_avg, 0.995), where w = f(z) is that of the fakes: of the
    first latents z alone, before mixing, and by the weights before the Adam step.

    A parameter that has no part in a loss (the color layers of other resolutions; the last bias in R1) has the
    gradient 0, and Adam's moments and its one number of steps go on for it as for the others (Kingma & Ba 2015,
    Algorithm 1, where all parameters are one vector); with β₁ = 0 it stays as it is.
    """

    def __init__(self, config, training, G, D, ema):
        self.config, self.training, self.G, self.D, self.ema = config, training, G, D, ema
        self.steps = 0
        for P in (G, D):
            for name, value in P.items():
                value.requires_grad_(not is_buffer(name))
        t, c = training, (training.lazy / (training.lazy + 1) if training.lazy else 1)
        self.g_adam = torch.optim.Adam(
            [p for p in G.values() if p.requires_grad], t.learning_rate, (t.beta1, t.beta2), t.epsilon)
        self.d_adam = torch.optim.Adam(
            list(D.values()), t.learning_rate * c, (t.beta1**c, t.beta2**c), t.epsilon)

    @staticmethod
    def descend(adam, loss):
        adam.zero_grad(set_to_none=True)
        parameters = adam.param_groups[0]["params"]
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
            p.grad = torch.zeros_like(p) if gradient is None else gradient
        adam.step()

    def move_w_avg(self, z):
        with torch.no_grad():
            w = mapping(self.G, z, self.config).mean(dim=0)
            self.G["mapping.w_avg"].copy_(lerp(w, self.G["mapping.w_avg"], self.training.w_avg_beta))

    def step(self, growth, reals, d, g):
        """`d` and `g`: dictionaries of z, z2, noise (one image a layer) and crossover. Returns the losses."""
        G, D, t = self.G, self.D, self.training
        reals = fade_reals(reals, growth)
        losses = {}

        self.move_w_avg(d["z"])
        with torch.no_grad():
            fakes = generator(G, d["z"], d["noise"], growth, self.config, d["z2"], d["crossover"])
        loss = discriminator_loss(discriminator(D, reals, growth), discriminator(D, fakes, growth))
        losses["d"] = loss
        if not t.lazy:
            losses["r1"] = r1_penalty(D, reals, growth, t.gamma)[0]
            loss = loss + losses["r1"]
        self.descend(self.d_adam, loss)
        if t.lazy and self.steps % t.lazy == 0:
            losses["r1"] = r1_penalty(D, reals, growth, t.gamma)[0]  # as reported, without the factor
            self.descend(self.d_adam, losses["r1"] * t.lazy)

        with torch.no_grad():
            beta = 0.5 ** (len(reals) / t.half_life)
            for name, p in G.items():
                self.ema[name] = p.clone() if is_buffer(name) else lerp(p, self.ema[name], beta).clone()

        self.move_w_avg(g["z"])
        fakes = generator(G, g["z"], g["noise"], growth, self.config, g["z2"], g["crossover"])
        losses["g"] = generator_loss(discriminator(D, fakes, growth))
        self.descend(self.g_adam, losses["g"])
        self.steps += 1
        return {name: value.detach() for name, value in losses.items()}
