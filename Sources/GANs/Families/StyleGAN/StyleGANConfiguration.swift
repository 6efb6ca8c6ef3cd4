import Torch

/// The architecture of a StyleGAN generator and discriminator; saved in every network file.
public struct StyleGANConfiguration: ProgressiveArchitecture {
  /// Output resolution: a power of two, 8…1024.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of the label vector; 0: no labels.
  public var labelSize = 0
  /// Size of z.
  public var zSize: Int
  /// Size of w.
  public var wSize: Int
  /// Fully connected layers of the mapping network.
  public var mappingLayers: Int
  /// Size of the mapping network's hidden layers; nil: the size of w.
  public var mappingWidth: Int?
  /// Learning-rate multiplier of the mapping network.
  public var mappingLearningRateMultiplier: Double
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  public var fmapBase: Int
  /// The largest number of feature maps of a layer.
  public var fmapMax: Int
  /// The group size of the discriminator's minibatch standard deviation.
  public var minibatchGroup: Int
  /// Table 1, B: whether a binomial filter smooths each change of resolution.
  public var blur = true
  /// Table 1, C: whether each layer takes a style (AdaIN); else pixel norm, as in Progressive GAN.
  public var styles = true
  /// Table 1, D: whether synthesis starts from a learned constant; else from a dense layer of w.
  public var constantInput = true
  /// Table 1, E: whether each layer has a noise input.
  public var noise = true
  /// The gain of the dense layer that precedes synthesis without a constant input: √2/4, or √2 in networks of earlier
  /// versions.
  public var denseGain = firstDenseGain
  /// Whether colors are multiplied by alpha; nil: they are not.
  public var premultiplied: Bool?

  /// The paper's architecture at a resolution, or with other widths.
  public init(
    resolution: Int, imageChannels: Int = 3, zSize: Int = 512, wSize: Int = 512, mappingLayers: Int = 8,
    mappingLearningRateMultiplier: Double = 0.01, fmapBase: Int = 8192, fmapMax: Int = 512, minibatchGroup: Int = 4
  ) {
    (self.resolution, self.imageChannels, self.zSize, self.wSize) = (resolution, imageChannels, zSize, wSize)
    (self.mappingLayers, self.mappingLearningRateMultiplier) = (mappingLayers, mappingLearningRateMultiplier)
    (self.fmapBase, self.fmapMax, self.minibatchGroup) = (fmapBase, fmapMax, minibatchGroup)
  }

  /// The architecture of a named width.
  public init(width: NetworkWidth, resolution: Int, imageChannels: Int) {
    self.init(
      resolution: resolution, imageChannels: imageChannels, zSize: width.latentSize, wSize: width.latentSize,
      fmapBase: width.featureMaps.base, fmapMax: width.featureMaps.max)
  }

  /// Layers that take a style, L = 2·log2(resolution) − 2: two of each resolution.
  public var layerCount: Int { resolutions.count * 2 }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  public func validate() throws(ConfigurationError) {
    try validateShape()
    try require((1...8192).contains(wSize), "wSize", wSize, "1 to 8192")
    try require((0...64).contains(mappingLayers), "mappingLayers", mappingLayers, "0 to 64")
    if let mappingWidth { try require((1...8192).contains(mappingWidth), "mappingWidth", mappingWidth, "1 to 8192") }
    if mappingWidth != nil && mappingLayers < 2 {
      throw ConfigurationError(
        "a mapping network of \(mappingLayers) layers has no hidden layers: leave out \(field: "mappingWidth")")
    }
    try require(mappingLayers > 0 || zSize == wSize, "wSize", wSize, "\(zSize), the size of z, without mapping layers")
    try require(
      mappingLearningRateMultiplier > 0 && mappingLearningRateMultiplier.isFinite, "mappingLearningRateMultiplier",
      mappingLearningRateMultiplier, "above 0")
    try require(denseGain > 0 && denseGain.isFinite, "denseGain", denseGain, "above 0")
    try requireLabelSize()
    if mappingLayers == 0 && labelSize > 0 {
      throw ConfigurationError(
        "labels are an input of the mapping network, and there is none: use \(field: "mappingLayers", 1)")
    }
    if constantInput && !styles {
      throw ConfigurationError(
        "a constant input without styles draws the same image for all latents: use a constant input only with styles")
    }
  }

  // MARK: Files

  private enum CodingKeys: String, CodingKey {
    case resolution, imageChannels, labelSize, zSize, wSize, mappingLayers, mappingWidth
    case mappingLearningRateMultiplier, fmapBase, fmapMax, minibatchGroup, blur, styles, constantInput, noise,
      denseGain, premultiplied
  }

  /// Reads a configuration. Old files lack the switches of Table 1, the label size and the gain, which was √2.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    (resolution, imageChannels) = (try integer(.resolution), try integer(.imageChannels))
    (zSize, wSize, mappingLayers) = (try integer(.zSize), try integer(.wSize), try integer(.mappingLayers))
    mappingWidth = try values.decodeIfPresent(Int.self, forKey: .mappingWidth)
    mappingLearningRateMultiplier = try values.decode(Double.self, forKey: .mappingLearningRateMultiplier)
    (fmapBase, fmapMax) = (try integer(.fmapBase), try integer(.fmapMax))
    minibatchGroup = try integer(.minibatchGroup)
    labelSize = try values.decode(.labelSize, or: labelSize)
    blur = try values.decode(.blur, or: blur)
    styles = try values.decode(.styles, or: styles)
    constantInput = try values.decode(.constantInput, or: constantInput)
    noise = try values.decode(.noise, or: noise)
    denseGain = try values.decode(.denseGain, or: leakyReLUGain)
    premultiplied = try values.decodeIfPresent(Bool.self, forKey: .premultiplied)
  }
}
