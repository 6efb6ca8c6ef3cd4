"""The augmentation of D's images (Karras et al. 2020, "Training GANs with limited data", Appendix B) in plain PyTorch.

Slow and readable. The resampling is linear in the image, so it is computed once for every basis image, with libtorch's own
padding, convolution and grid_sample; the resulting matrix is then applied, which can be differentiated as often as wanted.
Draws are dictionaries: gates are uniform numbers, values are uniform or normal ones; each has one entry per image.
"""

import math

import torch
import torch.nn.functional as F

SYM6 = [
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263748278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148,
]  # fmt: skip
SYM2 = [-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025]

# The steps in their order, with the number of values of each; "n" is normal, "u" is uniform.
STEPS = {
    "blit": [("flip", "u"), ("quarterTurn", "u"), ("integerShift", "uu")],
    "geom": [
        ("scale", "n"), ("rotationBefore", "u"), ("stretch", "n"), ("rotationAfter", "u"), ("fractionalShift", "nn"),
    ],
    "color": [("brightness", "n"), ("contrast", "n"), ("lumaFlip", "u"), ("hue", "u"), ("saturation", "n")],
    "filter": [("filter", "nnnn")],
    "noise": [("noise", "n")],
    "cutout": [("cutout", "uu")],
}  # fmt: skip
GROUPS = {"bg": 2, "bgc": 3, "bgcf": 4, "bgcfn": 5, "bgcfnc": 6}


def steps(pipe, channels):
    """The steps of a group, or one step by its name, with the kinds of their values."""
    names = list(STEPS)[: GROUPS[pipe]] if pipe in GROUPS else list(STEPS)
    found = [step for name in names for step in STEPS[name] if pipe in GROUPS or pipe in (name, step[0])]
    return [(name, kinds) for name, kinds in found if not (channels == 1 and name in ("hue", "saturation"))]


def happens(draws, name, p, index=0):
    """Whether a step is applied to each image, [N]."""
    if name.startswith("rotation"):
        p = 1 - math.sqrt(max(1 - p, 0))
    return draws[f"{name}.gate{index}"] < p


def value(draws, name, index=0):
    return draws[f"{name}.{index}"]


# Matrices, [N, 3, 3] or [N, 4, 4].


def filled(rows, like):
    return torch.stack([torch.stack([torch.as_tensor(x, dtype=like.dtype).expand_as(like) for x in r], -1) for r in rows], -2)


def scale2(x, y):
    return filled([[x, 0, 0], [0, y, 0], [0, 0, 1]], x)


def translate2(x, y):
    return filled([[1, 0, x], [0, 1, y], [0, 0, 1]], x)


def rotate2(a):
    return filled([[a.cos(), -a.sin(), 0], [a.sin(), a.cos(), 0], [0, 0, 1]], a)


def geometry(draws, p, width, height, pipe, channels=3):
    """G, the map from pixels of the result to pixels of the image, with the origin at the center."""
    names = [name for name, _ in steps(pipe, channels)]
    some = next(iter(draws.values()))
    zero, one = torch.zeros_like(some), torch.ones_like(some)
    G = torch.eye(3, dtype=some.dtype).expand(len(some), 3, 3)

    def apply(name, M, identity):
        nonlocal G
        if name in names:
            G = G @ torch.where(happens(draws, name, p)[:, None, None], M, identity)

    I = torch.eye(3, dtype=some.dtype).expand(len(some), 3, 3)
    v = lambda name, i=0: value(draws, name, i) if name in names else zero
    i = (v("flip") * 2).floor()
    apply("flip", scale2(1 / (1 - 2 * i), one), I)
    apply("quarterTurn", rotate2((v("quarterTurn") * 4).floor() * (math.pi / 2)), I)
    t = [(v("integerShift", k) * 2 - 1) * 0.125 for k in range(2)]
    apply("integerShift", translate2(-(t[0] * width).round(), -(t[1] * height).round()), I)
    s = 2 ** (0.2 * v("scale"))
    apply("scale", scale2(1 / s, 1 / s), I)
    apply("rotationBefore", rotate2((v("rotationBefore") * 2 - 1) * math.pi), I)
    s = 2 ** (0.2 * v("stretch"))
    apply("stretch", scale2(1 / s, s), I)
    apply("rotationAfter", rotate2((v("rotationAfter") * 2 - 1) * math.pi), I)
    t = [v("fractionalShift", k) * 0.125 for k in range(2)]
    apply("fractionalShift", translate2(-t[0] * width, -t[1] * height), I)
    return G


