"""Times a StyleGAN's synthesis network in other programs, beside this one: eager PyTorch, torch.compile, ONNX Runtime and
OpenVINO run the network of stylegan_reference.py, each in the form that suits it best. Run by Scripts/compare.

All take turns, so that a busy machine disturbs all alike; the least time of each counts. The other programs draw the same
network, and their images must agree. `stylegan bench` draws one of the same shape with weights of its own.
"""

import argparse
import json
import logging
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import torch
import torch.nn.functional as F

import stylegan_reference as reference

warnings.filterwarnings("ignore")
logging.getLogger("torch.onnx").setLevel(logging.ERROR)


class Synthesis(torch.nn.Module):
    """The synthesis network from ws to an image, with the weights already scaled and the noise stored."""

    def __init__(self, resolution):
        super().__init__()
        config = reference.Config(resolution=resolution, z_dim=512, w_dim=512, fmap_base=8192, fmap_max=512)
        self.growth = reference.Growth(resolution)
        generator = torch.Generator().manual_seed(0)
        self.names = []
        for name, shape in reference.generator_shapes(config).items():
            if name.startswith("mapping."):
                continue
            value = torch.randn(shape, generator=generator)
            if name.endswith(".weight"):
                gain = math.sqrt(2) if ".conv" in name else 1
                value = value * gain / math.sqrt(value[0].numel())
            elif not name.endswith(("constant", "noise")):
                value = 0.1 * value
            self.register_buffer(name.replace(".", "_"), value)
            self.names.append(name)

    def forward(self, ws):
        parameters = {name: getattr(self, name.replace(".", "_")) for name in self.names}
        return reference.synthesis(parameters, ws, reference.stored_noise(parameters, self.growth), self.growth)


def use_best_operations():
    """The weights are scaled once, and enlarging is the operation that exporters know."""
    reference.equalized = lambda weight, gain: weight
    reference.upsample = lambda x: F.interpolate(x, scale_factor=2, mode="nearest")


def peers(resolution, threads, bf16, folder):
    """(name, function that draws an image) of each program."""
    network, ws = Synthesis(resolution).eval(), torch.randn(1, reference.layer_count(resolution), 512)
    found = [("PyTorch, eager", lambda: network(ws).numpy())]

    fast = Synthesis(resolution).eval().to(memory_format=torch.channels_last)
    compiled = torch.compile(fast)
    found.append(("torch.compile, channels-last", lambda: compiled(ws).numpy()))

    path = os.path.join(folder, "synthesis.onnx")
    torch.onnx.export(network, (ws,), path, dynamo=True, verbose=False, input_names=["ws"], output_names=["image"])
    import onnxruntime

    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, session_options, ["CPUExecutionProvider"])
    found.append((f"ONNX Runtime {onnxruntime.__version__}", lambda: session.run(None, {"ws": ws.numpy()})[0]))

    import openvino

    for kind in ["f32"] + (["bf16"] if bf16 else []):
        model = openvino.Core().compile_model(
            path, "CPU",
            {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": kind})
        found.append(
            (f"OpenVINO {openvino.__version__.split('-')[0]}, {kind}", lambda model=model: model([ws.numpy()])[0]))
    return found


def ours(program, resolution, precision, seconds, threads):
    """Seconds of a picture in `stylegan bench`: the same network with random weights."""
    out = subprocess.run(
        [program, "bench", "--width", "paper", "--resolutions", str(resolution), "--batch", "1", "--only", "synthesis",
         "--kernels", "fast", "--precision", precision, "--seconds", str(seconds), "--threads", str(threads), "--json"],
        check=True, capture_output=True, text=True)
    rows = [row for row in json.loads(out.stdout)["rows"] if "convolutions" not in row["name"]]
    return rows[0]["seconds"] / rows[0].get("batch", 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--resolutions", default="256,1024")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="for each program and round")
    arguments = parser.parse_args()
    threads = torch.get_num_threads()
    use_best_operations()
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "")
    for resolution in map(int, arguments.resolutions.split(",")):
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
            found = peers(resolution, threads, "avx512_bf16" in flags or "amx_bf16" in flags, folder)
            wanted = found[0][1]()
            for name, draw in found:
                error = np.abs(draw() - wanted).max() / np.abs(wanted).max()
                if error > (0.1 if name.endswith("bf16") else 1e-3):
                    sys.exit(f"{name} draws another picture: {error:.1e}")
            times = {name: [] for name, _ in found} | {"ours, fp32": [], "ours, bf16": []}
            for _ in range(arguments.rounds):
                for name, draw in found:
                    end, draws = time.perf_counter() + arguments.seconds, 0
                    while draws < 3 or time.perf_counter() < end:
                        start = time.perf_counter()
                        draw()
                        times[name].append(time.perf_counter() - start)
                        draws += 1
                for precision in ["fp32", "bf16"]:
                    times[f"ours, {precision}"].append(ours(arguments.program, resolution, precision, arguments.seconds, threads))
        best = min(min(t) for name, t in times.items() if not name.startswith("ours") and not name.endswith("bf16"))
        print(f"\n{resolution}×{resolution}, batch 1, {threads} threads; ms: least and median")
        for name, t in times.items():
            ratio = f"  {best / min(t):.2f}× the best in fp32" if name.startswith("ours") else ""
            print(f"  {name:32} {1e3 * min(t):8.1f} {1e3 * statistics.median(t):8.1f}{ratio}", flush=True)


main()
