// The plain layers, as the field's other libraries initialise them. The equalized ones of the papers are in GANs.

/// x Wᵀ + b: `[…, inputs]` → `[…, outputs]`.
public struct Linear {
  /// `[outputs, inputs]`, starting as U(−1/√inputs, 1/√inputs).
  public let weight: Parameter
  /// `[outputs]`, starting likewise; nil without a bias.
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
  /// `[outputs, inputs, k, k]`, starting as U(−1/√(inputs·k²), …).
  public let weight: Parameter
  /// `[outputs]`; nil without a bias.
  public let bias: Parameter?
  package let stride, padding: Int

  /// Makes `weight` and `bias` in `scope`.
  /// - Parameter initializer: how the weight starts, with a bias of 0; nil for both as told there.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let bound = 1 / Double(inputs * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [outputs, inputs, kernel, kernel], initializer ?? .uniform(bound: bound))
    self.bias =
      bias ? scope.parameter("bias", [outputs], initializer == nil ? .uniform(bound: bound) : .constant(0)) : nil
    self.stride = stride
    self.padding = padding
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
}

/// The adjoint of a convolution: `[N, inputs, H, W]` → `[N, outputs, H', W']`, H' = (H − 1)·stride − 2·padding + k.
public struct ConvTranspose2d {
  /// `[inputs, outputs, k, k]`, starting as U(−1/√(outputs·k²), …).
  public let weight: Parameter
  /// `[outputs]`; nil without a bias.
  public let bias: Parameter?
  package let stride, padding: Int

  /// Makes `weight` and `bias` in `scope`.
  /// - Parameter initializer: how the weight starts, with a bias of 0; nil for both as told there.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let bound = 1 / Double(outputs * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [inputs, outputs, kernel, kernel], initializer ?? .uniform(bound: bound))
    self.bias =
      bias ? scope.parameter("bias", [outputs], initializer == nil ? .uniform(bound: bound) : .constant(0)) : nil
    self.stride = stride
    self.padding = padding
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.convTranspose2d(weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
}

/// Batch normalisation over all dimensions but the second (Ioffe & Szegedy 2015): `[N, C]` or `[N, C, H, W]`.
public struct BatchNorm {
  /// The scale γ, `[C]`, starting at 1.
  public let weight: Parameter
  /// The offset β, `[C]`, starting at 0.
  public let bias: Parameter
  /// The moving mean, `[C]`, for inference.
  public let runningMean: Buffer
  /// The moving unbiased variance, `[C]`, for inference.
  public let runningVariance: Buffer
  let epsilon, momentum: Double

  /// Makes the parameters in `scope`.
  /// - Parameters:
  ///   - epsilon: added to the variance.
  ///   - momentum: the share of a new batch in the moving statistics.
  public init(_ scope: Scope, channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    runningMean = scope.buffer("running_mean", [channels], .constant(0))
    runningVariance = scope.buffer("running_var", [channels], .constant(1))
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Applies the layer; in training the moving statistics follow the batch's.
  public func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
    x.batchNormalized(
      weight: weight.value, bias: bias.value, runningMean: runningMean.value, runningVariance: runningVariance.value,
      training: training, momentum: momentum, epsilon: epsilon)
  }
}