def color(draws, p, pipe, channels):
    """C, of (r, g, b, 1)."""
    names = [name for name, _ in steps(pipe, channels)]
    some = next(iter(draws.values()))
    I = torch.eye(4, dtype=some.dtype).expand(len(some), 4, 4)
    C, one = I, torch.ones_like(some)
    axis = torch.tensor([1.0, 1, 1, 0], dtype=some.dtype) / math.sqrt(3)
    vv = torch.outer(axis, axis)

    def apply(name, M):
        nonlocal C
        if name in names:
            C = torch.where(happens(draws, name, p)[:, None, None], M(value(draws, name)), I) @ C

    apply("brightness", lambda n: filled([[1, 0, 0, 0.2 * n], [0, 1, 0, 0.2 * n], [0, 0, 1, 0.2 * n], [0, 0, 0, 1]], n))
    apply("contrast", lambda n: filled([[2 ** (0.5 * n), 0, 0, 0], [0, 2 ** (0.5 * n), 0, 0], [0, 0, 2 ** (0.5 * n), 0], [0, 0, 0, one]], n))
    apply("lumaFlip", lambda u: I - 2 * vv * (u * 2).floor()[:, None, None])

    def turn(u):
        a = ((u * 2 - 1) * math.pi)[:, None, None]
        x, y, z = axis[:3]
        cross = torch.zeros(4, 4, dtype=some.dtype)
        cross[:3, :3] = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rotation = a.cos() * I + (1 - a.cos()) * vv + a.sin() * cross
        rotation = rotation.clone()
        rotation[:, 3, 3] = 1
        return rotation

    apply("hue", turn)
    saturated = lambda n: vv + (I - vv) * (2**n)[:, None, None]

    def saturation(n):
        M = saturated(n).clone()
        M[:, 3, 3] = 1
        return M

    apply("saturation", saturation)
    return C


def margins(G, width, height):
    """(left, top, right, bottom), for all images."""
    cx, cy, P = (width - 1) / 2, (height - 1) / 2, 3
    corners = torch.tensor([[-cx, -cy, 1], [cx, -cy, 1], [cx, cy, 1], [-cx, cy, 1]], dtype=G.dtype)
    at = G @ corners.T
    x, y = at[:, 0], at[:, 1]
    raw = [(-x).max() + 2 * P - cx, (-y).max() + 2 * P - cy, x.max() + 2 * P - cx, y.max() + 2 * P - cy]
    most = [max(width - 1, 2 * P), max(height - 1, 2 * P)] * 2
    return [int(math.ceil(min(max(float(m), 0), most[k]))) for k, m in enumerate(raw)]


def reflected(x, left, top, right, bottom):
    """Reflection without repeated edges; more than once where a margin is larger than the image."""

    def table(before, size, after):
        period = 2 * (size - 1)
        at = torch.arange(-before, size + after) % period
        return torch.where(at < size, at, period - at)

    return x[..., table(top, x.shape[-2], bottom), :][..., table(left, x.shape[-1], right)]


def resampling(G, width, height):
    """The matrix of each image, [N, H·W, H·W]."""
    left, top, right, bottom = margins(G, width, height)
    h = torch.tensor(SYM6, dtype=G.dtype)
    h = h / h.sum()
    P = 3
    basis = torch.eye(width * height, dtype=G.dtype).reshape(-1, 1, height, width)
    x = reflected(basis, left, top, right, bottom)
    one = torch.ones(len(G), dtype=G.dtype)
    G = translate2(one * (left - right) / 2, one * (top - bottom) / 2) @ G
    up = torch.zeros(len(x), 1, 2 * x.shape[2], 2 * x.shape[3], dtype=G.dtype)
    up[:, :, ::2, ::2] = x
    up = F.pad(up, [6, 5, 6, 5])
    up = F.conv2d(F.conv2d(up, 2 * h.flip(0).reshape(1, 1, 1, -1)), 2 * h.flip(0).reshape(1, 1, -1, 1))
    G = translate2(-one / 2, -one / 2) @ scale2(2 * one, 2 * one) @ G @ scale2(one / 2, one / 2) @ translate2(one / 2, one / 2)
    h1, w1, h2, w2 = up.shape[2], up.shape[3], (height + 2 * P) * 2, (width + 2 * P) * 2
    G = scale2(one * 2 / w1, one * 2 / h1) @ G @ scale2(one * w2 / 2, one * h2 / 2)
    matrices = []
    for M in G:
        grid = F.affine_grid(M[None, :2], [1, 1, h2, w2], align_corners=False).expand(len(up), -1, -1, -1)
        y = F.grid_sample(up, grid, mode="bilinear", padding_mode="zeros", align_corners=False)[:, :, 1:-1, 1:-1]
        y = F.conv2d(F.conv2d(y, h.reshape(1, 1, 1, -1)), h.reshape(1, 1, -1, 1))[:, :, ::2, ::2]
        matrices.append(y.reshape(len(basis), -1).T)
    return torch.stack(matrices)


