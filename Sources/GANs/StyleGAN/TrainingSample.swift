import Torch

/// All that is random in one batch of fakes: latents, where they are mixed, and noise.
public struct TrainingSample {
  /// `[N, zSize]`
  public var z: Tensor
  /// Mixing regularization (StyleGAN §3.1): a second latent for the layers from the crossover on.
  public var mixing: (z: Tensor, crossover: Int)?
  /// One image `[N, 1, r, r]` for each active layer.
  public var noise: [Tensor]

  /// A sample made of given parts.
  public init(z: Tensor, mixing: (z: Tensor, crossover: Int)? = nil, noise: [Tensor]) {
    self.z = z
    self.mixing = mixing
    self.noise = noise
  }

  /// Draws a sample; a batch is mixed with the given probability at a crossover uniform over the active layers.
  public init(
    count: Int, configuration: StyleGANConfiguration, growth: Growth, mixingProbability: Double, random: RandomStream,
    device: Device
  ) {
    let active = configuration.resolutions.filter { $0 <= growth.resolution }
    z = random.normal([count, configuration.zSize]).to(device)
    if random.uniform() < mixingProbability {
      let second = random.normal([count, configuration.zSize]).to(device)
      mixing = (second, random.integer(in: 1..<2 * active.count))
    }
    noise = active.flatMap { r in (0..<2).map { _ in random.normal([count, 1, r, r]).to(device) } }
  }
}

extension StyleGANGenerator {
  /// The fakes of a training step, differentiable.
  /// - Parameter updatingAverage: whether w_avg follows this batch's w (of the first latents).
  /// - Returns: `[N, imageChannels, r, r]`
  public func trainingImages(
    _ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute = .default
  ) -> Tensor {
    let w = mapping(sample.z)
    if updatingAverage { mapping.updateAverage(w) }
    var ws = broadcast(w)
    if let mixing = sample.mixing {
      ws = mixedStyles(ws, broadcast(mapping(mixing.z)), crossover: mixing.crossover)
    }
    return synthesis(ws, noise: .given(sample.noise), growth: growth, compute)
  }
}
