"""Writes Tests/GANsTests/Fixtures/separability.safetensors: the separability regularizer of G.

A mapping w = tanh(z A) and a classified picture l = tanh(w B) C take the place of networks. For each design there are three
minibatches, then the fourth with its value and gradients. Everything is written from the definitions and otherwise than in
the program: past minibatches are kept with their weights, means and covariances are sums over all their samples, the log-odds come
from two normal distributions, and a quotient's gradient from the quotient rule.
"""

import numpy as np
import torch

from make_lineage_fixture import FOLDER, draw
from safetensors_io import save

N, Z, D, HIDDEN, K = 16, 5, 6, 7, 4
DECAY, WEIGHT, BATCHES = 0.3, 0.7, 4
DESIGNS = ("likelihood", "side", "variance", "direction")


class Past:
    """All earlier minibatches, newest last, as (w, y, x, units)."""

    def __init__(self):
        self.batches = []

    def mean(self, value):
        """The weighted mean of a function of a minibatch."""
        weights = [DECAY * (1 - DECAY) ** age for age in reversed(range(len(self.batches)))]
        if not weights:
            return 0
        return sum(a * value(*batch) for a, batch in zip(weights, self.batches)) / sum(weights)

    @property
    def samples(self):
        return N * sum((1 - DECAY) ** age for age in range(len(self.batches)))

    @property
    def trust(self):
        return self.samples / (self.samples + D)

    @property
    def shares(self):
        return self.mean(lambda w, y, x, u: y.mean(0)).clamp(1e-3, 1 - 1e-3)

    def planes(self):
        """E[w], β and the log-odds of each class: the density of u in the class over that outside, times the prior odds."""
        if not self.batches:
            return torch.zeros(D), torch.zeros(D, K), lambda u: torch.full_like(u, 1e-3 / (1 - 1e-3)).log()
        center = self.mean(lambda w, y, x, u: w.mean(0))
        answer = self.mean(lambda w, y, x, u: y.mean(0))
        covariance = self.mean(lambda w, y, x, u: ((w - center).T @ (w - center)) / N)
        sphere = torch.eye(D) * covariance.trace() / D
        shrunk = self.trust * covariance + (1 - self.trust) * sphere
        cross = self.mean(lambda w, y, x, u: ((w - center).T @ (y - answer)) / N)
        beta = torch.linalg.inv(shrunk) @ cross
        m = self.shares
        inside = (beta * cross).sum(0) / m
        outside = -(beta * cross).sum(0) / (1 - m)
        # Of the shrunk covariance: the variance of u, less that between the two means.
        whole = (beta * (shrunk @ beta)).sum(0)
        within = torch.maximum(whole - m * (1 - m) * (inside - outside) ** 2, whole / 50)

        def odds(u):
            density = lambda mean: -((u - mean) ** 2) / (2 * within)
            return density(inside) - density(outside) + (m / (1 - m)).log()

        return center, beta, odds


def binary_entropy(m):
    return -(m * m.log() + (1 - m) * (1 - m).log())


def quotient(top, bottom, top_value, bottom_value):
    """A scalar with the value of top_value/bottom_value and the gradient of the quotient by the gradients of top and bottom."""
    slope = top / bottom_value - top_value / bottom_value**2 * bottom
    return (top_value / bottom_value).detach() + slope - slope.detach()


def share(design, past, w, logits):
    """The penalty without weight and trust; adds the minibatch to the past."""
    y = torch.softmax(logits, 1)
    center, beta, odds = past.planes()
    u = (w - center.detach()) @ beta.detach()
    old = past.shares if past.batches else torch.full((K,), 1e-3)
    a = odds(u)
    x = torch.sigmoid(a)
    chosen = torch.nn.functional.one_hot(logits.argmax(1), K).double()
    (gradient,) = torch.autograd.grad(((logits - logits.mean(1, True)) * chosen).sum(), w, create_graph=True)
    unit = gradient / gradient.norm(dim=1, keepdim=True)
    known = past.mean(lambda w, y, x, u: u)
    past.batches.append((w.detach(), y.detach(), x.detach(), chosen.T @ unit.detach() / N))
    m = past.shares
    if design == "direction":
        if isinstance(known, int):
            return 1 - 0 * unit.sum()
        known = known / known.norm(dim=1, keepdim=True).clamp(min=1e-12)
        return 1 - (unit * known[logits.argmax(1)]).sum(1).mean()
    # The gradient of Σ H(m): log((1 − m)/m) for each share.
    entropy_slope = (((1 - m) / m).log() * y.mean(0)).sum()
    if design == "likelihood":
        top = -(y * torch.log(x) + (1 - y) * torch.log(1 - x)).mean(0).sum()
        return quotient(top, entropy_slope, top.detach(), binary_entropy(m).sum())
    if design == "variance":
        top = ((y - old - u) ** 2).mean(0).sum()
        value = (past.mean(lambda w, y, x, u: (y**2).mean(0)) - past.mean(lambda w, y, x, u: y.mean(0)) ** 2).sum()
        return quotient(top, (y**2 - 2 * m * y).mean(0).sum(), top.detach(), value)
    # The table of soft counts, [2 sides, 2 answers, K]; ∂H(Y|X)/∂count = −log(count/row).
    table = lambda x, y: torch.stack([torch.stack([(s * t).mean(0) for t in (y, 1 - y)]) for s in (x, 1 - x)])
    counts = past.mean(lambda w, y, x, u: table(x, y))
    logs = (counts / counts.sum(1, keepdim=True)).log()
    return quotient(-(table(x, y) * logs).sum(), entropy_slope, -(counts * logs).sum(), binary_entropy(m).sum())


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    A, B = draw("separability.A", (Z, D), 0.6), draw("separability.B", (D, HIDDEN), 0.8)
    C = draw("separability.C", (HIDDEN, K), 2.0)
    out = {}
    for design in DESIGNS:
        past = Past()
        for batch in range(BATCHES):
            a, b = A.clone().requires_grad_(), B.clone().requires_grad_()
            w = torch.tanh(draw(f"separability.z{batch}", (N, Z)) @ a)
            logits = torch.tanh(w @ b) @ C
            trust = past.trust
            penalty = WEIGHT * trust * share(design, past, w, logits)
            out[f"{design}.{batch}"] = penalty.detach().reshape(1)
            found = torch.autograd.grad(penalty, [w, a, b], allow_unused=True)
            if batch == BATCHES - 1:
                out[f"{design}.d.w"], out[f"{design}.d.A"], out[f"{design}.d.B"] = found
    tensors = {name: value.detach().numpy().astype(np.float32) for name, value in out.items()}
    save(FOLDER / "separability.safetensors", tensors, {
        "script": "make_separability_fixture.py", "torch": torch.__version__, "n": str(N), "z": str(Z), "d": str(D), "hidden": str(HIDDEN), "classes": str(K),
        "decay": str(DECAY), "weight": str(WEIGHT), "batches": str(BATCHES)})


if __name__ == "__main__":
    main()
