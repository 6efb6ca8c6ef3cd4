/// The architecture of a StyleGAN generator and discriminator; saved in every network file.
public struct StyleGANConfiguration: Codable, Sendable, Equatable {
  /// Output resolution: a power of two, 8…1024.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of z.
  public var zSize: Int
  /// Size of w.
  public var wSize: Int
  /// Fully connected layers of the mapping network.
  public var mappingLayers: Int
  /// Learning-rate multiplier of the mapping network.
  public var mappingLearningRateMultiplier: Double
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  public var fmapBase: Int
  /// The most feature maps of a layer.
  public var fmapMax: Int
  /// Samples that the discriminator's minibatch standard deviation compares.
  public var minibatchGroup: Int
  /// Table 1, B: whether a binomial filter smooths each change of resolution.
  public var blur = true
  /// Table 1, C: whether each layer takes a style (AdaIN); else pixel norm, as in Progressive GAN.
  public var styles = true
  /// Table 1, D: whether synthesis starts from a learned constant; else from a dense layer of w.
  public var constantInput = true
  /// Table 1, E: whether each layer has a noise input.
  public var noise = true

  /// The paper's architecture at a resolution, with other widths where given.
  public init(
    resolution: Int, imageChannels: Int = 3, zSize: Int = 512, wSize: Int = 512, mappingLayers: Int = 8,
    mappingLearningRateMultiplier: Double = 0.01, fmapBase: Int = 8192, fmapMax: Int = 512, minibatchGroup: Int = 4
  ) {
    self.resolution = resolution
    self.imageChannels = imageChannels
    self.zSize = zSize
    self.wSize = wSize
    self.mappingLayers = mappingLayers
    self.mappingLearningRateMultiplier = mappingLearningRateMultiplier
    self.fmapBase = fmapBase
    self.fmapMax = fmapMax
    self.minibatchGroup = minibatchGroup
  }

  /// Layers that take a style, L = 2·log2(resolution) − 2: two of each resolution.
  public var layerCount: Int { resolutions.count * 2 }

  /// Sizes of network that have a name.
  public enum Width: String, CaseIterable, Sendable, Codable {
    /// The paper's: 512 feature maps up to 32×32, latents of 512.
    case paper
    /// A quarter of the feature maps (2048/128), latents of 512.
    case small
    /// 512/128 feature maps (32 at 32×32), latents of 128: made for ten minutes on two cores.
    case tiny

    /// What one can expect of it, in a sentence.
    public var summary: String {
      switch self {
      case .paper: "8192/512 feature maps, latents of 512: the paper's; wants a GPU, or days on a CPU"
      case .small: "2048/128 feature maps, latents of 512: about 80 pictures a second at 32×32 on two cores with bf16"
      case .tiny: "512/128 feature maps, latents of 128: 230 to 530 pictures a second at 32×32 on two cores with bf16"
      }
    }
  }

  /// The architecture of a named width.
  public init(width: Width, resolution: Int, imageChannels: Int) {
    switch width {
    case .paper: self.init(resolution: resolution, imageChannels: imageChannels)
    case .small: self.init(resolution: resolution, imageChannels: imageChannels, fmapBase: 2048, fmapMax: 128)
    case .tiny:
      self.init(
        resolution: resolution, imageChannels: imageChannels, zSize: 128, wSize: 128, fmapBase: 512, fmapMax: 128)
    }
  }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  public func validate() throws(ConfigurationError) {
    try validateShape()
    try require((1...8192).contains(wSize), "wSize", wSize, "1 to 8192")
    try require((0...64).contains(mappingLayers), "mappingLayers", mappingLayers, "0 to 64")
    try require(mappingLayers > 0 || zSize == wSize, "wSize", wSize, "zSize where there are no mapping layers")
    try require(
      mappingLearningRateMultiplier > 0 && mappingLearningRateMultiplier.isFinite, "mappingLearningRateMultiplier",
      mappingLearningRateMultiplier, "above 0")
    if constantInput && !styles {
      throw ConfigurationError(
        "a constant input without styles would draw one picture for all latents: use a constant only with styles")
    }
  }
}

/// A configuration no network can be built from.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// A sentence naming the field, its value and what it must be.
  public let description: String

  /// An error with a sentence of its own.
  public init(_ description: String) { self.description = description }
}

func require(
  _ condition: Bool, _ field: String, _ value: some CustomStringConvertible, _ range: String
) throws(ConfigurationError) {
  if !condition { throw ConfigurationError("\(field) is \(value), but must be \(range)") }
}
