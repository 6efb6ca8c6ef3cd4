import Torch

/// Multi-scale structural similarity of pairs of images (Wang et al. 2003). For pairs of generated images a value near 1
/// shows mode collapse (Odena et al. 2017, PGGAN §5).
///
/// At each of five scales, contrast and structure are cs = (2σ_xy + C₂)/(σ_x² + σ_y² + C₂) in Gaussian windows of 11×11
/// pixels, σ = 1.5 (smaller in proportion for small images), without padding; 2×2 averages lead to the next scale. The
/// result is Π cs_j^w_j · ssim_5^w_5 with the weights of the paper; negative cs become 0. Pixels are 0…255.
public enum MultiScaleSimilarity {
  static let weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// The similarity of each pair.
  /// - Parameters:
  ///   - a: `[N, C, r, r]`, 0…255, r at least 16.
  ///   - b: the same shape.
  /// - Returns: `[N]`, float64, at most 1, averaged over positions and channels.
  public static func similarity(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape && a.size(3) >= 16, "pairs of \(a.shape) and \(b.shape)")
    return withoutGradients {
      var (x, y) = (a.to(.float64), b.to(.float64))
      var result: Tensor?
      for (level, weight) in weights.enumerated() {
        if level > 0 { (x, y) = (x.averagePooled(), y.averagePooled()) }
        let isLast = level == weights.count - 1
        let (similarity, contrast) = structure(x, y)
        let factor = (isLast ? similarity : contrast).clamped(minimum: 0, maximum: 1).power(weight)
        result = result.map { $0 * factor } ?? factor
      }
      return result!
    }
  }

  /// The means over each image's windows of ssim, and of cs, its part without luminance.
  private static func structure(_ x: Tensor, _ y: Tensor) -> (similarity: Tensor, contrast: Tensor) {
    let (c1, c2) = (0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255)
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    let size = min(11, h)
    let deviation = 1.5 * Double(size) / 11
    let places = Tensor((0..<size).map { Double($0) - Double(size - 1) / 2 }, shape: [size], dtype: .float64)
    let bell = (places.squared() / (-2 * deviation * deviation)).exp()
    let taps = bell / bell.sum().item
    func blurred(_ t: Tensor) -> Tensor {
      t.reshaped([n * c, 1, h, w]).conv2d(taps.reshaped([1, 1, size, 1])).conv2d(taps.reshaped([1, 1, 1, size]))
    }
    let (mx, my) = (blurred(x), blurred(y))
    let (vx, vy) = (blurred(x * x) - mx * mx, blurred(y * y) - my * my)
    let contrast = (2 * (blurred(x * y) - mx * my) + c2) / (vx + vy + c2)
    let similarity = contrast * (2 * mx * my + c1) / (mx * mx + my * my + c1)
    func mean(_ t: Tensor) -> Tensor { t.reshaped([n, -1]).mean(over: [1]) }
    return (mean(similarity), mean(contrast))
  }
}
