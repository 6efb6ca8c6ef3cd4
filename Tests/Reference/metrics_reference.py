"""Metrics of generated images in NumPy and SciPy, double precision, straight from their definitions."""

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.signal


def frechet(mean1, cov1, mean2, cov2):
    """‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), the trace from the eigenvalues of the product Σ₁Σ₂ itself."""
    eigenvalues = scipy.linalg.eigvals(cov1 @ cov2)
    root = np.sqrt(eigenvalues.astype(complex)).real.sum()
    return ((mean1 - mean2) ** 2).sum() + np.trace(cov1) + np.trace(cov2) - 2 * root


def frechet_of_samples(a, b):
    """The same where there are fewer samples than features: Σ = XᵀX/(n − 1) of centered X, so that Tr (Σ₁Σ₂)^½ is the sum
    of the singular values of X₁X₂ᵀ, an n₁ × n₂ matrix, over √((n₁ − 1)(n₂ − 1))."""
    x, y = a - a.mean(0), b - b.mean(0)
    n, m = len(a) - 1, len(b) - 1
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum() / np.sqrt(n * m)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + (x**2).sum() / n + (y**2).sum() / m - 2 * root


def kernel_discrepancy(x, y):
    """Unbiased MMD² with (x·y/d + 1)³, by its sums over pairs."""
    k = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    off = ~np.eye(len(x), dtype=bool)
    return k(x, x)[off].mean() + k(y, y)[off].mean() - 2 * k(x, y).mean()


def precision_recall(real, fake, k=3):
    distance = lambda a, b: np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    radius = lambda a: np.sort(distance(a, a), axis=1)[:, k]  # the first is the point itself
    covered = lambda points, of: (distance(points, of) <= radius(of)[None]).any(1).mean()
    return covered(fake, real), covered(real, fake)


def inception_score(p, splits=10):
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits:(i + 1) * len(p) // splits]
        scores.append(np.exp((part * (np.log(part) - np.log(part.mean(0)))).sum(1).mean()))
    return np.mean(scores), np.std(scores)


def ms_ssim(x, y, weights=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
    """One pair [C, r, r], 0…255, by two-dimensional windows and SciPy's convolution."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    result = 1.0
    for level, weight in enumerate(weights):
        if level:
            x, y = (v.reshape(len(v), v.shape[1] // 2, 2, v.shape[2] // 2, 2).mean((2, 4)) for v in (x, y))
        size = min(11, x.shape[1])
        sigma = 1.5 * size / 11
        place = np.arange(size) - (size - 1) / 2
        window = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * sigma**2))
        window /= window.sum()
        blur = lambda v: np.stack([scipy.signal.convolve2d(c, window, mode="valid") for c in v])
        mx, my = blur(x), blur(y)
        vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        cs = (2 * cov + c2) / (vx + vy + c2)
        ssim = cs * (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        result *= max((ssim if level == len(weights) - 1 else cs).mean(), 0) ** weight
    return result


def slerp(a, b, t):
    """sin((1 − t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b of unit vectors (Shoemake), then radius √d."""
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    omega = np.arccos((a * b).sum(1, keepdims=True))
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega) * np.sqrt(a.shape[1])


def trimmed_mean(values):
    low = np.percentile(values, 1, method="lower")
    high = np.percentile(values, 99, method="higher")
    return values[(values >= low) & (values <= high)].mean()


def linear_svm(x, y, c=1.0):
    """½‖w‖² + C Σ max(0, 1 − y w·x)² by L-BFGS; x gets a 1 appended; y is ±1."""
    x = np.hstack([x, np.ones((len(x), 1))])

    def objective(w):
        loss = np.maximum(0, 1 - y * (x @ w))
        return w @ w / 2 + c * (loss**2).sum(), w - 2 * c * x.T @ (y * loss)

    options = {"maxiter": 10000, "maxfun": 100000, "ftol": 1e-16, "gtol": 1e-10, "maxcor": 50}
    return scipy.optimize.minimize(objective, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options=options).x


def conditional_entropy(y, x):
    """H(Y | X) = H(X, Y) − H(X), nats."""
    entropy = lambda counts: -sum(n / len(y) * np.log(n / len(y)) for n in counts if n)
    joint = [np.sum((x == a) & (y == b)) for a in (0, 1) for b in (0, 1)]
    return entropy(joint) - entropy([np.sum(x == a) for a in (0, 1)])
