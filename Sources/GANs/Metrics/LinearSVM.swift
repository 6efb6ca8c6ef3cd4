import Torch

/// A linear support vector machine with squared hinge loss, as in liblinear: w minimizes
/// ½‖w‖² + C Σᵢ max(0, 1 − yᵢ w·xᵢ)²; each x has a 1 appended for the bias.
///
/// The problem is strictly convex, so every solver finds the same solution. This one is Newton's method on the primal
/// problem until convergence (Keerthi & DeCoste 2005); it is deterministic.
public struct LinearSVM: Sendable {
  /// The weights and, last, the bias.
  public let weights: [Double]
  /// The number of Newton steps.
  public let iterations: Int
  /// ‖∇‖ at the end, relative to the start.
  public let residual: Double

  /// Fits the machine.
  /// - Parameters:
  ///   - x: `[N, d]`
  ///   - labels: whether each row belongs to the positive class.
  ///   - c: C, the weight of the loss.
  public init(_ x: Tensor, labels: [Bool], c: Double = 1, tolerance: Double = 1e-9, limit: Int = 100) {
    precondition(x.size(0) == labels.count, "\(labels.count) labels for \(x.size(0)) rows")
    let problem = Problem(x: x, signs: labels.map { $0 ? 1 : -1 }, c: c)
    var w = Tensor.zeros([x.size(1) + 1, 1], dtype: .float64)
    var state = problem.state(w)
    let start = max(state.gradient.squared().sum().item.squareRoot(), 1e-300)
    var (steps, residual) = (0, 1.0)
    while steps < limit && residual > tolerance {
      let step = problem.hessian(w).solving(state.gradient) * -1
      let slope = (step * state.gradient).sum().item
      // Backtracking: the step is halved until the value decreases enough.
      var (share, next) = (1.0, problem.state(w + step))
      while next.value > state.value + 1e-4 * share * slope && share > 1e-10 {
        share /= 2
        next = problem.state(w + step * share)
      }
      steps += 1
      guard share > 1e-10 else { break }
      w = w + step * share
      state = next
      residual = state.gradient.squared().sum().item.squareRoot() / start
    }
    (weights, iterations, self.residual) = (w.doubles, steps, residual)
  }

  /// Whether each row of x, `[N, d]`, is on the positive side.
  public func predictions(_ x: Tensor) -> [Bool] {
    let w = Tensor(weights, shape: [weights.count, 1], dtype: .float64)
    return chunks(x.size(0), of: Problem.chunk).flatMap { Problem.rows(x, $0).matmul(w).doubles.map { $0 > 0 } }
  }

  private struct Problem {
    let x: Tensor
    let signs: [Double]
    let c: Double

    static let chunk = 16_384

    /// Some rows in float64 with an appended 1.
    static func rows(_ x: Tensor, _ range: Range<Int>) -> Tensor {
      .concatenated([x[range].to(.float64), .ones([range.count, 1], dtype: .float64)], along: 1)
    }

    private func margins(_ range: Range<Int>, _ rows: Tensor, _ w: Tensor) -> (y: Tensor, loss: Tensor) {
      let y = Tensor(Array(signs[range]), shape: [range.count, 1], dtype: .float64)
      return (y, (1 - y * rows.matmul(w)).relu())
    }

    /// The objective and its gradient w − 2C Σ yᵢ max(0, 1 − yᵢ w·xᵢ) xᵢ, `[d + 1, 1]`.
    func state(_ w: Tensor) -> (value: Double, gradient: Tensor) {
      var value = w.squared().sum().item / 2
      var gradient = w
      for range in chunks(x.size(0), of: Self.chunk) {
        let rows = Self.rows(x, range)
        let (y, loss) = margins(range, rows, w)
        value += c * loss.squared().sum().item
        gradient = gradient - rows.transposed.matmul(y * loss) * (2 * c)
      }
      return (value, gradient)
    }

    /// The generalized Hessian I + 2C Σ xᵢxᵢᵀ over rows with a positive loss, `[d + 1, d + 1]`.
    func hessian(_ w: Tensor) -> Tensor {
      let size = w.size(0)
      var diagonal = [Double](repeating: 0, count: size * size)
      for i in 0..<size { diagonal[i * size + i] = 1 }
      var sum = Tensor(diagonal, shape: [size, size], dtype: .float64)
      for range in chunks(x.size(0), of: Self.chunk) {
        let rows = Self.rows(x, range)
        let active = margins(range, rows, w).loss.doubles.enumerated().filter { $0.element > 0 }.map(\.offset)
        guard !active.isEmpty else { continue }
        let part = rows.gathered(Tensor(active), along: 0)
        sum = sum + part.transposed.matmul(part) * (2 * c)
      }
      return sum
    }
  }
}
