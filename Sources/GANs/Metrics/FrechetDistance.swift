import Torch

/// Mean and covariance of batches of features, in float64. Memory is proportional to d², independent of the number of
/// features.
public struct FeatureStatistics {
  /// Features added so far.
  public private(set) var count = 0
  private let shift: Tensor
  private var sum: Tensor
  private var products: Tensor

  /// Empty statistics.
  /// - Parameter first: some of the features, `[N, d]`; sums are of differences to their mean, to avoid cancellation.
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

/// The Fréchet distance of two normal distributions: ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) (Heusel et al. 2017); with
/// Inception features it is the FID.
///
/// For any A Aᵀ = Σ₁, B Bᵀ = Σ₂, Tr (Σ₁Σ₂)^½ is the sum of the singular values of AᵀB, since (AᵀB)(AᵀB)ᵀ = Aᵀ Σ₂ A has
/// the eigenvalues of Σ₁Σ₂. The factors are Cholesky factors; for a singular covariance (fewer samples than features) they
/// come from its eigendecomposition. So no imaginary part can appear.
/// - Parameters:
///   - mean1: μ₁, `[d]`
///   - covariance1: Σ₁, `[d, d]`, symmetric and positive semidefinite.
/// - Returns: 0 or more.
public func frechetDistance(mean1: Tensor, covariance1: Tensor, mean2: Tensor, covariance2: Tensor) -> Double {
  withoutGradients {
    let distance = (mean1 - mean2).to(.float64).squared().sum().item
    let (a, b) = (factor(covariance1.to(.float64)), factor(covariance2.to(.float64)))
    let traces = a.squared().sum().item + b.squared().sum().item
    let value = distance + traces - 2 * a.transposed.matmul(b).singularValues().sum().item
    // Not max(0, value), which returns 0 for NaN.
    return value < 0 ? 0 : value
  }
}

/// The Fréchet distance of two sets of features.
public func frechetDistance(_ a: FeatureStatistics, _ b: FeatureStatistics) -> Double {
  frechetDistance(mean1: a.mean, covariance1: a.covariance, mean2: b.mean, covariance2: b.covariance)
}

/// A `[d, rank]` with A Aᵀ = Σ: the Cholesky factor where Σ is positive definite (20 times as fast), else eigenvectors
/// times √λ, without those of λ = 0.
private func factor(_ covariance: Tensor) -> Tensor {
  let symmetric = (covariance + covariance.transposed) / 2
  if let triangle = symmetric.choleskyFactor() { return triangle }
  let (values, vectors) = symmetric.symmetricEigen()
  let (size, lambda) = (values.size(0), values.doubles)
  let floor = (lambda.last ?? 0) * Double(size) * 1e-16
  let first = min(lambda.firstIndex { $0 > floor } ?? size - 1, size - 1)
  let roots = values[first..<size].clamped(minimum: 0, maximum: .infinity).squareRoot()
  return vectors.sliced(first..<size, along: 1) * roots
}
