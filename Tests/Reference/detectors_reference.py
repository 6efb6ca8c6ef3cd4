"""Inception-v3 (the variant of FID) and VGG16 with LPIPS in PyTorch, as modules from which a state dict can be taken.

Written from the papers' tables and the layer names that the field's state dicts have. Widths are given by a function, so
that the same graph can be tested with few channels.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def tensorflow_resize(images, size):
    """TensorFlow 1's bilinear resizing (corners not aligned) of [N, C, H, W] in NumPy: no half pixels, no smoothing.

    The source of pixel i is i · (old size / new size); beyond the last pixel the last is repeated.
    """

    def sources(old):
        place = np.arange(size) * (old / size)
        low = np.floor(place).astype(int)
        return low, np.minimum(low + 1, old - 1), place - low

    (top, bottom, v), (left, right, u) = sources(images.shape[2]), sources(images.shape[3])
    rows = images[:, :, top] + (images[:, :, bottom] - images[:, :, top]) * v[:, None]
    return rows[..., left] + (rows[..., right] - rows[..., left]) * u


class Unit(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def mean_pool(x):
    """3×3 means; positions outside the image are not counted."""
    count = F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), (1, 1, 1, 1)), 3, 1)
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1) / count


def max_pool(x):
    return F.max_pool2d(x, 3, 1, 1)


class A(nn.Module):
    def __init__(self, i, c):
        super().__init__()
        self.branch1x1 = Unit(i, c(64), 1)
        self.branch5x5_1, self.branch5x5_2 = Unit(i, c(48), 1), Unit(c(48), c(64), 5, padding=2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Unit(i, c(64), 1), Unit(c(64), c(96), 3, padding=1)
        self.branch3x3dbl_3 = Unit(c(96), c(96), 3, padding=1)
        self.branch_pool = Unit(i, c(32), 1)
        self.outputs = 2 * c(64) + c(96) + c(32)

    def forward(self, x):
        return torch.cat([
            self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)),
            self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))), self.branch_pool(mean_pool(x))], 1)


class B(nn.Module):
    def __init__(self, i, c):
        super().__init__()
        self.branch3x3 = Unit(i, c(384), 3, 2)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Unit(i, c(64), 1), Unit(c(64), c(96), 3, padding=1)
        self.branch3x3dbl_3 = Unit(c(96), c(96), 3, 2)
        self.outputs = c(384) + c(96) + i

    def forward(self, x):
        return torch.cat([
            self.branch3x3(x), self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
            F.max_pool2d(x, 3, 2)], 1)


class C(nn.Module):
    def __init__(self, i, c, middle):
        super().__init__()
        m, o = c(middle), c(192)
        row, column = dict(kernel=(1, 7), padding=(0, 3)), dict(kernel=(7, 1), padding=(3, 0))
        self.branch1x1 = Unit(i, o, 1)
        self.branch7x7_1, self.branch7x7_2, self.branch7x7_3 = Unit(i, m, 1), Unit(m, m, **row), Unit(m, o, **column)
        self.branch7x7dbl_1, self.branch7x7dbl_2 = Unit(i, m, 1), Unit(m, m, **column)
        self.branch7x7dbl_3, self.branch7x7dbl_4 = Unit(m, m, **row), Unit(m, m, **column)
        self.branch7x7dbl_5 = Unit(m, o, **row)
        self.branch_pool = Unit(i, o, 1)
        self.outputs = 4 * o

    def forward(self, x):
        y = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        return torch.cat([
            self.branch1x1(x), self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x))),
            self.branch7x7dbl_5(self.branch7x7dbl_4(y)), self.branch_pool(mean_pool(x))], 1)


class D(nn.Module):
    def __init__(self, i, c):
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = Unit(i, c(192), 1), Unit(c(192), c(320), 3, 2)
        self.branch7x7x3_1 = Unit(i, c(192), 1)
        self.branch7x7x3_2 = Unit(c(192), c(192), (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = Unit(c(192), c(192), (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = Unit(c(192), c(192), 3, 2)
        self.outputs = c(320) + c(192) + i

    def forward(self, x):
        y = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), y, F.max_pool2d(x, 3, 2)], 1)


class E(nn.Module):
    def __init__(self, i, c, pool):
        super().__init__()
        row, column = dict(kernel=(1, 3), padding=(0, 1)), dict(kernel=(3, 1), padding=(1, 0))
        self.pool = pool
        self.branch1x1 = Unit(i, c(320), 1)
        self.branch3x3_1 = Unit(i, c(384), 1)
        self.branch3x3_2a, self.branch3x3_2b = Unit(c(384), c(384), **row), Unit(c(384), c(384), **column)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Unit(i, c(448), 1), Unit(c(448), c(384), 3, padding=1)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = Unit(c(384), c(384), **row), Unit(c(384), c(384), **column)
        self.branch_pool = Unit(i, c(192), 1)
        self.outputs = c(320) + 4 * c(384) + c(192)

    def forward(self, x):
        y, z = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        return torch.cat([
            self.branch1x1(x), self.branch3x3_2a(y), self.branch3x3_2b(y), self.branch3x3dbl_3a(z),
            self.branch3x3dbl_3b(z), self.branch_pool(self.pool(x))], 1)


class InceptionV3(nn.Module):
    def __init__(self, c=lambda n: n, classes=1008):
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, c(32), 3, 2)
        self.Conv2d_2a_3x3, self.Conv2d_2b_3x3 = Unit(c(32), c(32), 3), Unit(c(32), c(64), 3, padding=1)
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = Unit(c(64), c(80), 1), Unit(c(80), c(192), 3)
        width, blocks = c(192), [
            ("5b", A), ("5c", A), ("5d", A), ("6a", B), ("6b", lambda i, c: C(i, c, 128)), ("6c", lambda i, c: C(i, c, 160)),
            ("6d", lambda i, c: C(i, c, 160)), ("6e", lambda i, c: C(i, c, 192)), ("7a", D),
            ("7b", lambda i, c: E(i, c, mean_pool)), ("7c", lambda i, c: E(i, c, max_pool))]
        self.names = [f"Mixed_{name}" for name, _ in blocks]
        for name, kind in blocks:
            block = kind(width, c)
            setattr(self, f"Mixed_{name}", block)
            width = block.outputs
        self.fc = nn.Linear(width, classes)

    def forward(self, images, tensorflow=False):
        if tensorflow:
            x = torch.from_numpy((tensorflow_resize(images.numpy(), 299) - 128) / 128).to(images.dtype)
        else:
            x = F.interpolate(images, size=(299, 299), mode="bilinear", align_corners=False) * (2 / 255) - 1
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = F.max_pool2d(x, 3, 2)
        for name in self.names:
            x = getattr(self, name)(x)
        features = x.mean((2, 3))
        return features, (features @ self.fc.weight.T).softmax(1)  # the inception score leaves the bias out


class VGG16(nn.Module):
    def __init__(self, c=lambda n: n, classes=1000):
        super().__init__()
        layers, width, self.taps = [], 3, []
        for count, n in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]:
            for _ in range(count):
                layers += [nn.Conv2d(width, c(n), 3, padding=1), nn.ReLU()]
                width = c(n)
            self.taps.append(len(layers) - 1)
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(width * 49, c(4096)), nn.ReLU(), nn.Dropout(), nn.Linear(c(4096), c(4096)), nn.ReLU(),
            nn.Dropout(), nn.Linear(c(4096), classes))

    def normalized(self, images):
        mean, std = (torch.tensor(v, dtype=images.dtype).reshape(1, 3, 1, 1)
                     for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
        return (images / 255 - mean) / std

    def forward(self, images):
        x = F.interpolate(images, size=(224, 224), mode="bilinear", align_corners=False)
        x = self.features(self.normalized(x)).flatten(1)
        features = self.classifier[:5](x)
        return features, self.classifier[5:](features).softmax(1)

    def lpips(self, a, b, lines):
        """Σ_layers mean over positions of Σ_c w_c (â − b̂)²."""
        total, x, y = 0, self.normalized(a), self.normalized(b)
        for i, layer in enumerate(self.features):
            x, y = layer(x), layer(y)
            if i in self.taps:
                unit = lambda v: v / (v.norm(dim=1, keepdim=True) + 1e-10)
                total = total + (lines[self.taps.index(i)] * (unit(x) - unit(y)) ** 2).sum(1).mean((1, 2))
        return total
