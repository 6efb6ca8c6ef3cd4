import Torch

/// The architecture of Progressive GAN (Karras et al. 2018, Table 2).
public struct PGGANConfiguration: ProgressiveArchitecture {
  /// Output resolution: a power of two, 8…1024.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of the label vector; 0: no labels.
  public var labelSize = 0
  /// Size of z.
  public var zSize: Int
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  public var fmapBase: Int
  /// The largest number of feature maps of a layer.
  public var fmapMax: Int
  /// The group size of the discriminator's minibatch standard deviation.
  public var minibatchGroup: Int
  /// The gain of the generator's dense layer: √2/4, or √2 in networks of earlier versions.
  public var denseGain = firstDenseGain
  /// Whether colors are multiplied by alpha; nil: they are not.
  public var premultiplied: Bool?

  /// The paper's architecture at a resolution, or with other widths.
  public init(
    resolution: Int, imageChannels: Int = 3, zSize: Int = 512, fmapBase: Int = 8192, fmapMax: Int = 512,
    minibatchGroup: Int = 4
  ) {
    (self.resolution, self.imageChannels, self.zSize) = (resolution, imageChannels, zSize)
    (self.fmapBase, self.fmapMax, self.minibatchGroup) = (fmapBase, fmapMax, minibatchGroup)
  }

  /// False: resampling has no filter.
  public var blur: Bool { false }

  /// Checks every field.
  public func validate() throws(ConfigurationError) {
    try validateShape()
    try require(denseGain > 0 && denseGain.isFinite, "denseGain", denseGain, "above 0")
    try requireLabelSize()
  }

  /// Latents and layers.
  public var summary: [String] { ["z \(zSize)" + (labelSize > 0 ? ", \(labelSize) labels" : ""), featureMaps] }

  // MARK: Files

  private enum CodingKeys: String, CodingKey {
    case resolution, imageChannels, labelSize, zSize, fmapBase, fmapMax, minibatchGroup, denseGain, premultiplied
  }

  /// Reads a configuration. Old files lack the label size and the gain, which was √2.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      resolution: try integer(.resolution), imageChannels: try integer(.imageChannels), zSize: try integer(.zSize),
      fmapBase: try integer(.fmapBase), fmapMax: try integer(.fmapMax), minibatchGroup: try integer(.minibatchGroup))
    labelSize = try values.decode(.labelSize, or: 0)
    denseGain = try values.decode(.denseGain, or: leakyReLUGain)
    premultiplied = try values.decodeIfPresent(Bool.self, forKey: .premultiplied)
  }

  // MARK: Networks

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    PGGANGenerator(self, seed: seed, device: device)
  }
}
