import Datasets
import Torch

// The image sources of metrics. Both round to 256 values, as image files do, composite images with alpha on white, and
// give a range again on request.

/// Images of a generator from random latents: without truncation, with fresh noise, as metrics are defined. The border
/// that training cropped is added in black.
public struct GeneratedImages {
  private let generator: any Generator
  private let growth: Growth
  private let compute: Compute
  private let seed: UInt64
  private let mixing: Int
  private let labels: LabelDistribution?

  /// An endless sequence of images, fixed by `seed`.
  /// - Parameters:
  ///   - mixing: latents mixed in each image, with random crossovers (StyleGAN Table 2); 1: no mixing.
  ///   - labels: the distribution of labels for conditional generators; nil for others.
  public init(
    generator: any Generator, growth: Growth, seed: UInt64, mixing: Int = 1, labels: LabelDistribution? = nil,
    compute: Compute = .default
  ) {
    (self.generator, self.growth, self.compute) = (generator, growth, compute)
    (self.seed, self.mixing, self.labels) = (seed, mixing, labels)
  }

  /// `[range.count, C, r, r]`, C = 1 or 3, 0…255 in whole numbers.
  public func images(_ range: Range<Int>) -> Tensor {
    // Each group of 32 has its own random stream, so that an image does not depend on the requested range.
    let group = 32
    return .concatenated(
      stride(from: range.lowerBound / group * group, to: range.upperBound, by: group).map { start in
        let random = RandomStream(seed: seed &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(start + 1))
        let z = random.normal([group, generator.architecture.zSize]).to(generator.store.device)
        let images = generator.architecture.straight(drawn(z, random))
          .bordered(by: generator.architecture.border).quantized().shown()
        return images[max(range.lowerBound - start, 0)..<min(range.upperBound - start, group)]
      })
  }

  /// `[N, C, r, r]`
  private func drawn(_ z: Tensor, _ random: RandomStream) -> Tensor {
    let condition = labels?.draw(z.size(0), random, device: z.device)
    guard mixing > 1 else {
      return generator.images(
        z, condition: condition, truncation: .none, noise: .random(random), growth: growth, compute)
    }
    guard let style = generator as? any StyleBasedGenerator else { preconditionFailure("mixing needs styles") }
    return withoutGradients {
      style.synthesize(mixedStyles(z, condition, random, style), noise: .random(random), growth: growth, compute)
    }
  }

  /// `[N, L, wSize]`
  private func mixedStyles(
    _ z: Tensor, _ condition: Condition?, _ random: RandomStream, _ generator: any StyleBasedGenerator
  ) -> Tensor {
    var styles = generator.broadcast(generator.map(z, condition: condition))
    let (n, layers) = (z.size(0), generator.layers.count)
    let used = generator.activeLayers(at: growth).count
    let crossovers = (0..<n).map { _ in (1..<mixing).map { _ in random.integer(in: 1..<used) }.sorted() }
    for latent in 1..<mixing {
      let other = generator.broadcast(generator.map(random.normal([n, z.size(1)]).to(z.device), condition: condition))
      let mask = crossovers.flatMap { places in (0..<layers).map { $0 >= places[latent - 1] ? 1.0 : 0 } }
      styles = .choose(
        Tensor([0.5], shape: [1, 1, 1], device: z.device).isLess(
          than: Tensor(mask, shape: [n, layers, 1], device: z.device)), other, styles)
    }
    return styles
  }
}

/// Real images in the order of a training, processed for the growth of the network.
public final class RealImages {
  private let dataset: any ImageDataset
  private let growth: Growth
  private let seed: UInt64
  private let device: Device
  private var loader: BatchLoader?

  /// Images of a data set. Each epoch has another order.
  public init(dataset: any ImageDataset, growth: Growth, seed: UInt64, device: Device = .cpu) {
    (self.dataset, self.growth, self.seed, self.device) = (dataset, growth, seed, device)
  }

  /// `[range.count, C, r, r]`, C = 1 or 3, 0…255 in whole numbers.
  /// - Throws: errors of reading.
  public func images(_ range: Range<Int>) throws -> Tensor {
    if loader?.position != range.lowerBound { loader = BatchLoader(dataset, seed: seed, startingAt: range.lowerBound) }
    let batch = try loader!.next(range.count)
    let images = batch.tensor(channels: dataset.channels, resolution: dataset.resolution, device: device)
    return growth.prepared(images).quantized().shown()
  }
}

extension Tensor {
  /// Bytes as metrics see them: float32, composited on white if there is alpha, rounded.
  fileprivate func shown() -> Tensor {
    size(1) == 4 ? (onWhite() + 0.5).to(.uint8).to(.float32) : to(.float32)
  }
}
