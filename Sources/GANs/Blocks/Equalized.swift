import Torch

// Equalized learning rate (PGGAN §4.1): weights are stored N(0, 1) and scaled at run time by gain/√fan_in, so that
// Adam's normalised steps mean the same relative change in every layer.

/// The gain that keeps the variance through a leaky ReLU (He et al. 2015), as the papers use it: √2.
public let leakyReLUGain = 2.0.squareRoot()

/// A fully connected layer with equalized learning rate: y = x (c·W)ᵀ + m·b, c = gain·m/√inputs.
///
/// `[N, inputs]` → `[N, outputs]`, float32. W is stored N(0, 1/m²), b starts at 0; m is the learning-rate multiplier
/// (StyleGAN §C: 0.01 in the mapping network). PGGAN §4.1.
public struct EqualizedLinear {
  /// `[outputs, inputs]`, unscaled.
  public let weight: Parameter
  /// `[outputs]`, before the multiplier.
  public let bias: Parameter?
  let scale, multiplier: Double

  /// Makes `weight` and `bias` in `scope`.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, gain: Double = leakyReLUGain, learningRateMultiplier: Double = 1,
    bias: Bool = true
  ) {
    weight = scope.parameter("weight", [outputs, inputs], .normal(deviation: 1 / learningRateMultiplier))
    self.bias = bias ? scope.parameter("bias", [outputs], .constant(0)) : nil
    scale = gain * learningRateMultiplier / Double(inputs).squareRoot()
    multiplier = learningRateMultiplier
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.linear(weight.value * scale, bias: bias.map { multiplier == 1 ? $0.value : $0.value * multiplier })
  }
}

/// What a convolution does to the resolution.
public enum Resampling: Sendable {
  /// H × W stays.
  case none
  /// Nearest-neighbour doubling before the convolution, and a binomial blur after it.
  case up
  /// A binomial blur before the convolution, and a 2×2 average after it.
  case down
}

/// A k×k convolution with equalized learning rate, with resampling where asked; its bias is left to what follows.
///
/// `[N, inputs, H, W]` → `[N, outputs, H', W']` in the precision of the computation. The weight is stored N(0, 1) and
/// scaled by gain/√(inputs·k²). PGGAN §4.1; resampling as in StyleGAN Table 1, B.
public struct EqualizedConv2d {
  /// `[outputs, inputs, k, k]`, unscaled.
  public let weight: Parameter
  let scale: Double
  let kernel: Int
  let resampling: Resampling

  /// Makes `weight` in `scope`; `resampling` needs a 3×3 kernel.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int = 3, gain: Double = leakyReLUGain,
    resampling: Resampling = .none
  ) {
    precondition(resampling == .none || kernel == 3, "resampling convolutions are 3×3")
    weight = scope.parameter("weight", [outputs, inputs, kernel, kernel], .normal(deviation: 1))
    scale = gain / Double(inputs * kernel * kernel).squareRoot()
    self.kernel = kernel
    self.resampling = resampling
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let x = compute.activations(x)
    let w = weight.value * scale
    switch (resampling, compute.kernels) {
    case (.none, _):
      return x.conv2d(compute.activations(w), padding: kernel / 2)
    case (.up, .reference):
      return binomialBlur(x.upsampledNearest().conv2d(compute.activations(w), padding: 1), compute)
    case (.up, .fast):
      let fused = compute.activations(upsamplingKernel(w))
      return binomialBlur(x.convTranspose2d(fused, stride: 2, padding: 1), compute)
    case (.down, .reference):
      return binomialBlur(x, compute).conv2d(compute.activations(w), padding: 1).averagePooled()
    case (.down, .fast):
      let fused = compute.activations(downsamplingKernel(w))
      return binomialBlur(x, compute).conv2d(fused, stride: 2, padding: 1)
    }
  }
}

/// A bias for each channel, then a leaky ReLU of slope 0.2: what follows a convolution in a discriminator.
public struct BiasActivation {
  /// `[C]`, starting at 0.
  public let bias: Parameter

  /// Makes `bias` in `scope`.
  public init(_ scope: Scope, channels: Int) {
    bias = scope.parameter("bias", [channels], .constant(0))
  }

  /// `[N, C, H, W]` → the same shape.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    (x + bias.value.reshaped([1, -1, 1, 1]).to(x.dtype)).leakyReLU(slope: 0.2)
  }
}
