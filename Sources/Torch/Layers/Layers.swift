// The plain layers, initialized as in PyTorch. The module GANs has the equalized layers.

/// x Wᵀ + b: `[…, inputs]` → `[…, outputs]`.
public struct Linear {
  /// `[outputs, inputs]`, initially U(−1/√inputs, 1/√inputs).
  public let weight: Parameter
  /// `[outputs]`, initialized like the weight; nil without a bias.
  public let bias: Parameter?

  /// Makes `weight` and `bias` in `scope`.
  public init(_ scope: Scope, inputs: Int, outputs: Int, bias: Bool = true) {
    let bound = 1 / Double(inputs).squareRoot()
    weight = scope.parameter("weight", [outputs, inputs], .uniform(bound: bound))
    self.bias = bias ? scope.parameter("bias", [outputs], .uniform(bound: bound)) : nil
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight.value, bias: bias?.value) }
}

/// Cross-correlation with zero padding: `[N, inputs, H, W]` → `[N, outputs, H', W']`.
public struct Conv2d {
  /// `[outputs, inputs, k, k]`, initially U(−1/√(inputs·k²), 1/√(inputs·k²)).
  public let weight: Parameter
  /// `[outputs]`; nil without a bias.
  public let bias: Parameter?
  package let stride, padding: Int

  /// Makes `weight` and `bias` in `scope`.
  /// - Parameter initializer: for the weight, with a zero bias; nil: the uniform distribution above for both.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let bound = 1 / Double(inputs * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [outputs, inputs, kernel, kernel], initializer ?? .uniform(bound: bound))
    self.bias =
      bias ? scope.parameter("bias", [outputs], initializer == nil ? .uniform(bound: bound) : .constant(0)) : nil
    (self.stride, self.padding) = (stride, padding)
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
}

/// The adjoint of a convolution: `[N, inputs, H, W]` → `[N, outputs, H', W']`, H' = (H − 1)·stride − 2·padding + k.
public struct ConvTranspose2d {
  /// `[inputs, outputs, k, k]`, initially U(−1/√(outputs·k²), 1/√(outputs·k²)).
  public let weight: Parameter
  /// `[outputs]`; nil without a bias.
  public let bias: Parameter?
  package let stride, padding: Int

  /// Makes `weight` and `bias` in `scope`.
  /// - Parameter initializer: for the weight, with a zero bias; nil: the uniform distribution above for both.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let bound = 1 / Double(outputs * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [inputs, outputs, kernel, kernel], initializer ?? .uniform(bound: bound))
    self.bias =
      bias ? scope.parameter("bias", [outputs], initializer == nil ? .uniform(bound: bound) : .constant(0)) : nil
    (self.stride, self.padding) = (stride, padding)
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.convTranspose2d(weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
}

/// Batch normalization over all dimensions except the second (Ioffe & Szegedy 2015): `[N, C]` or `[N, C, H, W]`.
public struct BatchNorm {
  /// The scale γ, `[C]`, initially 1.
  public let weight: Parameter
  /// The offset β, `[C]`, initially 0.
  public let bias: Parameter
  /// The running mean, `[C]`, for inference.
  public let runningMean: Buffer
  /// The running unbiased variance, `[C]`, for inference.
  public let runningVariance: Buffer
  let epsilon, momentum: Double

  /// Makes the parameters in `scope`.
  /// - Parameters:
  ///   - epsilon: added to the variance.
  ///   - momentum: the weight of a new batch in the running statistics.
  public init(_ scope: Scope, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    runningMean = scope.buffer("running_mean", [channels], .constant(0))
    runningVariance = scope.buffer("running_var", [channels], .constant(1))
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// Applies the layer; training updates the running statistics.
  public func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
    x.batchNormalized(
      weight: weight.value, bias: bias.value, runningMean: runningMean.value, runningVariance: runningVariance.value,
      training: training, momentum: momentum, epsilon: epsilon)
  }
}
