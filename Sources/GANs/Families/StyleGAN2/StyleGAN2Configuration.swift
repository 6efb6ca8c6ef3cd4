import Torch

/// The architecture of StyleGAN2 (Karras et al. 2020), configuration F: a generator with skip connections, a residual
/// discriminator, no growing.
public struct StyleGAN2Configuration: NetworkConfiguration {
  /// The side of the images: a power of two, 8…1024.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of the vector of labels; 0: none.
  public var labelSize = 0
  /// Size of z.
  public var zSize: Int
  /// Size of w.
  public var wSize: Int
  /// Fully connected layers of the mapping network.
  public var mappingLayers: Int
  /// Learning-rate multiplier of the mapping networks.
  public var mappingLearningRateMultiplier: Double
  /// Fully connected layers that map labels for the discriminator; unused without labels.
  public var labelMappingLayers = 8
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  public var fmapBase: Int
  /// The largest number of feature maps of a layer.
  public var fmapMax: Int
  /// The group size of the discriminator's minibatch standard deviation.
  public var minibatchGroup: Int
  /// Whether colors are multiplied by alpha; nil: they are not.
  public var premultiplied: Bool?

  /// The paper's architecture at a resolution, or with other widths.
  public init(
    resolution: Int, imageChannels: Int = 3, zSize: Int = 512, wSize: Int = 512, mappingLayers: Int = 8,
    mappingLearningRateMultiplier: Double = 0.01, fmapBase: Int = 16384, fmapMax: Int = 512, minibatchGroup: Int = 4
  ) {
    (self.resolution, self.imageChannels, self.zSize, self.wSize) = (resolution, imageChannels, zSize, wSize)
    (self.mappingLayers, self.mappingLearningRateMultiplier) = (mappingLayers, mappingLearningRateMultiplier)
    (self.fmapBase, self.fmapMax, self.minibatchGroup) = (fmapBase, fmapMax, minibatchGroup)
  }

  /// The architecture of a named width: `paper` is configuration F, with twice the feature maps of StyleGAN at high
  /// resolutions; `small` and `tiny` have as many as the other families.
  public init(width: NetworkWidth, resolution: Int, imageChannels: Int) {
    let (base, max) = width.featureMaps
    self.init(
      resolution: resolution, imageChannels: imageChannels, zSize: width.latentSize, wSize: width.latentSize,
      fmapBase: width == .paper ? 2 * base : base, fmapMax: max)
  }

  /// The resolutions inside both networks: 4, 8, … up to the images'.
  public var blockResolutions: [Int] { Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution }) }

  /// Layers that take a w of their own, L = 2·log2(resolution) − 2.
  public var layerCount: Int { blockResolutions.count * 2 }

  /// Feature maps at a resolution.
  public func channels(at resolution: Int) -> Int {
    max(1, min(fmapBase >> (resolution.trailingZeroBitCount - 1), fmapMax))
  }

  /// Three feature maps for each block: the inputs of both convolutions and of the filter.
  public func activationCount(at resolution: Int) -> Int {
    blockResolutions.filter { $0 <= resolution }.reduce(0) { $0 + 3 * $1 * $1 * channels(at: $1) }
  }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  public func validate() throws(ConfigurationError) {
    try require(
      (8...1024).contains(resolution) && resolution.nonzeroBitCount == 1, .resolution, resolution,
      "a power of two from 8 to 1024")
    try require([1, 3, 4].contains(imageChannels), .imageChannels, imageChannels, "1, 3 or 4")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require((1...8192).contains(wSize), "wSize", wSize, "1 to 8192")
    try require((0...64).contains(mappingLayers), "mappingLayers", mappingLayers, "0 to 64")
    try require(mappingLayers > 0 || zSize == wSize, "wSize", wSize, "\(zSize), the size of z, without mapping layers")
    try require((0...64).contains(labelMappingLayers), "labelMappingLayers", labelMappingLayers, "0 to 64")
    try require(
      mappingLearningRateMultiplier > 0 && mappingLearningRateMultiplier.isFinite, "mappingLearningRateMultiplier",
      mappingLearningRateMultiplier, "above 0")
    try require((1...1 << 20).contains(fmapBase), "fmapBase", fmapBase, "1 to 1048576")
    try require((1...4096).contains(fmapMax), "fmapMax", fmapMax, "1 to 4096")
    try require((1...1024).contains(minibatchGroup), "minibatchGroup", minibatchGroup, "1 to 1024")
    try requireLabelSize()
    if mappingLayers == 0 && labelSize > 0 {
      throw ConfigurationError(
        "labels are an input of the mapping network, and there is none: use \(field: "mappingLayers", 1)")
    }
  }
}
