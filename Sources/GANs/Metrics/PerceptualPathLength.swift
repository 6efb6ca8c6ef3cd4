import Torch

/// Perceptual path length (StyleGAN §4.1): E[d(G(a), G(b))/ε²] for points ε apart on a path between two random latents.
/// Short where a small step in latent space is a small step for the eye.
///
/// In Z the path is an arc (slerp), in W a straight line between f(z₁) and f(z₂). Both images of a pair have the same
/// noise; nothing is truncated; the mean leaves out the lowest and highest 1 % of values. d is the squared distance of a
/// detector's perceptual features (LPIPS where it is VGG16).
public struct PerceptualPathLength: Sendable {
  /// Where paths run.
  public enum Space: String, Sendable, CaseIterable { case z, w }
  /// Which places of a path count.
  public enum Sampling: String, Sendable, CaseIterable {
    /// t ~ U(0, 1)
    case full
    /// t = 0: near the latents that are really drawn.
    case end
  }

  /// Where paths run.
  public var space: Space
  /// Which places of a path count.
  public var sampling: Sampling
  /// Pairs; the paper takes 100,000.
  public var samples: Int
  /// ε
  public var epsilon = 1e-4
  /// For aligned faces: compare only rows 3/8…7/8 and columns 2/8…6/8.
  public var cropsFaces = false
  /// Fixes latents and noise.
  public var seed: UInt64
  /// Pairs at once.
  var batch = 32

  /// A measure of `samples` pairs.
  public init(space: Space, sampling: Sampling, samples: Int = 100_000, seed: UInt64 = 0) {
    (self.space, self.sampling, self.samples, self.seed) = (space, sampling, samples, seed)
  }

  /// d(G(a), G(b))/ε² for each pair.
  /// - Parameters:
  ///   - generator: in float32; rounding to bfloat16 would be larger than the step.
  ///   - perceptual: features of images `[N, C, H, W]`, 0…255 unrounded, whose squared distance is d: `[N, p]`.
  /// - Throws: what `perceptual` throws.
  public func distances(
    _ generator: LatentGenerator, perceptual: (Tensor) throws -> Tensor, progress: (Int) -> Void = { _ in }
  ) throws -> [Double] {
    var values: [Double] = []
    for start in stride(from: 0, to: samples, by: batch) {
      let count = min(batch, samples - start)
      let random = RandomStream(seed: seed &+ 0x9e37_79b9_7f4a_7c15 &* UInt64(start + 1))
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

  /// What synthesis takes at t (first half of the rows) and at t + ε.
  private func pair(
    _ z1: Tensor, _ z2: Tensor, _ t: Tensor, _ condition: Condition?, _ generator: LatentGenerator
  ) -> Tensor {
    func map(_ z: Tensor) -> Tensor {
      let z = z.to(.float32).to(generator.device)
      return generator.mapping?(z, condition) ?? z
    }
    switch space {
    case .z:
      // On the sphere of radius √d, where pixel norm brings z too.
      let radius = Double(generator.zSize).squareRoot()
      return map(.concatenated([z1.slerp(to: z2, t) * radius, z1.slerp(to: z2, t + epsilon) * radius]))
    case .w:
      let w = map(.concatenated([z1, z2])).to(.cpu).to(.float64)
      let (a, b) = (w[0..<z1.size(0)], w[z1.size(0)..<w.size(0)])
      let points = Tensor.concatenated([a + (b - a) * t, a + (b - a) * (t + epsilon)])
      return points.to(.float32).to(generator.device)
    }
  }

  /// Cropped where asked, and at most 256 pixels high.
  private func prepared(_ images: Tensor) -> Tensor {
    var x = images
    if cropsFaces {
      let c = x.size(2) / 8
      x = x.sliced(c * 3..<c * 7, along: 2).sliced(c * 2..<c * 6, along: 3)
    }
    let factor = x.size(2) / 256
    return factor > 1 ? x.averagePooled(by: factor) : x
  }

  /// The mean of the values from the 1st to the 99th percentile, both included; the percentiles are values themselves
  /// (the next lower and the next higher one).
  public static func trimmedMean(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "a mean of nothing")
    let sorted = values.sorted()
    let last = Double(sorted.count - 1)
    let kept = sorted[Int((0.01 * last).rounded(.down))...Int((0.99 * last).rounded(.up))]
    return kept.reduce(0, +) / Double(kept.count)
  }
}
