import Torch

/// The architecture of Progressive GAN (Karras et al. 2018, Table 2).
public struct PGGANConfiguration: NetworkConfiguration {
  /// Output resolution: a power of two, 8…1024.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of z.
  public var zSize: Int
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  public var fmapBase: Int
  /// The most feature maps of a layer.
  public var fmapMax: Int
  /// Samples that the discriminator's minibatch standard deviation compares.
  public var minibatchGroup: Int

  /// The paper's architecture at a resolution, with other widths where given.
  public init(
    resolution: Int, imageChannels: Int = 3, zSize: Int = 512, fmapBase: Int = 8192, fmapMax: Int = 512,
    minibatchGroup: Int = 4
  ) {
    (self.resolution, self.imageChannels, self.zSize) = (resolution, imageChannels, zSize)
    (self.fmapBase, self.fmapMax, self.minibatchGroup) = (fmapBase, fmapMax, minibatchGroup)
  }

  /// 4, 8, … up to the resolution.
  public var resolutions: [Int] { Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution }) }

  /// Feature maps at a resolution (PGGAN §A, in the published parametrisation).
  public func channels(at resolution: Int) -> Int { channels(stage: resolution.trailingZeroBitCount - 1) }

  /// Feature maps of a stage; stage 0 is the discriminator's dense layer.
  public func channels(stage: Int) -> Int { max(1, min(fmapBase >> stage, fmapMax)) }

  /// Checks every field.
  public func validate() throws(ConfigurationError) {
    try require(
      (8...1024).contains(resolution) && resolution.nonzeroBitCount == 1, "resolution", resolution,
      "a power of two from 8 to 1024")
    try require([1, 3, 4].contains(imageChannels), "imageChannels", imageChannels, "1, 3 or 4")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require((1...1 << 20).contains(fmapBase), "fmapBase", fmapBase, "1 to 1048576")
    try require((1...4096).contains(fmapMax), "fmapMax", fmapMax, "1 to 4096")
    try require((1...1024).contains(minibatchGroup), "minibatchGroup", minibatchGroup, "1 to 1024")
  }

  // MARK: Size

  /// Trained scalars of the generator.
  public var generatorParameterCount: Int {
    resolutions.reduce(0) { count, r in
      let (inputs, outputs) = (r == 4 ? zSize : channels(at: r / 2), channels(at: r))
      // The first layer, a 4×4 convolution of one pixel or a 3×3 one; the second; to_rgb.
      return count + inputs * outputs * (r == 4 ? 16 : 9) + outputs * outputs * 9 + 2 * outputs
        + (outputs + 1) * imageChannels
    }
  }

  /// Saved scalars of the generator that no optimizer touches.
  public var generatorBufferCount: Int { 0 }

  /// Trained scalars of the discriminator.
  public var discriminatorParameterCount: Int {
    let (top, hidden) = (channels(at: 4), channels(stage: 0))
    return resolutions.dropFirst().reduce(
      (imageChannels + 1) * top + (top + 1) * top * 9 + top + (top * 16 + 1) * hidden + hidden + 1
    ) { count, r in
      let (inputs, outputs) = (channels(at: r), channels(at: r / 2))
      return count + (imageChannels + 1) * inputs + (inputs * 9 + 1) * inputs + (inputs * 9 + 1) * outputs
    }
  }

  /// Two layers a resolution.
  public func activationCount(at resolution: Int) -> Int {
    resolutions.filter { $0 <= resolution }.reduce(0) { $0 + 2 * $1 * $1 * channels(at: $1) }
  }

  /// Latents and layers.
  public var summary: [String] {
    ["z \(zSize)", "feature maps: " + resolutions.map { "\($0)²: \(channels(at: $0))" }.joined(separator: ", ")]
  }

  // MARK: Networks

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    PGGANGenerator(self, seed: seed, device: device)
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    PGGANDiscriminator(self, seed: seed, device: device)
  }
}
