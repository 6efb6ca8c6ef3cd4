import Torch

/// The style-based generator (StyleGAN, Fig. 1b): mapping network f and synthesis network g.
public final class StyleGANGenerator: StyleBasedGenerator {
  /// The architecture.
  public let configuration: StyleGANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// f: Z → W
  public let mapping: MappingNetwork
  /// g: W → images
  public let synthesis: SynthesisNetwork
  /// Two layers for each resolution.
  public let layers: [SynthesisLayer]

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: StyleGANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    store = ParameterStore(seed: seed, device: device)
    mapping = MappingNetwork(store.root / "mapping", configuration)
    synthesis = SynthesisNetwork(store.root / "synthesis", configuration)
    layers = zip(configuration.resolutions.flatMap { [$0, $0] }, synthesis.epilogues).map { resolution, epilogue in
      SynthesisLayer(resolution: resolution, noise: epilogue.noise?.value, styleWeight: epilogue.affine?.weight.value)
    }
  }

  /// Its configuration.
  public var architecture: any NetworkConfiguration { configuration }
  /// Size of w.
  public var wSize: Int { configuration.wSize }
  /// The moving average of w, `[wSize]`.
  public var wAverage: Buffer { mapping.wAverage }

  /// f: `[N, zSize]` → w, `[N, wSize]`.
  public func map(_ z: Tensor, condition: Condition? = nil) -> Tensor { mapping(z, condition: condition) }

  /// g: one w per layer, `[N, L, wSize]` → images `[N, imageChannels, r, r]`.
  public func synthesize(_ ws: Tensor, noise: NoiseMode, growth: Growth, _ compute: Compute = .default) -> Tensor {
    synthesis(ws, noise: noise, growth: growth, compute)
  }
}
