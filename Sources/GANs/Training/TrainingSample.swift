import Torch

/// All that is random in one batch of fakes: latents, where they are mixed, noise, and where a penalty is taken.
public struct TrainingSample {
  /// `[N, zSize]`
  public var z: Tensor
  /// Mixing regularization (StyleGAN §3.1): a second latent for the layers from the crossover on.
  public var mixing: (z: Tensor, crossover: Int)?
  /// One image `[N, 1, r, r]` for each active layer; empty for networks without noise inputs.
  public var noise: [Tensor]
  /// Where between a real and a fake the gradient penalty is taken, uniform in 0…1, `[N, 1, 1, 1]`; nil without one.
  public var position: Tensor?

  /// A sample made of given parts.
  public init(
    z: Tensor, mixing: (z: Tensor, crossover: Int)? = nil, noise: [Tensor] = [], position: Tensor? = nil
  ) {
    self.z = z
    self.mixing = mixing
    self.noise = noise
    self.position = position
  }

  /// Draws StyleGAN's: a batch is mixed with the given probability at a crossover uniform over the active layers.
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
    noise =
      configuration.noise
      ? active.flatMap { r in (0..<2).map { _ in random.normal([count, 1, r, r]).to(device) } } : []
  }
}
