import Torch

/// DCGAN's generator (Radford et al. 2015, Fig. 1): a projection of z to 4×4, then transposed convolutions that double the
/// side. Batch normalization and ReLU follow each layer, tanh the last. Weights start as N(0, 0.02²). With labels y the
/// projection is of [z, y] (Mirza & Osindero 2014, §3).
public final class DCGANGenerator: Generator {
  /// The architecture.
  public let architecture: any NetworkConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// Transposed 4×4 convolutions: from z to 4×4, then each with stride 2.
  public let layers: [ConvTranspose2d]
  /// One after each layer except the last.
  public let norms: [BatchNorm]
  private let labelSize: Int

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: some DCGANArchitecture, seed: UInt64, device: Device = .cpu) {
    architecture = configuration
    labelSize = configuration.labelSize
    store = ParameterStore(seed: seed, device: device)
    let sides = configuration.featureResolutions
    let widths =
      [configuration.zSize + labelSize] + sides.map(configuration.channels(at:)) + [configuration.imageChannels]
    var (layers, norms): ([ConvTranspose2d], [BatchNorm]) = ([], [])
    for (i, side) in (sides + [configuration.resolution]).enumerated() {
      let (scope, isLast) = (store.root / "b\(side)", i == sides.count)
      layers.append(
        ConvTranspose2d(
          scope / "conv", inputs: widths[i], outputs: widths[i + 1], kernel: 4, stride: i == 0 ? 1 : 2,
          padding: i == 0 ? 0 : 1, bias: isLast, initializer: .normal(deviation: 0.02)))
      if !isLast { norms.append(BatchNorm(scope / "norm", channels: widths[i + 1])) }
    }
    (self.layers, self.norms) = (layers, norms)
  }

  /// Draws images.
  /// - Parameters:
  ///   - z: `[N, zSize]`
  ///   - condition: one for each latent; nil for a network without labels.
  ///   - training: normalizes with statistics of the batch and updates the moving ones; else uses the moving ones.
  /// - Returns: `[N, imageChannels, r, r]`, −1…1.
  public func callAsFunction(
    _ z: Tensor, condition: Condition? = nil, training: Bool, _ compute: Compute = .default
  ) -> Tensor {
    let input = Condition.appended(condition, to: z, labelSize: labelSize)
    var x = compute.activations(input.reshaped([z.size(0), -1, 1, 1]))
    for (layer, norm) in zip(layers, norms) {
      x = compute.activations(norm(layer(x, compute), training: training)).relu()
    }
    return layers.last!(x, compute).to(.float32).tanh()
  }

  /// Images for latents, without gradients.
  public func images(
    _ z: Tensor, condition: Condition? = nil, truncation: Truncation = .none, noise: NoiseMode = .none,
    growth: Growth? = nil, _ compute: Compute = .default
  ) -> Tensor { withoutGradients { self(z, condition: condition, training: false, compute) } }

  /// The fakes of a training step, differentiable.
  public func trainingImages(_ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute)
    -> Tensor
  { self(sample.z, condition: sample.condition, training: true, compute) }
}

extension ConvTranspose2d {
  /// Applies the layer in the precision of a computation.
  func callAsFunction(_ x: Tensor, _ compute: Compute) -> Tensor {
    x.convTranspose2d(
      compute.activations(weight.value), bias: bias.map { $0.value.to(x.dtype) }, stride: stride, padding: padding)
  }
}

extension Conv2d {
  /// Applies the layer in the precision of a computation.
  func callAsFunction(_ x: Tensor, _ compute: Compute) -> Tensor {
    x.conv2d(
      compute.activations(weight.value), bias: bias.map { $0.value.to(x.dtype) }, stride: stride, padding: padding)
  }
}
