"""Writes the golden files of Tests/GANsTests/Fixtures from the references beside this script.

Weights and inputs are rounded to float32 and stored exactly; everything is computed in float64; the results are rounded
once, when stored. `--float32` writes nothing: it computes in float32 too and prints how far that is from the golden,
which is what a tolerance has to allow. README.md says what each file holds.
"""

import argparse
from pathlib import Path

import numpy as np
import scipy
import torch

import make_augmentation_fixture
import make_growing_fixture
import make_labels_fixture
import make_lineage_fixture
import make_separability_fixture
import detectors_reference as detectors
import make_numpy_fixture
import make_program_fixture
import make_script_fixture
import make_stylegan2_fixture
import metrics_reference as metrics
import swd_reference as swd
from safetensors_io import save
from stylegan_reference import *

FOLDER = Path(__file__).parent.parent / "GANsTests" / "Fixtures"
SEED = 2019


class Random:
    """Float64 tensors that float32 can hold; one stream a file."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape, scale=1.0, mean=0.0):
        x = mean + scale * torch.randn(shape, generator=self.generator, dtype=torch.float64)
        return x.float().to(torch.get_default_dtype())

    def weights(self, shapes):
        """Stored weights as at the start of training, everything that starts at 0 or 1 moved away from there."""
        P = {}
        for name, shape in shapes.items():
            if name.startswith("mapping.dense"):
                P[name] = self(*shape, scale=(1 if name.endswith("weight") else 0.3) / LR_MULTIPLIER)
            elif name.endswith("constant"):
                # Both signs in each channel: where leaky ReLU is linear over a whole channel, instance norm makes the
                # bias before it irrelevant, its gradient is rounding noise, and Adam makes a whole step of that.
                P[name] = self(*shape, mean=0.5)
            elif name.endswith(("noise", "weight")):
                P[name] = self(*shape)
            else:
                P[name] = self(*shape, scale=0.3)
        return P


def prefixed(prefix, tensors):
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def trainable(P):
    return {name: p.requires_grad_() for name, p in P.items() if not is_buffer(name)}


def gradients(y, P, **options):
    """The gradient of y with respect to each of P; zero where y does not depend on it."""
    values = torch.autograd.grad(y, list(P.values()), allow_unused=True, **options)
    return {name: torch.zeros_like(p) if g is None else g for (name, p), g in zip(P.items(), values)}


# The files: each function returns tensors and metadata.


def ops():
    random, out = Random(SEED), {}

    def golden(name, function, **inputs):
        """y = f(x, …); the cotangent dy; d.I = ∂⟨y, dy⟩/∂I; s = Σ (d.x)²; d2.I = ∂s/∂I, also for I = dy."""
        inputs = {key: value.requires_grad_() for key, value in inputs.items()}
        y = function(*inputs.values())
        dy = random(*y.shape).requires_grad_()
        first = gradients((y * dy).sum(), inputs, create_graph=True)
        second = gradients((first["x"] ** 2).sum(), {**inputs, "dy": dy})
        for key, value in {**inputs, "y": y, "dy": dy, **prefixed("d", first), **prefixed("d2", second)}.items():
            out[f"{name}.{key}"] = value

    golden("blur", blur, x=random(2, 3, 4, 6))
    golden("upsample_conv_blur", upsample_conv_blur, x=random(2, 3, 4, 6), weight=random(5, 3, 3, 3))
    golden("blur_conv_downsample", blur_conv_downsample, x=random(2, 3, 4, 6), weight=random(5, 3, 3, 3))
    for n in (8, 6, 5, 1):
        golden(f"minibatch_stddev{n}", minibatch_stddev, x=random(n, 3, 4, 2))
    golden("pixel_norm2d", pixel_norm, x=random(3, 8))
    golden("pixel_norm4d", pixel_norm, x=random(2, 3, 4, 6))
    golden("instance_norm", instance_norm, x=random(2, 3, 4, 6, mean=0.5))
    golden(
        "epilogue", epilogue, x=random(2, 3, 4, 6), noise=random(2, 1, 4, 6), noise_strength=random(3),
        bias=random(3), style=random(2, 6))
    golden(
        "epilogue_shared_noise", epilogue, x=random(2, 3, 4, 6), noise=random(1, 1, 4, 6), noise_strength=random(3),
        bias=random(3), style=random(2, 6))
    golden(
        "epilogue_no_noise", lambda x, bias, style: epilogue(x, None, None, bias, style), x=random(2, 3, 4, 6),
        bias=random(3), style=random(2, 6))
    golden(
        "style_epilogue", style_epilogue, x=random(2, 3, 4, 6), noise=random(2, 1, 4, 6), noise_strength=random(3),
        bias=random(3), w=random(2, 8), affine_weight=random(6, 8), affine_bias=random(6))
    return out, {"seed": SEED}


GROWTHS = {"r16": Growth(16), "r16_fade": Growth(16, 0.3), "r8": Growth(8), "r8_fade": Growth(8, 0.6), "r4": Growth(4)}


def config_metadata(config):
    return {key: getattr(config, key) for key in config.__dataclass_fields__ if key != "labels" or config.labels}


def growth_metadata(growths):
    return {f"growth.{name}": f"{g.resolution},{g.alpha}" for name, g in growths.items()}


def generator_file():
    random, config = Random(SEED + 1), Config()
    P = random.weights(generator_shapes(config))
    z, z2 = random(3, config.z_dim), random(3, config.z_dim)
    given = [random(3, 1, *x.shape[2:]) for x in stored_noise(P, Growth(16))]
    out = {**prefixed("G", P), "in.z": z, "in.z2": z2, **{f"in.noise{i}": x for i, x in enumerate(given)}}
    psi, cutoff, crossover = 0.7, 2, 2
    with torch.no_grad():
        w, w2 = mapping(P, z, config), mapping(P, z2, config)
        out |= {"out.w": w, "out.w2": w2}
        for name, growth in GROWTHS.items():
            ws, ws2, features = broadcast(w, growth), broadcast(w2, growth), {}
            noise = stored_noise(P, growth)
            images = {
                "image": synthesis(P, ws, noise, growth, features),
                "image_no_noise": synthesis(P, ws, None, growth),
                "image_given_noise": synthesis(P, ws, given[:len(noise)], growth),
                "image_mixed": synthesis(P, mix(ws, ws2, crossover), noise, growth),
                "image_truncated": synthesis(P, truncate(ws, P["mapping.w_avg"], psi, cutoff), noise, growth),
            }
            out |= prefixed(f"out.{name}", images)
            out |= {f"out.{name}.b{r}": x for r, x in features.items()}
    metadata = {**config_metadata(config), **growth_metadata(GROWTHS)}
    return out, {"seed": SEED + 1, "psi": psi, "cutoff": cutoff, "crossover": crossover, **metadata}


def discriminator_file(channels):
    seed = SEED + 10 + channels
    random, config = Random(seed), Config(channels=channels)
    P = random.weights(discriminator_shapes(config))
    out = prefixed("D", P)
    for r in config.resolutions:
        out[f"in.image{r}"] = random(8, channels, r, r, scale=0.5)
    with torch.no_grad():
        for name, growth in GROWTHS.items():
            image, features = out[f"in.image{growth.resolution}"], {}
            out[f"out.{name}.scores"] = discriminator(P, image, growth, features)
            out |= {f"out.{name}.b{r}": x for r, x in features.items()}
            out[f"out.{name}.scores6"] = discriminator(P, image[:6], growth)
            out[f"out.{name}.faded"] = fade_reals(image, growth)
    return out, {"seed": seed, **config_metadata(config), **growth_metadata(GROWTHS)}


def losses():
    seed, gamma = SEED + 20, 10.0
    random, config = Random(seed), Config(channels=1)
    G, D = random.weights(generator_shapes(config)), random.weights(discriminator_shapes(config))
    growths = {name: GROWTHS[name] for name in ("r16", "r16_fade", "r8_fade", "r4")}
    z = random(8, config.z_dim)
    out = {**prefixed("G", G), **prefixed("D", D), "in.z": z}
    for r in config.resolutions:
        out[f"in.reals{r}"] = random(8, 1, r, r, scale=0.5)
    g, d = trainable(G), trainable(D)
    for name, growth in growths.items():
        fakes = generator(G, z, stored_noise(G, growth), growth, config)
        reals = fade_reals(out[f"in.reals{growth.resolution}"], growth)
        fake_scores = discriminator(D, fakes, growth)
        g_loss = generator_loss(fake_scores)
        d_loss = discriminator_loss(discriminator(D, reals, growth), discriminator(D, fakes.detach(), growth))
        r1, r1_image_gradient = r1_penalty(D, reals, growth, gamma)
        out |= prefixed(f"out.{name}", {
            "fakes": fakes, "reals": reals, "g_loss": g_loss, "d_loss": d_loss, "r1": r1,
            "r1_image_gradient": r1_image_gradient,
            **prefixed("g_loss.d", gradients(g_loss, g)),
            **prefixed("d_loss.d", gradients(d_loss, d)),
            **prefixed("r1.d", gradients(r1, d)),
        })
    return out, {"seed": seed, "gamma": gamma, **config_metadata(config), **growth_metadata(growths)}


def conditional_file():
    """A conditional network, and the path lengths of its generator."""
    seed, gamma, weight, decay = SEED + 25, 10.0, 2.0, 0.01
    random, config = Random(seed), Config(channels=1, labels=3, z_dim=6)
    G, D = random.weights(generator_shapes(config)), random.weights(discriminator_shapes(config))
    growths = {name: GROWTHS[name] for name in ("r16", "r16_fade", "r8_fade", "r4")}
    z, labels = random(8, config.z_dim), F.one_hot(torch.arange(8) % 3, 3).to(torch.get_default_dtype())
    mean = torch.tensor(0.25)
    out = {**prefixed("G", G), **prefixed("D", D), "in.z": z, "in.labels": labels, "in.mean": mean.reshape(1)}
    for r in config.resolutions:
        out[f"in.reals{r}"] = random(8, 1, r, r, scale=0.5)
        out[f"in.y{r}"] = random(8, 1, r, r)
    g, d = trainable(G), trainable(D)
    for name, growth in growths.items():
        ws = broadcast(mapping(G, z, config, labels), growth)
        fakes = synthesis(G, ws, stored_noise(G, growth), growth)
        reals = fade_reals(out[f"in.reals{growth.resolution}"], growth).detach().requires_grad_()
        fake_scores = discriminator(D, fakes, growth, labels=labels)
        real_scores = discriminator(D, reals, growth, labels=labels)
        (image_gradient,) = torch.autograd.grad(real_scores.sum(), reals, create_graph=True)
        r1 = gamma / 2 * (image_gradient**2).sum(dim=(1, 2, 3)).mean()
        g_loss = generator_loss(fake_scores)
        d_loss = discriminator_loss(real_scores, discriminator(D, fakes.detach(), growth, labels=labels))
        lengths, moved = path_length_penalty(ws, fakes, out[f"in.y{growth.resolution}"], mean, decay, weight)
        out |= prefixed(f"out.{name}", {
            "w": ws[:, 0], "fakes": fakes, "fake_scores": fake_scores, "real_scores": real_scores, "g_loss": g_loss,
            "d_loss": d_loss, "r1": r1, "path_lengths": lengths, "path_lengths_mean": moved.reshape(1),
            **prefixed("g_loss.d", gradients(g_loss, g, retain_graph=True)),
            **prefixed("d_loss.d", gradients(d_loss, d, retain_graph=True)),
            **prefixed("r1.d", gradients(r1, d, retain_graph=True)),
            **prefixed("path_lengths.d", gradients(lengths, g)),
        })
    return out, {
        "seed": seed, "gamma": gamma, "weight": weight, "decay": decay, **config_metadata(config),
        **growth_metadata(growths)}


def training_file(seed, growth, training, steps, stored_steps):
    config = Config(resolution=8, channels=1, fmap_base=16)
    random, count = Random(seed), 8
    G, ema = random.weights(generator_shapes(config)), random.weights(generator_shapes(config))
    D = random.weights(discriminator_shapes(config))
    out = {}

    def store(label):
        for prefix, P in (("G", G), ("D", D), ("ema", ema)):
            out.update({f"{label}.{prefix}.{k}": v.detach().clone() for k, v in P.items()})

    trainer = Trainer(config, training, G, D, ema)
    store("before")
    for step in range(steps):
        reals = random(count, 1, growth.resolution, growth.resolution, scale=0.5)
        out[f"in{step}.reals"] = reals
        samples = {}
        for part, crossover in (("d", 1 + step % 3), ("g", 1 + (step + 1) % 3)):
            noise = [
                random(count, 1, r, r) for r in resolutions(4, growth.resolution) for _ in (0, 1)]
            samples[part] = {
                "z": random(count, config.z_dim), "z2": random(count, config.z_dim), "noise": noise,
                "crossover": crossover}
            out |= {f"in{step}.{part}.{key}": samples[part][key] for key in ("z", "z2")}
            out |= {f"in{step}.{part}.noise{i}": x for i, x in enumerate(noise)}
            out[f"in{step}.{part}.crossover"] = torch.tensor([crossover])
        for name, value in trainer.step(growth, reals, **samples).items():
            out[f"out{step}.loss.{name}"] = value
        if step in stored_steps:
            store(f"out{step}")
    settings = {key: getattr(training, key) for key in training.__dataclass_fields__}
    return out, {
        "seed": seed, "batch": count, "steps": steps, **settings, **config_metadata(config),
        **growth_metadata({"train": growth})}


def sliced_wasserstein_file():
    """The images are uint8; sorting makes float32 pointless here, so nothing depends on torch's type."""
    seed, n, per_image, count = SEED + 40, 32, 4, 16
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:32, 0:32] / 32
    out = {}
    for name, frequency in (("a", 3), ("b", 4)):  # waves with noise: two sets that differ at both levels
        phase, noise = random.rand(n, 3, 1, 1), random.randn(n, 3, 32, 32)
        waves = 127 + 60 * np.sin(2 * np.pi * (frequency * x + 2 * y + phase)) + frequency * 5 * noise
        out[f"in.images.{name}"] = waves.round().clip(0, 255).astype(np.uint8)
    pyramids = {name: swd.laplacian_pyramid(out[f"in.images.{name}"]) for name in "ab"}
    for level, size in enumerate((32, 16)):
        directions = random.randn(3 * 49, count)
        directions = (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)
        out[f"in.directions.{size}"] = directions
        descriptors = {}
        for name in "ab":
            positions = random.randint(0, size - 7 + 1, (n, per_image, 2))
            out[f"in.positions.{name}.{size}"] = positions.astype(np.int64)
            descriptors[name] = swd.normalized(swd.patches(pyramids[name][level], positions))
            out[f"out.level.{name}.{size}"] = pyramids[name][level][:2]
            out[f"out.descriptors.{name}.{size}"] = descriptors[name][:8]
        out[f"out.distance.{size}"] = np.array(
            swd.sliced_wasserstein(descriptors["a"], descriptors["b"], directions.astype(np.float64)))
    return out, {"seed": seed, "numpy": np.__version__}


