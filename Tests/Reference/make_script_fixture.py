"""Writes script.pt: a TorchScript module with the switches of the field's usual detectors, small and without weights to train.

`forward(img, return_features=False, no_output_bias=False)`: img uint8 [N, 3, H, W]; features are the means and the largest
values of each channel / 255 ([N, 6]); otherwise probabilities of four classes by fixed weights.
`lpips.pt`: `forward(x, resize_images=False, return_lpips=False)`: x / 255 flattened.
"""

from pathlib import Path

import torch


class Features(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.arange(24.0).reshape(4, 6).sin())
        self.register_buffer("bias", torch.arange(4.0))

    def forward(self, img, return_features: bool = False, no_output_bias: bool = False):
        assert img.dtype == torch.uint8
        x = img.float() / 255
        features = torch.cat([x.mean([2, 3]), x.amax([2, 3])], dim=1)
        if return_features:
            return features
        logits = torch.nn.functional.linear(features, self.weight)
        if not no_output_bias:
            logits = logits + self.bias
        return logits.softmax(dim=1)


class Perceptual(torch.nn.Module):
    def forward(self, x, resize_images: bool = False, return_lpips: bool = False):
        assert return_lpips and not resize_images
        return x.float().flatten(1) / 255


def main():
    folder = Path(__file__).parent.parent / "GANsTests" / "Fixtures"
    torch.jit.save(torch.jit.script(Features()), folder / "script.pt")
    torch.jit.save(torch.jit.script(Perceptual()), folder / "lpips.pt")


if __name__ == "__main__":
    main()
