import Torch

/// A distance between images; a projection minimizes it. A perceptual distance of detector features can conform too.
public protocol ImageDistance {
  /// Distances of pairs, differentiable.
  /// - Parameters:
  ///   - a: `[N, C, r, r]`, nominally −1…1.
  ///   - b: the same shape.
  /// - Returns: `[N]`, 0 for equal images.
  func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor
}

/// Differences of pixels at every scale: the mean over levels k of mean (Gₖ)² + λ·mean |Lₖ|. It needs no detector.
///
/// G₀ = a − b, Gₖ₊₁ is Gₖ averaged over 2×2 pixels, down to 4×4; Lₖ = Gₖ − upsample(Gₖ₊₁) is a level of a Laplacian
/// pyramid (Burt & Adelson 1983, with a box for the Gaussian). Coarse levels compare positions, fine levels texture. The
/// gradient of |L| stays large where that of the squares becomes small. Colors are weighted by alpha, if there is one.
public struct PyramidDistance: ImageDistance {
  /// λ
  public var detail: Double

  /// A distance with λ = `detail`.
  public init(detail: Double = 0.05) { self.detail = detail }

  /// Distances of pairs, `[N]`.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    var level = a.alphaWeighted() - b.alphaWeighted()
    var sum: Tensor?
    var count = 0.0
    while true {
      let squares = level.squared().mean(over: [1, 2, 3])
      sum = sum.map { $0 + squares } ?? squares
      count += 1
      guard level.size(3) >= 8, level.size(3) % 2 == 0 else { return sum! / count }
      let coarser = level.averagePooled()
      sum = sum! + (level - coarser.upsampledNearest()).magnitude().mean(over: [1, 2, 3]) * detail
      level = coarser
    }
  }
}

/// The peak signal-to-noise ratio in dB: 10·log₁₀(255²/MSE) after rounding to 0…255, as in image files. Colors are weighted
/// by alpha, if there is one.
/// - Parameters:
///   - a: `[N, C, r, r]`, nominally −1…1.
///   - b: the same shape.
/// - Returns: one number per pair; infinite for equal images.
public func peakSignalToNoiseRatio(_ a: Tensor, _ b: Tensor) -> [Double] {
  let (x, y) = (a.alphaWeighted().quantized(), b.alphaWeighted().quantized())
  let error = (x.to(.float32) - y.to(.float32)).squared().mean(over: [1, 2, 3])
  return ((error / (255.0 * 255)).log() * (-10 / 2.302_585_092_994_046)).doubles
}
