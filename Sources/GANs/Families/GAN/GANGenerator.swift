import Torch

/// The first GAN's generator, from z to pixels: linear and leaky ReLU (0.2); three times linear, batch normalization and
/// leaky ReLU; linear and tanh. With labels y the first layer gets [z, y] (Mirza & Osindero 2014, §3).
public final class GANGenerator: Generator {
  /// The architecture.
  public let configuration: GANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// From z to pixels.
  public let layers: [Linear]
  /// One after each layer except the first and the last.
  public let norms: [BatchNorm]

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: GANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    let widths = configuration.generatorWidths
    layers = zip(widths, widths.dropFirst()).enumerated().map { i, sizes in
      Linear(store.root / "dense\(i)", inputs: sizes.0, outputs: sizes.1)
    }
    norms = (1..<layers.count - 1).map {
      BatchNorm(store.root / "norm\($0)", channels: widths[$0 + 1], epsilon: configuration.batchNormEpsilon)
    }
  }

  /// Its configuration.
  public var architecture: any NetworkConfiguration { configuration }

  /// Draws images.
  /// - Parameters:
  ///   - z: `[N, zSize]`
  ///   - condition: one for each latent; nil for a network without labels.
  ///   - training: normalizes with statistics of the batch and updates the moving ones; else uses the moving ones.
  /// - Returns: `[N, imageChannels, r, r]`, −1…1.
  public func callAsFunction(_ z: Tensor, condition: Condition? = nil, training: Bool) -> Tensor {
    let input = Condition.appended(condition, to: z, labelSize: configuration.labelSize)
    var x = layers[0](input).leakyReLU(slope: 0.2)
    for (layer, norm) in zip(layers.dropFirst(), norms) { x = norm(layer(x), training: training).leakyReLU(slope: 0.2) }
    let side = configuration.resolution
    return layers.last!(x).tanh().reshaped([-1, configuration.imageChannels, side, side])
  }

  /// Images for latents, without gradients.
  public func images(
    _ z: Tensor, condition: Condition? = nil, truncation: Truncation = .none, noise: NoiseMode = .none,
    growth: Growth? = nil, _ compute: Compute = .default
  ) -> Tensor { withoutGradients { self(z, condition: condition, training: false) } }

  /// The fakes of a training step, differentiable.
  public func trainingImages(_ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute)
    -> Tensor
  { self(sample.z, condition: sample.condition, training: true) }
}
