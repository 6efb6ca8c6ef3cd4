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

  /// The networks with batch normalization; labels for both.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.normalizesGeneratorBatches, traits.normalizesCriticBatches) = (true, Self.normalizesDiscriminator)
    traits.takesLabels = true
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
    try requireLabelSize()
  }

  /// A convolution, its normalization and its activation per resolution.
  public func activationCount(at resolution: Int) -> Int {
    featureResolutions.reduce(0) { $0 + 3 * $1 * $1 * channels(at: $1) }
  }

  /// Latents and layers.
  public var summary: [String] {
    [
      "z \(zSize)" + (labelSize > 0 ? ", \(labelSize) labels" : ""),
      "feature maps: " + featureResolutions.map { "\($0)²: \(channels(at: $0))" }.joined(separator: ", "),
    ]
  }

  // MARK: Files

  /// Reads a configuration. Old files lack the label size.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: DCGANKeys.self)
    func integer(_ key: DCGANKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      resolution: try integer(.resolution), imageChannels: try integer(.imageChannels), zSize: try integer(.zSize),
      features: try integer(.features))
    labelSize = try values.decode(.labelSize, or: 0)
    premultiplied = try values.decodeIfPresent(Bool.self, forKey: .premultiplied)
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

/// The properties of a ``DCGANArchitecture`` in files.
private enum DCGANKeys: String, CodingKey { case resolution, imageChannels, zSize, features, labelSize, premultiplied }
