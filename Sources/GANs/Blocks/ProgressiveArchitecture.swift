import Torch

/// Networks that grow from 4×4: Progressive GAN's and StyleGAN's.
///
/// They share the feature maps by resolution (PGGAN §A) and the discriminator; StyleGAN adds filters to it (Table 1, B).
/// Each paper has its own generator.
public protocol ProgressiveArchitecture: NetworkConfiguration {
  /// Feature maps at a resolution: min(fmapBase / 2^stage, fmapMax), stage = log2(resolution) − 1.
  var fmapBase: Int { get }
  /// The largest number of feature maps of a layer.
  var fmapMax: Int { get }
  /// The group size of the discriminator's minibatch standard deviation.
  var minibatchGroup: Int { get }
  /// Whether a binomial filter smooths each change of resolution (StyleGAN Table 1, B).
  var blur: Bool { get }
}

extension ProgressiveArchitecture {
  /// 4, 8, … up to the resolution.
  public var resolutions: [Int] { Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution }) }

  /// Feature maps at a resolution (PGGAN §A, in the published parametrization).
  public func channels(at resolution: Int) -> Int { channels(stage: resolution.trailingZeroBitCount - 1) }

  /// Feature maps of a stage; stage 0 is the discriminator's dense layer.
  public func channels(stage: Int) -> Int { max(1, min(fmapBase >> stage, fmapMax)) }

  /// Two feature maps for each resolution.
  public func activationCount(at resolution: Int) -> Int {
    resolutions.filter { $0 <= resolution }.reduce(0) { $0 + 2 * $1 * $1 * channels(at: $1) }
  }

  /// Feature maps by resolution, for `inspect`.
  var featureMaps: String {
    "feature maps: " + resolutions.map { "\($0)²: \(channels(at: $0))" }.joined(separator: ", ")
  }

  /// Checks the fields of both architectures.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range.
  func validateShape() throws(ConfigurationError) {
    try require(
      (8...1024).contains(resolution) && resolution.nonzeroBitCount == 1, .resolution, resolution,
      "a power of two from 8 to 1024")
    try require([1, 3, 4].contains(imageChannels), .imageChannels, imageChannels, "1, 3 or 4")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require((1...1 << 20).contains(fmapBase), "fmapBase", fmapBase, "1 to 1048576")
    try require((1...4096).contains(fmapMax), "fmapMax", fmapMax, "1 to 4096")
    try require((1...1024).contains(minibatchGroup), "minibatchGroup", minibatchGroup, "1 to 1024")
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    ProgressiveDiscriminator(self, seed: seed, device: device)
  }
}

extension Setting {
  /// Feature maps by resolution.
  static let featureMaps = [
    Setting("fmapBase", names: ["fmap-base"], .integer, help: "Feature maps: min(base / 2^stage, max)."),
    Setting("fmapMax", names: ["fmap-max"], .integer, help: "Largest number of feature maps of a layer."),
  ]
}
