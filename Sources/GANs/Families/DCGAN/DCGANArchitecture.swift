import Torch

/// An architecture with DCGAN's networks: DCGAN's own, and WGAN's and WGAN-GP's, whose news is the objective.
public protocol DCGANArchitecture: NetworkConfiguration {
  /// n: there are 8n feature maps at 4×4, and half as many at each doubling; DCGAN's Fig. 1 has n = 128.
  var features: Int { get }
  /// Whether the discriminator has batch normalisation.
  static var normalizesDiscriminator: Bool { get }
  /// An architecture of a size.
  init(resolution: Int, imageChannels: Int, zSize: Int, features: Int)
}

extension DCGANArchitecture {
  /// The architecture that settings ask for.
  public init(_ settings: ArchitectureSettings, resolution: Int, imageChannels: Int) throws(ConfigurationError) {
    try settings.require(only: ["--width", "--features", "--z-dim"], of: Self.title)
    let widths: [StyleGANConfiguration.Width: Int] = [.paper: 128, .small: 32, .tiny: 16]
    self.init(
      resolution: resolution, imageChannels: imageChannels, zSize: settings.zSize ?? 100,
      features: settings.features ?? settings.width.map { widths[$0]! } ?? 64)
  }

  /// 4, 8, … up to half of the resolution: where there are features.
  var featureResolutions: [Int] { Array(sequence(first: 4) { $0 * 2 }.prefix { $0 < resolution }) }

  /// Feature maps at a resolution, 4 to half of the images'.
  public func channels(at resolution: Int) -> Int { max(1, features * 8 * 4 / resolution) }

  /// Whether the discriminator normalises over the minibatch.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    traits.normalizesCriticBatches = Self.normalizesDiscriminator
    return traits
  }

  /// Checks every field.
  public func validate() throws(ConfigurationError) {
    try require(
      (8...256).contains(resolution) && resolution.nonzeroBitCount == 1, "resolution", resolution,
      "a power of two from 8 to 256")
    try require([1, 3, 4].contains(imageChannels), "imageChannels", imageChannels, "1, 3 or 4")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require((1...512).contains(features), "features", features, "1 to 512")
  }

  // MARK: Size

  /// Trained scalars of the generator.
  public var generatorParameterCount: Int {
    let inner = featureResolutions
    // Kernels of 4×4, scale and offset of each normalisation, and the last layer's bias.
    let first = zSize * channels(at: 4) * 16
    let doublings = inner.dropFirst().reduce(0) { $0 + channels(at: $1 / 2) * channels(at: $1) * 16 }
    return first + doublings + inner.reduce(0) { $0 + 2 * channels(at: $1) }
      + channels(at: resolution / 2) * imageChannels * 16 + imageChannels
  }

  /// Saved scalars of the generator that no optimizer touches.
  public var generatorBufferCount: Int { featureResolutions.reduce(0) { $0 + 2 * channels(at: $1) } }

  /// Trained scalars of the discriminator.
  public var discriminatorParameterCount: Int {
    let inner = featureResolutions
    let top = channels(at: resolution / 2)
    let halvings = inner.dropFirst().reduce(0) { $0 + channels(at: $1 / 2) * channels(at: $1) * 16 }
    // Normalised layers have a scale and an offset, others a bias.
    let offsets = inner.dropLast().reduce(0) { $0 + (Self.normalizesDiscriminator ? 2 : 1) * channels(at: $1) }
    return imageChannels * top * 16 + top + halvings + offsets + channels(at: 4) * 16 + 1
  }

  /// A convolution, its normalisation and its activation a resolution.
  public func activationCount(at resolution: Int) -> Int {
    featureResolutions.reduce(0) { $0 + 3 * $1 * $1 * channels(at: $1) }
  }

  /// Latents and layers.
  public var summary: [String] {
    ["z \(zSize)", "feature maps: " + featureResolutions.map { "\($0)²: \(channels(at: $0))" }.joined(separator: ", ")]
  }

  // MARK: Networks

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    DCGANGenerator(self, seed: seed, device: device)
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    DCGANDiscriminator(self, seed: seed, device: device)
  }
}
