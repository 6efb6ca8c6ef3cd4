import Datasets
import Torch

/// The subject of metrics: a network, or a set of images.
public struct MetricSubject {
  /// Identifies the images; part of the key of stored features.
  public let identity: String
  /// The number of images; nil for a network.
  public let count: Int?
  /// Image channels (3 for images with alpha, which are composited on white), and the side of the images.
  public let channels, resolution: Int
  /// Images by their numbers, `[count, channels, r, r]`, 0…255 in whole numbers.
  public private(set) var images: (_ range: Range<Int>) throws -> Tensor
  /// The growth for which reals are prepared, `[N, C, R, R]` → `[N, C, r, r]`, −1…1.
  let growth: Growth
  /// The generator, in float32; nil for a set of images.
  public let generator: LatentGenerator?
  /// Random latents mixed in each image.
  public let mixing: Int

  /// A network.
  /// - Parameters:
  ///   - mixing: latents mixed in each image with random crossovers (StyleGAN Table 2); 1: no mixing. More traps for
  ///     networks without styles.
  ///   - labels: the distribution of labels for a conditional network; nil for others.
  public init(
    _ generator: any Generator, growth: Growth, seed: UInt64, mixing: Int = 1, labels: LabelDistribution? = nil,
    compute: Compute = .default
  ) {
    let drawn = GeneratedImages(
      generator: generator, growth: growth, seed: seed, mixing: mixing, labels: labels, compute: compute)
    let hasAlpha = generator.architecture.imageChannels == 4
    identity =
      "\(digest(of: generator.store.state)) \(growth) seed \(seed) mixing \(mixing) \(compute.precision.rawValue)"
      + (hasAlpha ? " on white" : "") + (generator.architecture.isPremultiplied ? " premultiplied" : "")
      + (labels.map { " labels \($0.identity)" } ?? "")
    count = nil
    channels = hasAlpha ? 3 : generator.architecture.imageChannels
    resolution = growth.resolution + 2 * generator.architecture.border
    images = { drawn.images($0) }
    self.growth = growth
    self.generator = LatentGenerator(
      generator, growth: growth, labels: labels, compute: Compute(precision: .float32, kernels: compute.kernels))
    self.mixing = mixing
  }

  /// A set of images.
  public init(_ pictures: any ImageDataset, seed: UInt64) {
    let growth = Growth(resolution: pictures.resolution)
    let source = RealImages(dataset: pictures, growth: growth, seed: seed)
    let hasAlpha = pictures.channels == 4
    identity = "pictures \(pictures.fingerprint) seed \(seed)" + (hasAlpha ? " on white" : "")
    (count, channels, resolution) = (pictures.count, hasAlpha ? 3 : pictures.channels, pictures.resolution)
    images = { try source.images($0) }
    (self.growth, generator, mixing) = (growth, nil, 1)
  }

  /// The same subject; `drawn` gets every requested range of images.
  package func observed(_ drawn: @escaping (Range<Int>) -> Void) -> MetricSubject {
    var subject = self
    subject.images = { range in
      drawn(range)
      return try images(range)
    }
    return subject
  }
}
