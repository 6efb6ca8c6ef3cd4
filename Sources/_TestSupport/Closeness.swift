import Testing
import Torch

/// Expects two tensors to agree: shapes equal, and max|a − b| ≤ relative · max(1, max|b|) where `b` is expected.
///
/// Reports the worst element with its place.
/// - Parameters:
///   - relative: the tolerance, as a share of the largest expected magnitude.
///   - absolute: a floor, for expected values that are all tiny.
public func expectClose(
  _ found: Tensor, _ expected: Tensor, relative: Double = 1e-5, absolute: Double = 0, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.shape == expected.shape else {
    Issue.record("\(what): shape \(found.shape), not \(expected.shape)", sourceLocation: sourceLocation)
    return
  }
  let (a, b) = (found.doubles, expected.doubles)
  let scale = b.reduce(0) { max($0, abs($1)) }
  let tolerance = max(absolute, relative * scale)
  var worst = (error: -1.0, index: 0)
  for i in a.indices {
    let error = a[i].isNaN || b[i].isNaN ? .infinity : abs(a[i] - b[i])
    if error > worst.error { worst = (error, i) }
  }
  if worst.error > tolerance {
    Issue.record(
      "\(what): \(a[worst.index]) at \(worst.index) of \(found.shape), not \(b[worst.index]): error \(worst.error), allowed \(tolerance)",
      sourceLocation: sourceLocation)
  }
}

/// The largest error of `found`, relative to the largest magnitude of `expected`.
public func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
  let (a, b) = (found.doubles, expected.doubles)
  let scale = b.reduce(1e-300) { max($0, abs($1)) }
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}
