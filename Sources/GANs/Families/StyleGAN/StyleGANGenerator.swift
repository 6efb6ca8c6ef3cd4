import Torch

/// The style-based generator (StyleGAN, Fig. 1b): mapping network f and synthesis network g.
public final class StyleGANGenerator {
  /// The architecture.
  public let configuration: StyleGANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// f: Z → W
  public let mapping: MappingNetwork
  /// g: W → images
  public let synthesis: SynthesisNetwork

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: StyleGANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    store = ParameterStore(seed: seed, device: device)
    mapping = MappingNetwork(store.root / "mapping", configuration)
    synthesis = SynthesisNetwork(store.root / "synthesis", configuration)
  }

  /// The style of every layer for latents: w = f(z), the same in all layers, truncated.
  /// - Parameter z: `[N, zSize]`
  /// - Returns: `[N, L, wSize]`
  public func styles(_ z: Tensor, truncation: Truncation = .none) -> Tensor {
    broadcast(mapping(z), truncation: truncation)
  }

  /// One w in every layer, truncated.
  /// - Parameter w: `[N, wSize]`
  /// - Returns: `[N, L, wSize]`
  public func broadcast(_ w: Tensor, truncation: Truncation = .none) -> Tensor {
    let ws = w.unsqueezed(at: 1).expanded([-1, configuration.layerCount, -1])
    return truncation(ws, average: mapping.wAverage.value)
  }
}

/// Mixes styles: layers before `crossover` take them from `first`, the others from `second` (StyleGAN §3.1).
/// - Parameters:
///   - first: `[N, L, wSize]`
///   - second: the same shape
public func mixedStyles(_ first: Tensor, _ second: Tensor, crossover: Int) -> Tensor {
  let layers = first.size(1)
  if crossover >= layers { return first }
  if crossover <= 0 { return second }
  return .concatenated([first.sliced(0..<crossover, along: 1), second.sliced(crossover..<layers, along: 1)], along: 1)
}

/// Mixes styles: the layers in `layers` take them from `source`, the others from `base` (StyleGAN Fig. 3).
public func mixedStyles(_ base: Tensor, copying layers: Set<Int>, from source: Tensor) -> Tensor {
  .concatenated(
    (0..<base.size(1)).map { (layers.contains($0) ? source : base).sliced($0..<$0 + 1, along: 1) }, along: 1)
}

extension StyleGANGenerator: Generator {
  /// Its configuration.
  public var architecture: any NetworkConfiguration { configuration }

  /// Latents, mixing and noise.
  public func sample(
    count: Int, growth: Growth, mixingProbability: Double, random: RandomStream, device: Device
  ) -> TrainingSample {
    TrainingSample(
      count: count, configuration: configuration, growth: growth, mixingProbability: mixingProbability, random: random,
      device: device)
  }

  /// Images for latents, without gradients.
  /// - Parameter z: `[N, zSize]`
  /// - Returns: `[N, imageChannels, r, r]`, nominally −1…1.
  public func images(
    _ z: Tensor, truncation: Truncation = .none, noise: NoiseMode = .constant, growth: Growth? = nil,
    _ compute: Compute = .default
  ) -> Tensor {
    withoutGradients {
      synthesis(
        styles(z, truncation: truncation), noise: noise,
        growth: growth ?? Growth(resolution: configuration.resolution), compute)
    }
  }

  /// The fakes of a training step, differentiable.
  /// - Parameter updatingAverage: whether w_avg follows this batch's w (of the first latents).
  /// - Returns: `[N, imageChannels, r, r]`
  public func trainingImages(
    _ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute = .default
  ) -> Tensor {
    // Both latents of a mixture go through the mapping network together: its weights are read once.
    let count = sample.z.size(0)
    let mapped = mapping(sample.mixing.map { .concatenated([sample.z, $0.z], along: 0) } ?? sample.z)
    let w = sample.mixing == nil ? mapped : mapped.sliced(0..<count, along: 0)
    if updatingAverage { mapping.updateAverage(w) }
    var ws = broadcast(w)
    if let mixing = sample.mixing {
      let other = broadcast(mapped.sliced(count..<2 * count, along: 0))
      ws = mixedStyles(ws, other, crossover: mixing.crossover)
    }
    return synthesis(ws, noise: configuration.noise ? .given(sample.noise) : .none, growth: growth, compute)
  }
}
