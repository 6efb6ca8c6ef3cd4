import Torch

// Equalized learning rate (PGGAN §4.1): weights are stored N(0, 1) and scaled at run time by gain/√fan_in, so that
// Adam's normalized steps cause the same relative change in every layer.

/// √2: the gain that preserves the variance through a leaky ReLU (He et al. 2015).
public let leakyReLUGain = 2.0.squareRoot()

/// √2/4: the gain of a generator's first dense layer, which stands for a 4×4 convolution and has a sixteenth of its fan-in
/// (PGGAN Table 2).
public let firstDenseGain = leakyReLUGain / 4

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

  /// Applies the layer. The scale is applied to x, which is usually smaller than W.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    (x * scale).linear(weight.value, bias: bias.map { multiplier == 1 ? $0.value : $0.value * multiplier })
  }
}

/// A k×k convolution with equalized learning rate and optional resampling, without bias.
///
/// Up: nearest-neighbor upsampling before it and a binomial blur after it. Down: a binomial blur before it and a 2×2
/// average after it.
///
/// `[N, inputs, H, W]` → `[N, outputs, H', W']` in the precision of the computation. The weight is stored N(0, 1) and
/// scaled by gain/√(inputs·k²). PGGAN §4.1; resampling as in StyleGAN Table 1, B.
public struct EqualizedConv2d {
  /// `[outputs, inputs, k, k]`, unscaled.
  public let weight: Parameter
  let scale: Double
  let kernel: Int
  let resampling: Resampling
  private let filters = TransformedFilters()

  /// Makes `weight` in `scope`; `resampling` needs a 3×3 kernel.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int = 3, gain: Double = leakyReLUGain,
    resampling: Resampling = .none
  ) {
    precondition(resampling == .none || kernel == 3, "resampling convolutions are 3×3")
    weight = scope.parameter("weight", [outputs, inputs, kernel, kernel], .normal(deviation: 1))
    scale = gain / Double(inputs * kernel * kernel).squareRoot()
    (self.kernel, self.resampling) = (kernel, resampling)
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let y = withoutBlur(input(x, compute), compute)
    return resampling == .up ? binomialBlur(y, compute) : y
  }

  /// Applies the layer, then `activation`, in one kernel where possible. `[N, inputs, H, W]` → `[N, outputs, H', W']`.
  public func callAsFunction(_ x: Tensor, then activation: BiasActivation, _ compute: Compute = .default) -> Tensor {
    let x = input(x, compute)
    guard resampling != .up && usesMinimalFiltering(x, compute) else {
      let y = withoutBlur(x, compute)
      return activation(resampling == .up ? binomialBlur(y, compute) : y, compute)
    }
    return x.convolvedFused(
      weight.value, filters: filters, scale: scale, resampling: resampling, bias: activation.bias.value,
      slope: BiasActivation.slope)
  }

  /// Applies the layer, noise, bias, leaky ReLU and style in one kernel; nil where no kernel does that.
  /// - Parameter x: in the type and layout of ``Compute/activations(_:)``.
  func styled(
    _ x: Tensor, noise: (Tensor, Tensor)?, bias: Tensor, style: @autoclosure () -> Tensor, _ compute: Compute
  ) -> Tensor? {
    guard resampling == .none && usesMinimalFiltering(x, compute) else { return nil }
    return x.convolvedAndStyledFused(
      weight.value, filters: filters, scale: scale, noise: noise, bias: bias, style: style(), slope: 0.2)
  }

  /// The convolution's input, blurred before downsampling.
  private func input(_ x: Tensor, _ compute: Compute) -> Tensor {
    resampling == .down ? binomialBlur(compute.activations(x), compute) : compute.activations(x)
  }

  private func usesMinimalFiltering(_ x: Tensor, _ compute: Compute) -> Bool {
    guard compute.kernels == .fast && kernel == 3 && x.hasFusedConvolution(resampling) else { return false }
    let shape = ConvolutionChoices.Shape(
      resampling: resampling, inputs: x.size(1), outputs: weight.value.size(0), side: x.size(2))
    ConvolutionChoices.recorder?.shapes.insert(shape)
    return (compute.convolutions?.engine(of: shape) ?? ConvolutionChoices.unmeasured(compute.precision))
      == .minimalFiltering
  }

  /// The convolution alone; x is in the type and layout of ``Compute/activations(_:)``.
  func withoutBlur(_ x: Tensor, _ compute: Compute) -> Tensor {
    compute.kernels == .fast ? fast(x, compute) : plain(x, compute)
  }

  /// The convolution in the order of the papers.
  private func plain(_ x: Tensor, _ compute: Compute) -> Tensor {
    let w = compute.activations(weight.value * scale)
    switch resampling {
    case .none: return x.conv2d(w, padding: kernel / 2)
    case .up: return x.upsampledNearest().conv2d(w, padding: 1)
    case .down: return x.conv2d(w, padding: 1).averagePooled()
    }
  }

  /// Minimal filtering where a kernel exists, else a convolution with fused resampling.
  private func fast(_ x: Tensor, _ compute: Compute) -> Tensor {
    if usesMinimalFiltering(x, compute) {
      return x.convolvedFused(weight.value, filters: filters, scale: scale, resampling: resampling)
    }
    let w = weight.value * scale
    switch resampling {
    case .none: return x.oneChannelLast().conv2d(compute.activations(w), padding: kernel / 2)
    case .up: return x.convTranspose2d(compute.activations(upsamplingKernel(w)), stride: 2, padding: 1)
    case .down: return x.conv2d(compute.activations(downsamplingKernel(w)), stride: 2, padding: 1)
    }
  }
}

extension Tensor {
  /// The same batch, marked as channels-last. With one channel the strides fit both layouts, and libtorch's convolutions
  /// would return channels-first.
  fileprivate func oneChannelLast() -> Tensor {
    size(1) == 1 ? reshaped([size(0), size(2), size(3), 1]).permuted([0, 3, 1, 2]) : self
  }
}

/// A bias for each channel, then a leaky ReLU of slope 0.2; it follows each convolution of a discriminator.
public struct BiasActivation {
  /// `[C]`, starting at 0.
  public let bias: Parameter
  static let slope = 0.2

  /// Makes `bias` in `scope`.
  public init(_ scope: Scope, channels: Int) { bias = scope.parameter("bias", [channels], .constant(0)) }

  /// `[N, C, H, W]` → the same shape.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    if compute.kernels == .fast && x.hasFusedKernels { return x.biasedLeakyReLUFused(bias.value, slope: Self.slope) }
    return (x + bias.value.reshaped([1, -1, 1, 1]).to(x.dtype)).leakyReLU(slope: Self.slope)
  }
}
