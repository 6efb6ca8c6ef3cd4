import Torch

/// The kernel inception distance (Bińkowski et al. 2018): the unbiased squared maximum mean discrepancy with the kernel
/// k(x, y) = (x·y/d + 1)³, averaged over random subsets.
public struct KernelDistance: Sendable {
  /// The number of subsets.
  public var subsets = 100
  /// The size of a subset, drawn without replacement; all features if there are fewer.
  public var subsetSize = 1000
  /// Fixes the subsets.
  public var seed: UInt64

  /// The usual settings: 100 subsets of 1,000.
  public init(seed: UInt64 = 0) { self.seed = seed }

  /// Measures the distance of two sets of features.
  /// - Parameters:
  ///   - real: returns the features of rows, `[rows, d]`.
  ///   - fake: the same for the fakes.
  /// - Returns: the mean over subsets, near 0 for equal distributions (it may be negative).
  public func callAsFunction(
    realCount: Int, fakeCount: Int, real: ([Int]) throws -> Tensor, fake: ([Int]) throws -> Tensor,
    progress: (Double) -> Void = { _ in }
  ) rethrows -> Double {
    let size = min(subsetSize, realCount, fakeCount)
    precondition(size > 1, "a kernel distance of \(size) features")
    let random = RandomStream(seed: seed)
    var total = 0.0
    for subset in 0..<subsets {
      let x = try real(Self.draw(size, of: realCount, random))
      total += Self.discrepancy(x, try fake(Self.draw(size, of: fakeCount, random)))
      progress(Double(subset + 1) / Double(subsets))
    }
    return total / Double(subsets)
  }

  /// The unbiased estimate of the squared discrepancy of two sets of equal size, `[m, d]` each:
  /// Σ_{i≠j} (k(xᵢ, xⱼ) + k(yᵢ, yⱼ))/(m(m − 1)) − 2 Σ k(xᵢ, yⱼ)/m².
  public static func discrepancy(_ x: Tensor, _ y: Tensor) -> Double {
    withoutGradients {
      let (x, y) = (x.to(.float64), y.to(.float64))
      let (m, d) = (Double(x.size(0)), Double(x.size(1)))
      func cube(_ t: Tensor) -> Tensor { t.squared() * t }
      func within(_ t: Tensor) -> Double {
        let diagonal = cube(t.squared().sum(over: [1]) / d + 1).sum().item
        return (cube(t.matmul(t.transposed) / d + 1).sum().item - diagonal) / (m * (m - 1))
      }
      return within(x) + within(y) - 2 * cube(x.matmul(y.transposed) / d + 1).mean().item
    }
  }

  /// `count` distinct numbers below `total`, ascending.
  static func draw(_ count: Int, of total: Int, _ random: RandomStream) -> [Int] {
    if count == total { return Array(0..<total) }
    // Floyd's algorithm: each set is equally likely.
    var chosen: Set<Int> = []
    let draws = random.uniform([count], dtype: .float64).doubles
    for (i, last) in (total - count..<total).enumerated() {
      let pick = min(Int(draws[i] * Double(last + 1)), last)
      if !chosen.insert(pick).inserted { chosen.insert(last) }
    }
    return chosen.sorted()
  }
}
