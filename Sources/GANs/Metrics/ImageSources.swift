import Datasets
import Torch

// Where a metric's images come from. Both kinds are rounded to 256 values, as files are, and any range can be asked for
// again.

/// Pictures of a generator from random latents: without truncation, with fresh noise, as metrics are defined; with the
/// black border that its training data has lost.
public struct GeneratedImages {
  private let generator: any Generator
  private let growth: Growth
  private let compute: Compute
  private let seed: UInt64
  private let z: Tensor

  /// `count` pictures, fixed by `seed`.
  public init(
    generator: any Generator, growth: Growth, count: Int, seed: UInt64, compute: Compute = .default
  ) {
    self.generator = generator
    self.growth = growth
    self.compute = compute
    self.seed = seed
    z = RandomStream(seed: seed).normal([count, generator.architecture.zSize])
  }

  /// `[range.count, C, r, r]`, 0…255 in whole numbers.
  public func images(_ range: Range<Int>) -> Tensor {
    // The noise follows from where a chunk begins: the same range has the same pictures in every pass.
    let at = 32
    return .concatenated(
      stride(from: range.lowerBound, to: range.upperBound, by: at).map { start in
        let part = start..<min(start + at, range.upperBound)
        let noise = RandomStream(seed: seed &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(start + 1))
        let images = generator.images(
          z[part].to(generator.store.device), truncation: .none, noise: .random(noise), growth: growth, compute)
        return quantized(images.bordered(by: generator.architecture.border))
      })
  }
}

/// Real images in the order in which training would show them, as the network sees them at its growth.
public final class RealImages {
  private let dataset: any ImageDataset
  private let growth: Growth
  private let seed: UInt64
  private let device: Device
  private var loader: BatchLoader?

  /// Images of a data set; after its end it starts anew in another order.
  public init(dataset: any ImageDataset, growth: Growth, seed: UInt64, device: Device = .cpu) {
    self.dataset = dataset
    self.growth = growth
    self.seed = seed
    self.device = device
  }

  /// `[range.count, C, r, r]`, 0…255 in whole numbers.
  /// - Throws: what reading throws.
  public func images(_ range: Range<Int>) throws -> Tensor {
    if loader?.position != range.lowerBound {
      loader = BatchLoader(dataset, seed: seed, startingAt: range.lowerBound)
    }
    let batch = try loader!.next(range.count)
    return quantized(
      growth.prepared(batch.tensor(channels: dataset.channels, resolution: dataset.resolution, device: device)))
  }
}

/// −1…1 → 0…255, rounded and clipped.
private func quantized(_ images: Tensor) -> Tensor {
  // Half a step is added because conversion to integers cuts off.
  (images * 127.5 + 128).clamped(minimum: 0, maximum: 255).to(.uint8).to(.float32)
}
