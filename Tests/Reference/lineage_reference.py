"""The networks before StyleGAN and its steps from Progressive GAN, in plain PyTorch: GAN, DCGAN, WGAN, Progressive GAN.

Written from the papers (and, for GAN, from the usual teaching program), as functions of a dictionary P of parameters by
name. Batch normalization is the batch's, as in training.
"""

import math

import torch
import torch.nn.functional as F

from stylegan_reference import (
    blur, conv, downsample, equalized, instance_norm, leaky_relu, lerp, minibatch_stddev, pixel_norm, resolutions, upsample)


def batch_norm(P, name, x, eps):
    return F.batch_norm(x, None, None, P[f"{name}.weight"], P[f"{name}.bias"], training=True, eps=eps)


# GAN: Linear 100→128→256→512→1024→784; Linear 784→512→256→1. Sigmoid and binary cross-entropy are in the losses below.


def gan_shapes(z_dim=100, pixels=784):
    G, D = {}, {}
    widths = [z_dim, 128, 256, 512, 1024, pixels]
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        G[f"dense{i}.weight"], G[f"dense{i}.bias"] = [b, a], [b]
        if 0 < i < 4:
            G[f"norm{i}.weight"], G[f"norm{i}.bias"] = [b], [b]
    widths = [pixels, 512, 256, 1]
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        D[f"dense{i}.weight"], D[f"dense{i}.bias"] = [b, a], [b]
    return G, D


def gan_generator(P, z, side=28, eps=0.8):
    x = F.leaky_relu(F.linear(z, P["dense0.weight"], P["dense0.bias"]), 0.2)
    for i in (1, 2, 3):
        x = F.linear(x, P[f"dense{i}.weight"], P[f"dense{i}.bias"])
        x = F.leaky_relu(batch_norm(P, f"norm{i}", x, eps), 0.2)
    return torch.tanh(F.linear(x, P["dense4.weight"], P["dense4.bias"])).view(len(z), 1, side, side)


def gan_discriminator(P, images):
    x = images.reshape(len(images), -1)
    for i in (0, 1):
        x = F.leaky_relu(F.linear(x, P[f"dense{i}.weight"], P[f"dense{i}.bias"]), 0.2)
    return F.linear(x, P["dense2.weight"], P["dense2.bias"])


# DCGAN, which WGAN shares; WGAN-GP's critic has no batch normalization.