def metrics_file():
    """Features, probabilities, images and latents with the values that metrics have on them."""
    random = np.random.default_rng(SEED + 50)
    out = {}

    def values(name, array, dtype=np.float32):
        out["in." + name] = array.astype(dtype)
        return out["in." + name].astype(np.float64)

    mixing = random.normal(size=(24, 24)) / 5
    real = values("real", random.normal(size=(400, 24)) @ mixing + 1)
    fake = values("fake", random.normal(size=(300, 24)) @ mixing * 1.2 + 1.3)
    result = {}
    result["fid"] = metrics.frechet(real.mean(0), np.cov(real.T), fake.mean(0), np.cov(fake.T))
    wide = random.normal(size=(60, 256)) * np.geomspace(1, 1e-3, 256)
    few_real, few_fake = values("few_real", wide[:30] + 0.1), values("few_fake", wide[30:] * 1.5)
    result["fid_few"] = metrics.frechet_of_samples(few_real, few_fake)
    result["kid"] = metrics.kernel_discrepancy(real[:300], fake)
    result["precision"], result["recall"] = metrics.precision_recall(real, fake)
    logits = random.normal(size=(203, 7)) * 2
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = values("probabilities", p, np.float64)
    result["is_mean"], result["is_std"] = metrics.inception_score(p)
    pictures = random.uniform(0, 255, (3, 2, 3, 8, 8)).repeat(4, axis=3).repeat(4, axis=4)
    pictures[:, 1] = 0.7 * pictures[:, 0] + 0.3 * pictures[:, 1] + random.normal(size=(3, 3, 32, 32)) * 10
    pictures = values("pictures", np.clip(pictures, 0, 255).round(), np.uint8)
    out["out.msssim"] = np.array([metrics.ms_ssim(a, b) for a, b in pictures])
    z1, z2 = values("z1", random.normal(size=(5, 16))), values("z2", random.normal(size=(5, 16)))
    t = values("t", random.uniform(size=(5, 1)))
    out["out.slerp"] = metrics.slerp(z1, z2, t)
    result["trimmed_mean"] = metrics.trimmed_mean(values("lengths", random.lognormal(size=257), np.float64))
    x = values("points", random.normal(size=(500, 6)))
    y = np.where(x @ random.normal(size=6) + 0.3 * random.normal(size=500) + 0.4 > 0, 1.0, -1.0)
    values("labels", y > 0, np.uint8)
    out["out.svm"] = metrics.linear_svm(x, y)
    sides = np.hstack([x, np.ones((500, 1))]) @ out["out.svm"] > 0
    result["entropy"] = metrics.conditional_entropy(y > 0, sides)
    out |= {f"out.{name}": np.array([value]) for name, value in result.items()}
    return out, {"seed": SEED + 50, "numpy": np.__version__, "scipy": scipy.__version__}


