"""Sliced Wasserstein distance of Progressive GAN (Karras et al. 2018, §5), in NumPy, double precision.

Everything random (where the patches lie, the directions) is given, so that the distance is a function of its inputs.
"""

import numpy as np

TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def filtered(x, taps):
    """Each row, then each column of x [N, C, H, W]; the border is mirrored without repeating the edge (d c b|a b c d)."""
    for axis in (3, 2):
        padding = [(0, 0)] * 4
        padding[axis] = (2, 2)
        padded = np.pad(x, padding, mode="reflect")
        size = x.shape[axis]
        x = sum(tap * padded.take(range(k, k + size), axis=axis) for k, tap in enumerate(taps))
    return x


def reduced(x):
    """Filters, then keeps the pixels with even row and column."""
    return filtered(x, TAPS)[:, :, ::2, ::2]


def expanded(x):
    """Puts the pixels at even rows and columns of zeros, then filters with twice the taps along each axis."""
    n, c, h, w = x.shape
    y = np.zeros((n, c, 2 * h, 2 * w))
    y[:, :, ::2, ::2] = x
    return filtered(y, 2 * TAPS)


def laplacian_pyramid(images, smallest=16):
    """Levels from the full resolution down: x − expanded(reduced(x)), and at last the reduced image itself."""
    levels, x = [], images.astype(np.float64)
    while x.shape[3] > smallest:
        low = reduced(x)
        levels.append(x - expanded(low))
        x = low
    return levels + [x]


def patches(level, positions, size=7):
    """Patches [N·P, C, 7, 7] of a level [N, C, H, W]; positions [N, P, 2]: row and column of the top left pixel."""
    return np.stack([
        image[:, y:y + size, x:x + size] for image, places in zip(level, positions) for y, x in places])


def normalized(descriptors):
    """Each channel has mean 0 and (biased) standard deviation 1 over all patches and pixels; then [N·P, C·7·7]."""
    mean = descriptors.mean(axis=(0, 2, 3), keepdims=True)
    deviation = descriptors.std(axis=(0, 2, 3), keepdims=True)
    return ((descriptors - mean) / deviation).reshape(len(descriptors), -1)


def sliced_wasserstein(a, b, directions):
    """Mean over directions (columns of [C·7·7, D], unit length) of the mean |difference| of the sorted projections."""
    return np.abs(np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0)).mean()