def dcgan_shapes(resolution, channels, z_dim, features, normalized=True):
    sides = [4 << i for i in range(int(math.log2(resolution)) - 2)]
    nf = {side: max(1, features * 32 // side) for side in sides}
    G, inputs = {}, z_dim
    for side in sides:
        G[f"b{side}.conv.weight"] = [inputs, nf[side], 4, 4]
        G[f"b{side}.norm.weight"], G[f"b{side}.norm.bias"] = [nf[side]], [nf[side]]
        inputs = nf[side]
    G[f"b{resolution}.conv.weight"], G[f"b{resolution}.conv.bias"] = [inputs, channels, 4, 4], [channels]
    D, inputs = {}, channels
    for i, side in enumerate(reversed(sides)):
        D[f"b{side}.conv.weight"] = [nf[side], inputs, 4, 4]
        if normalized and i > 0:
            D[f"b{side}.norm.weight"], D[f"b{side}.norm.bias"] = [nf[side]], [nf[side]]
        else:
            D[f"b{side}.conv.bias"] = [nf[side]]
        inputs = nf[side]
    D["b1.conv.weight"], D["b1.conv.bias"] = [1, inputs, 4, 4], [1]
    return G, D


def dcgan_generator(P, z, resolution):
    x, side = z.view(len(z), -1, 1, 1), 4
    while side < resolution:
        stride, padding = (1, 0) if side == 4 else (2, 1)
        x = F.conv_transpose2d(x, P[f"b{side}.conv.weight"], stride=stride, padding=padding)
        x = F.relu(batch_norm(P, f"b{side}.norm", x, 1e-5))
        side *= 2
    return torch.tanh(
        F.conv_transpose2d(x, P[f"b{side}.conv.weight"], P[f"b{side}.conv.bias"], stride=2, padding=1))


def dcgan_discriminator(P, images, labels=None):
    x, side = images, images.shape[-1] // 2
    while side >= 4:
        x = F.conv2d(x, P[f"b{side}.conv.weight"], P.get(f"b{side}.conv.bias"), stride=2, padding=1)
        if f"b{side}.norm.weight" in P:
            x = batch_norm(P, f"b{side}.norm", x, 1e-5)
        x, side = F.leaky_relu(x, 0.2), side // 2
    score = F.conv2d(x, P["b1.conv.weight"], P["b1.conv.bias"]).view(-1, 1)
    if labels is None:
        return score
    # The projection of Miyato & Koyama 2018: the inner product of the summed features and the embedded labels.
    embedded = torch.einsum("nl,cl->nc", labels, P["embedding.weight"])
    return score + torch.einsum("nchw,nc->n", x, embedded).view(-1, 1)


# Progressive GAN, and StyleGAN's configurations A to E (Table 1) as switches.


def traditional_shapes(config, blur=False, styles=False, constant=False, noise=False, mapping_layers=0):
    """Generator parameters of Table 1 under StyleGAN's names."""
    shapes = {}
    for i in range(mapping_layers):
        shapes[f"mapping.dense{i}.weight"] = [config.w_dim, config.z_dim if i == 0 else config.w_dim]
        shapes[f"mapping.dense{i}.bias"] = [config.w_dim]
    for r in config.resolutions:
        block, outputs, inputs = f"synthesis.b{r}", config.nf_at(r), config.nf_at(max(r // 2, 4))
        if r > 4:
            shapes[f"{block}.conv0.weight"] = [outputs, inputs, 3, 3]
        elif constant:
            shapes[f"{block}.constant"] = [1, outputs, 4, 4]
        else:
            shapes[f"{block}.dense.weight"] = [outputs * 16, config.w_dim]
        shapes[f"{block}.conv1.weight"] = [outputs, outputs, 3, 3]
        for style in (f"{block}.style0", f"{block}.style1"):
            shapes[f"{style}.bias"] = [outputs]
            if noise:
                shapes[f"{style}.noise_strength"] = [outputs]
            if styles:
                shapes[f"{style}.affine.weight"] = [2 * outputs, config.w_dim]
                shapes[f"{style}.affine.bias"] = [2 * outputs]
        shapes[f"{block}.to_rgb.weight"] = [config.channels, outputs, 1, 1]
        shapes[f"{block}.to_rgb.bias"] = [config.channels]
    return shapes


def traditional_generator(P, z, noise, growth, smooth):
    """Images of z; what P has decides: a constant or a dense input, styles or pixel norm, noise inputs, a mapping network."""
    gain = math.sqrt(2)
    w = pixel_norm(z)
    i = 0
    while f"mapping.dense{i}.weight" in P:
        w = leaky_relu(w @ equalized(P[f"mapping.dense{i}.weight"], gain * 0.01).T + P[f"mapping.dense{i}.bias"] * 0.01)
        i += 1

    def layer(x, name, n):
        if f"{name}.noise_strength" in P:
            x = x + n * P[f"{name}.noise_strength"].view(1, -1, 1, 1)
        x = leaky_relu(x + P[f"{name}.bias"].view(1, -1, 1, 1))
        if f"{name}.affine.weight" not in P:
            return x / torch.sqrt((x**2).mean(dim=1, keepdim=True) + 1e-8)
        y = w @ equalized(P[f"{name}.affine.weight"], 1).T + P[f"{name}.affine.bias"]
        scale, offset = y.view(len(x), 2, -1, 1, 1).unbind(1)
        return instance_norm(x) * (scale + 1) + offset

    def to_rgb(x, r):
        block = f"synthesis.b{r}.to_rgb"
        return conv(x, equalized(P[f"{block}.weight"], 1)) + P[f"{block}.bias"].view(1, -1, 1, 1)

    previous = x = None
    for index, r in enumerate(resolutions(4, growth.resolution)):
        block, previous = f"synthesis.b{r}", x
        if r > 4:
            x = conv(upsample(x), equalized(P[f"{block}.conv0.weight"], gain))
            x = blur(x) if smooth else x
        elif f"{block}.constant" in P:
            x = P[f"{block}.constant"].repeat(len(z), 1, 1, 1)
        else:
            # The first layer is a 4×4 convolution of one pixel (Progressive GAN, Table 2): 16 times the dense fan-in.
            x = (w @ equalized(P[f"{block}.dense.weight"], gain / 4).T).view(len(z), -1, 4, 4)
        x = layer(x, f"{block}.style0", noise[2 * index])
        x = layer(conv(x, equalized(P[f"{block}.conv1.weight"], gain)), f"{block}.style1", noise[2 * index + 1])
    image = to_rgb(x, growth.resolution)
    if growth.alpha < 1:
        image = lerp(upsample(to_rgb(previous, growth.resolution // 2)), image, growth.alpha)
    return image


def pggan_discriminator(P, image, growth, labels=None):
    """Two convolutions, then 2×2 means, without filters. With labels the score is a projection on the mapped labels."""
    gain = math.sqrt(2)

    def layer(x, name):
        weight = equalized(P[f"{name}.weight"], gain)
        x = x @ weight.T if x.dim() == 2 else conv(x, weight)
        return leaky_relu(x + P[f"{name}.bias"].view(1, -1, *[1] * (x.dim() - 2)))

    top = growth.resolution
    x = layer(image, f"b{top}.from_rgb")
    for r in reversed(resolutions(8, top)):
        x = downsample(layer(layer(x, f"b{r}.conv0"), f"b{r}.conv1"))
        if r == top and growth.alpha < 1:
            x = lerp(layer(downsample(image), f"b{r // 2}.from_rgb"), x, growth.alpha)
    x = layer(minibatch_stddev(x), "b4.conv").reshape(len(x), -1)
    h = layer(x, "b4.dense0") @ equalized(P["b4.dense1.weight"], 1).T + P["b4.dense1.bias"]
    if labels is None:
        return h
    mapped = pixel_norm(labels @ equalized(P["b4.embedding.weight"], 1).T)
    return torch.einsum("nc,nc->n", h, mapped).view(-1, 1) / math.sqrt(h.shape[1])


# Losses of scores, as the papers write them: with sigmoids and logarithms.


def minimax_generator_loss(fake):
    return torch.log(1 - torch.sigmoid(fake)).mean()


def non_saturating_generator_loss(fake):
    return F.binary_cross_entropy(torch.sigmoid(fake), torch.ones_like(fake))


def cross_entropy_discriminator_loss(real, fake):
    return F.binary_cross_entropy(torch.sigmoid(real), torch.ones_like(real)) + F.binary_cross_entropy(
        torch.sigmoid(fake), torch.zeros_like(fake))


def wasserstein_losses(real, fake):
    return -fake.mean(), -(real.mean() - fake.mean())


def hinge_losses(real, fake):
    one = torch.ones_like(real)
    return -fake.mean(), torch.max(0 * one, one - real).mean() + torch.max(0 * one, one + fake).mean()


def relativistic_losses(real, fake):
    """Pairs: the logistic loss of the difference of their scores (Jolicoeur-Martineau 2018)."""
    return -torch.log(torch.sigmoid(fake - real)).mean(), -torch.log(torch.sigmoid(real - fake)).mean()


def gradient_penalty(critic, reals, fakes, position, weight):
    """λ · E (‖∇D(x̂)‖ − 1)², x̂ = (1 − u)·x + u·G(z)."""
    between = ((1 - position) * reals + position * fakes).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return weight * ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()