def detector_weights(module, generator):
    """Random weights of a network in evaluation: everything that starts at 0 or 1 moved away from there."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            if value.dim() > 1:
                new = noise * (2 / value[0].numel()) ** 0.5
            else:
                new = 1 + 0.2 * noise.abs() if name.endswith(("bn.weight", "running_var")) else 0.1 * noise
            value.copy_(new.float())
    return module.eval().requires_grad_(False)


def inception_file():
    """Inception-v3 with a few channels a layer."""
    generator = torch.Generator().manual_seed(SEED + 60)
    network = detector_weights(detectors.InceptionV3(lambda n: max(2, n // 96), classes=5), generator)
    images = torch.randint(0, 256, (2, 3, 40, 40), generator=generator)
    features, probabilities = network(images.to(torch.get_default_dtype()))
    tensorflow, tensorflow_probabilities = network(images.to(torch.get_default_dtype()), tensorflow=True)
    # Taller than 299, narrower than 299: TensorFlow's resizing in both directions.
    tall = torch.randint(0, 256, (2, 1, 320, 7), generator=generator)
    resized = detectors.tensorflow_resize(tall.numpy().astype(np.float64), 299)
    out = {name: value for name, value in network.state_dict().items() if "num_batches" not in name}
    return out | {
        "in.images": images.to(torch.uint8), "out.features": features, "out.probabilities": probabilities,
        "out.tensorflow.features": tensorflow, "out.tensorflow.probabilities": tensorflow_probabilities,
        "in.tall": tall.to(torch.uint8), "out.tall": torch.from_numpy(np.ascontiguousarray(resized[..., ::13]))}, {
        "seed": SEED + 60}


def vgg_file():
    """VGG16 with a few channels a layer, and weights of LPIPS."""
    generator = torch.Generator().manual_seed(SEED + 61)
    network = detector_weights(detectors.VGG16(lambda n: max(4, n // 64), classes=5), generator)
    images = torch.randint(0, 256, (2, 3, 40, 40), generator=generator)
    x = images.to(torch.get_default_dtype())
    features, probabilities = network(x)
    widths = [network.features[i - 1].weight.shape[0] for i in network.taps]
    lines = [torch.rand((1, n, 1, 1), generator=generator).to(x.dtype) for n in widths]
    out = dict(network.state_dict()) | {f"lin{i}.model.1.weight": line for i, line in enumerate(lines)}
    return out | {
        "in.images": images.to(torch.uint8), "out.features": features, "out.probabilities": probabilities,
        "out.lpips": network.lpips(x[:1], x[1:], lines), "out.plain": network.lpips(x[:1], x[1:], [1.0] * 5),
    }, {"seed": SEED + 61}


FILES = {
    "ops": ops,
    "generator": generator_file,
    "discriminator1": lambda: discriminator_file(1),
    "discriminator3": lambda: discriminator_file(3),
    "losses": losses,
    "training": lambda: training_file(SEED + 30, Growth(8, 0.4), Training(), 2, (0, 1)),
    "training_lazy": lambda: training_file(SEED + 31, Growth(8), Training(lazy=4), 5, (0, 4)),
    "sliced_wasserstein": sliced_wasserstein_file,
    "metrics": metrics_file,
    "inception": inception_file,
    "vgg": vgg_file,
    "conditional": conditional_file,
}


def array(tensor):
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().numpy()
    return tensor.astype(np.float32) if tensor.dtype == np.float64 else tensor


def compute(name, dtype):
    torch.set_default_dtype(dtype)
    tensors, metadata = FILES[name]()
    return {key: array(value) for key, value in tensors.items()}, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="write this file alone")
    parser.add_argument("--float32", action="store_true", help="print how far a computation in float32 is off")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in [options.only] if options.only else FILES:
        tensors, metadata = compute(name, torch.float64)
        if options.float32:
            rough, _ = compute(name, torch.float32)
            errors = {k: np.abs(v - rough[k]).max() / max(np.abs(v).max(), 1e-12) for k, v in tensors.items()}
            worst = sorted(errors, key=errors.get)[-3:]
            print(f"{name}: " + ", ".join(f"{k} {errors[k]:.1e}" for k in reversed(worst)))
            continue
        metadata = {"script": Path(__file__).name, "torch": torch.__version__, **metadata}
        path = FOLDER / f"{name}.safetensors"
        save(path, tensors, {key: str(value) for key, value in metadata.items()})
        print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size // 1024} KiB")
    if not options.float32 and not options.only:
        make_numpy_fixture.main()
        make_lineage_fixture.main()
        make_labels_fixture.main()
        make_growing_fixture.main()
        make_augmentation_fixture.main()
        make_separability_fixture.main()
        make_stylegan2_fixture.main()
        make_program_fixture.main()
        make_script_fixture.main()


if __name__ == "__main__":
    main()
