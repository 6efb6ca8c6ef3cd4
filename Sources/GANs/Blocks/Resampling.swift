import Torch

// Nearest-neighbor upsampling followed by a 3×3 convolution equals one transposed 4×4 convolution with stride 2: each
// output pixel depends on only 2×2 different inputs, so 9 products become 4. In the same way a 3×3 convolution followed
// by a 2×2 average equals one 4×4 convolution with stride 2.

/// The 4×4 kernel of the transposed convolution (stride 2, padding 1) that equals upsampling and then convolving.
///
/// W[t] = k[t] + k[t − 1] in each direction, t = 0…3, where k is the flipped 3×3 kernel, zero outside.
/// - Parameter weight: `[outputs, inputs, 3, 3]`
/// - Returns: `[inputs, outputs, 4, 4]`, the layout of transposed convolutions.
public func upsamplingKernel(_ weight: Tensor) -> Tensor {
  // [O I 3 3] → [I O 3 3]
  summedOverShifts(weight.flipped([2, 3])).permuted([1, 0, 2, 3])
}

/// The 4×4 kernel of the convolution (stride 2, padding 1) that equals convolving and then averaging 2×2 squares.
/// - Parameter weight: `[outputs, inputs, 3, 3]`
/// - Returns: `[outputs, inputs, 4, 4]`
public func downsamplingKernel(_ weight: Tensor) -> Tensor { summedOverShifts(weight) * 0.25 }

/// The sum of a 3×3 kernel over its four one-pixel shifts: `[…, 3, 3]` → `[…, 4, 4]`.
private func summedOverShifts(_ kernel: Tensor) -> Tensor {
  kernel.padded(top: 0, bottom: 1, left: 0, right: 1) + kernel.padded(top: 1, bottom: 0, left: 0, right: 1)
    + kernel.padded(top: 0, bottom: 1, left: 1, right: 0) + kernel.padded(top: 1, bottom: 0, left: 1, right: 0)
}

/// A low-pass filter: each channel is convolved with [1, 2, 1]⊗[1, 2, 1]/16, zero padding.
///
/// `[N, C, H, W]` → the same shape. Not learned; its own adjoint. StyleGAN §2 (Table 1, B).
public func binomialBlur(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
  if compute.kernels == .fast && x.hasFusedKernels { return x.blurredFused() }
  let taps = Tensor([1, 2, 1, 2, 4, 2, 1, 2, 1].map { Float($0) / 16 }, shape: [1, 1, 3, 3], device: x.device)
  let channels = x.size(1)
  return x.conv2d(taps.to(x.dtype).expanded([channels, 1, 3, 3]), padding: 1, groups: channels)
}

/// Averages 2×2 squares and doubles each pixel: the content of a half-size image. `[N, C, H, W]` → the same shape.
public func halfResolution(_ x: Tensor) -> Tensor { x.averagePooled().upsampledNearest() }
