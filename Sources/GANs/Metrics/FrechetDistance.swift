import Torch

/// Mean and covariance of features that come in batches, in float64: memory grows with the features' size squared, not
/// with their number.
public struct FeatureStatistics {
  /// Features added so far.
  public private(set) var count = 0
  private let shift: Tensor
  private var sum: Tensor
  private var products: Tensor

  /// Statistics of no features yet.
  /// - Parameter first: some of the features, `[N, d]`; sums are taken around their mean, which keeps them exact.
  public init(like first: Tensor) {
    let size = first.size(1)
    shift = first.to(.float64).mean(over: [0], keepingDimensions: true)
    sum = .zeros([1, size], dtype: .float64)
    products = .zeros([size, size], dtype: .float64)
  }

  /// Adds features, `[N, d]`.
  public mutating func add(_ features: Tensor) {
    let x = features.to(.float64) - shift
    sum = sum + x.sum(over: [0], keepingDimensions: true)
    products = products + x.transposed.matmul(x)
    count += features.size(0)
  }

  /// μ, `[d]`, float64.
  public var mean: Tensor { (shift + sum / Double(count)).reshaped([-1]) }

  /// Σ, `[d, d]`, float64, divided by n − 1.
  public var covariance: Tensor {
    precondition(count > 1, "a covariance of \(count) features")
    return (products - sum.transposed.matmul(sum) / Double(count)) / Double(count - 1)
  }
}

/// The Fréchet distance of two normal distributions: ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) (Heusel et al. 2017); of
/// Inception features it is FID.
///
/// For any A Aᵀ = Σ₁, B Bᵀ = Σ₂, Tr (Σ₁Σ₂)^½ is the sum of the singular values of AᵀB, since (AᵀB)(AᵀB)ᵀ = Aᵀ Σ₂ A has
/// the eigenvalues of Σ₁Σ₂. The factors are Cholesky's with pivoting, so nothing imaginary can appear, and singular
/// covariances (fewer samples than features) need no special case and are the faster for it.
/// - Parameters:
///   - mean1: μ₁, `[d]`
///   - covariance1: Σ₁, `[d, d]`, symmetric and positive semidefinite.
/// - Returns: 0 or more.
public func frechetDistance(
  mean1: Tensor, covariance1: Tensor, mean2: Tensor, covariance2: Tensor
) -> Double {
  withoutGradients {
    let distance = (mean1 - mean2).to(.float64).squared().sum().item
    let (a, b) = (pivotedCholesky(covariance1), pivotedCholesky(covariance2))
    let traces = a.squared().sum().item + b.squared().sum().item
    let value = distance + traces - 2 * a.matmul(b.transposed).singularValues().sum().item
    // Not max(), which makes 0 of what is no number.
    return value < 0 ? 0 : value
  }
}

/// The Fréchet distance of two sets of features.
public func frechetDistance(_ a: FeatureStatistics, _ b: FeatureStatistics) -> Double {
  frechetDistance(mean1: a.mean, covariance1: a.covariance, mean2: b.mean, covariance2: b.covariance)
}

/// Rows R `[rank, d]` with RᵀR = Σ: Cholesky's factor, each row for the feature with the largest variance that is left, to
/// the end of what rounding has left of Σ (Higham 2002, §10.3). Products of 128 rows are subtracted at once.
/// - Parameter covariance: `[d, d]`, symmetric and positive semidefinite.
package func pivotedCholesky(_ covariance: Tensor) -> Tensor {
  var rest = covariance.to(.float64).to(.cpu)
  let size = rest.size(0)
  var variances = (0..<size).map { rest[$0].doubles[$0] }
  let floor = (variances.max() ?? 0) * Double(size) * 2.2e-16
  var blocks: [Tensor] = []
  while true {
    var block: [Double] = []
    while block.count < 128 * size, let pivot = variances.indices.max(by: { variances[$0] < variances[$1] }),
      variances[pivot] > floor
    {
      var row = rest[pivot].doubles
      let root = variances[pivot].squareRoot()
      block.withUnsafeBufferPointer { block in
        row.withUnsafeMutableBufferPointer { row in
          for start in stride(from: 0, to: block.count, by: size) {
            let factor = block[start + pivot]
            for i in 0..<size { row[i] -= factor * block[start + i] }
          }
          // Where a row has been before, nothing but rounding is left.
          for i in 0..<size { row[i] = variances[i] == -.infinity ? 0 : row[i] / root }
        }
      }
      row[pivot] = root
      for i in 0..<size { variances[i] -= row[i] * row[i] }
      variances[pivot] = -.infinity
      block += row
    }
    guard !block.isEmpty else { break }
    let rows = Tensor(block, shape: [block.count / size, size], dtype: .float64)
    rest = rest - rows.transposed.matmul(rows)
    blocks.append(rows)
  }
  return blocks.isEmpty ? .zeros([1, size], dtype: .float64) : .concatenated(blocks)
}
