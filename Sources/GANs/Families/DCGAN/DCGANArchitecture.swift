import Torch

/// An architecture with DCGAN's networks: DCGAN, WGAN and WGAN-GP. They differ mainly in the objective.
public protocol DCGANArchitecture: NetworkConfiguration {
  /// n: 8n feature maps at 4×4, half as many after each doubling; DCGAN's Fig. 1 has n = 128.
  var features: Int { get }
  /// Whether the discriminator has batch normalization.
  static var normalizesDiscriminator: Bool { get }
  /// An architecture.
  init(resolution: Int, imageChannels: Int, zSize: Int, features: Int)
}

extension DCGANArchitecture {
  /// The settings for width and latents.
  public static var settings: [Setting] {
    [
      .width, .zSize,
      Setting(
        "features", names: ["features"], .integer,
        help: "DCGAN and WGAN: an eighth of the feature maps at 4×4 (default: 64)."),
    ]
  }

  /// n = 64, or the n of a named width.
  public static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self {
    let widths: [NetworkWidth: Int] = [.paper: 128, .small: 32, .tiny: 16, .micro: 8]
    return Self(
      resolution: resolution, imageChannels: imageChannels, zSize: 100,
      features: asked[Setting.width.field] == nil ? 64 : widths[NetworkWidth(asked)]!)
  }

  /// The resolutions with feature maps: 4, 8, … up to half of the images' resolution.
  var featureResolutions: [Int] { Array(sequence(first: 4) { $0 * 2 }.prefix { $0 < resolution }) }

  /// Feature maps at a resolution of `featureResolutions`.
  public func channels(at resolution: Int) -> Int { max(1, features * 8 * 4 / resolution) }

  /// The networks with batch normalization.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.normalizesGeneratorBatches, traits.normalizesCriticBatches) = (true, Self.normalizesDiscriminator)
    return traits
  }

  /// Checks every field.
  public func validate() throws(ConfigurationError) {
    try require(
      (8...256).contains(resolution) && resolution.nonzeroBitCount == 1, .resolution, resolution,
      "a power of two from 8 to 256")
    try require([1, 3, 4].contains(imageChannels), .imageChannels, imageChannels, "1, 3 or 4")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require((1...512).contains(features), "features", features, "1 to 512")
  }

  /// A convolution, its normalization and its activation per resolution.
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