def convolve(a, b):
    return F.conv1d(F.pad(a[:, None], [len(b) - 1] * 2), b.flip(0)[None, None])[:, 0]


def filter_bank(dtype=torch.float64):
    lo = torch.tensor(SYM2, dtype=dtype)
    hi = lo * torch.tensor([1, -1, 1, -1], dtype=dtype)
    A, B = (convolve(f[None], f.flip(0))[0] / 2 for f in (lo, hi))
    bank = torch.tensor([[1.0], [0], [0], [0]], dtype=dtype)
    for i in range(1, 4):
        spread = torch.zeros(4, 2 * bank.shape[1] - 1, dtype=dtype)
        spread[:, ::2] = bank
        bank = convolve(spread, A)
        start = (bank.shape[1] - len(B)) // 2
        bank[i, start : start + len(B)] += B
    return bank


def filter_taps(draws, p):
    """[N, 43]"""
    some = next(iter(draws.values()))
    power = torch.tensor([10.0, 1, 1, 1], dtype=some.dtype) / 13
    g = torch.ones(len(some), 4, dtype=some.dtype)
    for i in range(4):
        t = torch.ones_like(g)
        t[:, i] = torch.where(happens(draws, "filter", p, i), 2 ** value(draws, "filter", i), torch.ones_like(some))
        g = g * t / (power * t**2).sum(1, keepdim=True).sqrt()
    return g @ filter_bank(some.dtype)


def augmented(images, draws, p, pipe, noise=None):
    """[N, C, H, W] with C = 1, 3 or 4; color, filter and noise leave the fourth channel as it is."""
    n, channels, height, width = images.shape
    names = [name for name, _ in steps(pipe, channels)]
    x = images
    if any(name in names for group in ("blit", "geom") for name, _ in STEPS[group]):
        M = resampling(geometry(draws, p, width, height, pipe, channels), width, height)
        x = torch.einsum("nij,ncj->nci", M, x.reshape(n, channels, -1)).reshape(x.shape)
    rest, x = x[:, 3:], x[:, :3]
    if any(name in names for name, _ in STEPS["color"]):
        C = color(draws, p, pipe, channels)
        if channels == 1:
            row = C[:, :3].mean(1)
            x = x * row[:, :3].sum(1)[:, None, None, None] + row[:, 3][:, None, None, None]
        else:
            x = torch.einsum("nij,njhw->nihw", C[:, :3, :3], x) + C[:, :3, 3][:, :, None, None]
    if "filter" in names:
        taps = filter_taps(draws, p)
        x = torch.stack([
            F.conv2d(F.conv2d(reflected(x[i], 21, 21, 21, 21)[:, None], taps[i].reshape(1, 1, 1, -1)), taps[i].reshape(1, 1, -1, 1))[:, 0]
            for i in range(n)
        ])  # fmt: skip
    if "noise" in names:
        sigma = torch.where(happens(draws, "noise", p), value(draws, "noise").abs() * 0.1, 0)
        x = x + noise * sigma[:, None, None, None]
    x = torch.cat([x, rest], 1)
    if "cutout" in names:
        cx, cy = (value(draws, "cutout", k)[:, None] for k in range(2))
        inside = lambda size, c: ((torch.arange(size) + 0.5) / size - c).abs() < 0.25
        hole = inside(height, cy)[:, :, None] & inside(width, cx)[:, None, :] & happens(draws, "cutout", p)[:, None, None]
        x = torch.where(hole[:, None], 0, x)
    return x
