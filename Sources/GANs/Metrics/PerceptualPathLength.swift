import Torch

/// Perceptual path length (StyleGAN §4.1): E[d(G(a), G(b))/ε²] for points ε apart on a path between two random latents.
/// It is small where small steps in latent space change the image little.
///
/// In Z the path is an arc (slerp), in W a straight line between f(z₁) and f(z₂). Both images of a pair have the same
/// noise; there is no truncation; the mean excludes the lowest and highest 1 % of values. d is the squared distance of a
/// detector's perceptual features (LPIPS with VGG16).
public struct PerceptualPathLength: Sendable {
  /// The space of the paths.
  public enum Space: String, Sendable, CaseIterable { case z, w }
  /// The positions t on a path.
  public enum Sampling: String, Sendable, CaseIterable {
    /// t ~ U(0, 1)
    case full
    /// t = 0: at latents of the usual distribution.
    case end
  }

  /// The space of the paths.
  public var space: Space
  /// The positions t on a path.
  public var sampling: Sampling
  /// The number of pairs; 100,000 in the paper.
  public var samples: Int
  /// ε
  public var epsilon = 1e-4
  /// Whether to compare only rows 3/8…7/8 and columns 2/8…6/8, for aligned faces.
  public var cropsFaces = false
  /// Fixes latents and noise.
  public var seed: UInt64
  /// Pairs per batch.
  var batch = 32

  /// A measure of `samples` pairs.
  public init(space: Space, sampling: Sampling, samples: Int = 100_000, seed: UInt64 = 0) {
    (self.space, self.sampling, self.samples, self.seed) = (space, sampling, samples, seed)
  }

  /// d(G(a), G(b))/ε² for each pair.
  /// - Parameters:
  ///   - generator: in float32; the rounding error of bfloat16 is larger than the step.
  ///   - perceptual: images `[N, C, H, W]`, 0…255 unrounded, → features `[N, p]`; their squared distance is d.
  /// - Throws: errors of `perceptual`.
  public func distances(
    _ generator: LatentGenerator, perceptual: (Tensor) throws -> Tensor, progress: (Int) -> Void = { _ in }
  ) throws -> [Double] {
    var values: [Double] = []
    for range in chunks(samples, of: batch) {
      let count = range.count
      let random = RandomStream(seed: seed &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(range.lowerBound + 1))
      let z = random.normal([2, count, generator.zSize], dtype: .float64)
      let t = sampling == .full ? random.uniform([count, 1], dtype: .float64) : .zeros([count, 1], dtype: .float64)
      let condition = generator.condition(count, random).map { Condition.joined([$0, $0]) }
      let w = pair(z[0], z[1], t, condition, generator)
      let images = try withoutGradients { () throws -> Tensor in
        let images = generator.synthesis(w, condition, random, 2)
        return try perceptual(prepared((images + 1) * 127.5))
      }
      let difference = images[0..<count].to(.float64) - images[count..<2 * count].to(.float64)
      values += (difference.squared().sum(over: [1]) / (epsilon * epsilon)).doubles
      progress(values.count)
    }
    return values
  }

  /// The inputs of synthesis at t (first half of the rows) and at t + ε.
  private func pair(
    _ z1: Tensor, _ z2: Tensor, _ t: Tensor, _ condition: Condition?, _ generator: LatentGenerator
  ) -> Tensor {
    func map(_ z: Tensor) -> Tensor {
      let z = z.to(.float32).to(generator.device)
      return generator.mapping?(z, condition) ?? z
    }
    switch space {
    case .z:
      // The sphere of radius √d, as after pixel norm.
      let radius = Double(generator.zSize).squareRoot()
      return map(.concatenated([z1.slerp(to: z2, t) * radius, z1.slerp(to: z2, t + epsilon) * radius]))
    case .w:
      let w = map(.concatenated([z1, z2])).to(.cpu).to(.float64)
      let (a, b) = (w[0..<z1.size(0)], w[z1.size(0)..<w.size(0)])
      let points = Tensor.concatenated([a + (b - a) * t, a + (b - a) * (t + epsilon)])
      return points.to(.float32).to(generator.device)
    }
  }

  /// Composites on white, crops faces where required, and reduces the height to at most 256 pixels.
  private func prepared(_ images: Tensor) -> Tensor {
    var x = images.onWhite()
    if cropsFaces {
      let c = x.size(2) / 8
      x = x.sliced(c * 3..<c * 7, along: 2).sliced(c * 2..<c * 6, along: 3)
    }
    let factor = x.size(2) / 256
    return factor > 1 ? x.averagePooled(by: factor) : x
  }

  /// The mean of the values from the 1st to the 99th percentile, inclusive; the percentiles are rounded outward to values.
  public static func trimmedMean(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "a mean of nothing")
    let sorted = values.sorted()
    let last = Double(sorted.count - 1)
    let kept = sorted[Int((0.01 * last).rounded(.down))...Int((0.99 * last).rounded(.up))]
    return kept.reduce(0, +) / Double(kept.count)
  }
}
