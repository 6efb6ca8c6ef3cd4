import Torch

/// Precision and recall of a set of fakes by nearest-neighbor manifolds (Kynkäänniemi et al. 2019).
///
/// A set's manifold is the union of balls around its features; each radius is the distance to the k-th nearest other
/// feature of the set. Precision (quality) is the share of fakes in the manifold of the reals, recall (diversity) the share
/// of reals in the manifold of the fakes.
public struct PrecisionRecall: Sendable {
  /// k
  public var neighbors = 3
  /// Rows and columns of a block of distances.
  private let block: Int

  /// With k = 3, as in the paper.
  public init(block: Int = 4096) { self.block = block }

  /// Some features of a set, `[range.count, d]`.
  public typealias Source = (Range<Int>) throws -> Tensor

  /// Measures both shares. It holds two blocks of features in memory.
  /// - Returns: precision and recall, 0…1.
  public func callAsFunction(
    realCount: Int, fakeCount: Int, real: Source, fake: Source, progress: (Double) -> Void = { _ in }
  ) rethrows -> (precision: Double, recall: Double) {
    precondition(min(realCount, fakeCount) > neighbors, "a manifold needs more than \(neighbors) features")
    let rows = Double(2 * realCount + 2 * fakeCount)
    var done = 0
    func step(_ count: Int) {
      done += count
      progress(Double(done) / rows)
    }
    let precision = try share(of: fake, fakeCount, in: real, realCount, step)
    return (precision, try share(of: real, realCount, in: fake, fakeCount, step))
  }

  private func share(
    of points: Source, _ pointCount: Int, in set: Source, _ setCount: Int, _ step: (Int) -> Void
  ) rethrows -> Double {
    var inside = [Bool](repeating: false, count: pointCount)
    // Subtracting a common center keeps squares small: differences of large squares would lose digits.
    let center = try set(0..<min(block, setCount)).to(.float32).mean(over: [0], keepingDimensions: true)
    for rows in chunks(setCount, of: block) {
      let part = try set(rows).to(.float32) - center
      // The k + 1 smallest distances so far: the nearest feature is the feature itself.
      var nearest: Tensor?
      for columns in chunks(setCount, of: block) {
        let distances = Self.squaredDistances(part, try set(columns).to(.float32) - center)
        let kept = min(neighbors + 1, columns.count)
        let smallest = Tensor.stacked((1...kept).map { distances.smallest($0) }, along: 1)
        nearest = nearest.map { .concatenated([$0, smallest], along: 1).sorted() } ?? smallest
        nearest = nearest!.sliced(0..<min(neighbors + 1, nearest!.size(1)), along: 1)
      }
      let radii = nearest!.selected(neighbors, along: 1).unsqueezed(at: 1)  // squared, [rows, 1]
      for columns in chunks(pointCount, of: block) {
        let distances = Self.squaredDistances(part, try points(columns).to(.float32) - center)
        // distance ≤ radius is computed as not (radius < distance).
        let outside = radii.isLess(than: distances).to(.uint8).minimum(over: [0]).integers
        for (i, far) in outside.enumerated() where far == 0 { inside[columns.lowerBound + i] = true }
      }
      step(2 * rows.count)
    }
    return Double(inside.count { $0 }) / Double(pointCount)
  }

  /// ‖aᵢ − bⱼ‖², `[n, m]`.
  private static func squaredDistances(_ a: Tensor, _ b: Tensor) -> Tensor {
    let products = a.matmul(b.transposed) * -2
    return products + a.squared().sum(over: [1], keepingDimensions: true) + b.squared().sum(over: [1])
  }
}
