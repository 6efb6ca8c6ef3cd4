import Datasets
import Torch

/// What metrics are measured of: a network, or a set of pictures.
public struct MetricSubject {
  /// Changes with everything that changes the pictures; names stored features.
  public let identity: String
  /// The number of pictures; nil where any number can be drawn.
  public let count: Int?
  /// Image channels, and pixels on each side.
  public let channels, resolution: Int
  /// Pictures by their numbers, `[count, C, r, r]`, 0…255 in whole numbers.
  public private(set) var images: (_ range: Range<Int>) throws -> Tensor
  /// Reals as this subject should be compared with, `[N, C, R, R]` → `[N, C, r, r]`, −1…1.
  let growth: Growth
  /// The generator, in float32; nil for pictures.
  public let generator: LatentGenerator?
  /// Random latents mixed in each picture.
  public let mixing: Int

  /// A network.
  /// - Parameters:
  ///   - mixing: latents mixed in each picture with random crossovers (StyleGAN Table 2); 1: none. Networks without
  ///     styles trap on more.
  ///   - labels: what a conditional network is asked for; nil for others.
  public init(
    _ generator: any Generator, growth: Growth, seed: UInt64, mixing: Int = 1, labels: LabelDistribution? = nil,
    compute: Compute = .default
  ) {
    let drawn = GeneratedImages(
      generator: generator, growth: growth, seed: seed, mixing: mixing, labels: labels, compute: compute)
    identity =
      "\(digest(of: generator.store.state)) \(growth) seed \(seed) mixing \(mixing) \(compute.precision.rawValue)"
    count = nil
    channels = generator.architecture.imageChannels
    resolution = growth.resolution + 2 * generator.architecture.border
    images = { drawn.images($0) }
    self.growth = growth
    self.generator = LatentGenerator(
      generator, growth: growth, labels: labels, compute: Compute(precision: .float32, kernels: compute.kernels))
    self.mixing = mixing
  }

  /// Pictures.
  public init(_ pictures: any ImageDataset, seed: UInt64) {
    let growth = Growth(resolution: pictures.resolution)
    let source = RealImages(dataset: pictures, growth: growth, seed: seed)
    identity = "pictures \(pictures.fingerprint) seed \(seed)"
    count = pictures.count
    channels = pictures.channels
    resolution = pictures.resolution
    images = { try source.images($0) }
    self.growth = growth
    generator = nil
    mixing = 1
  }

  /// The same subject; `drawn` is told of every range of pictures.
  package func observed(_ drawn: @escaping (Range<Int>) -> Void) -> MetricSubject {
    var subject = self
    subject.images = { range in
      drawn(range)
      return try images(range)
    }
    return subject
  }
}
