import Foundation
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

/// Compares many tensors, and remembers the worst relative error of all.
///
/// With `STYLEGAN_PRINT_ERRORS` in the environment, ``report()`` prints it: what a tolerance is measured by.
public final class Comparison {
  private let name: String
  private let relative: Double
  private var worst = (error: 0.0, what: "")

  /// A comparison called `name`, in which errors up to `relative` are allowed.
  public init(_ name: String, relative: Double = 1e-5) {
    self.name = name
    self.relative = relative
  }

  /// Expects two tensors to agree, as ``expectClose(_:_:relative:absolute:_:sourceLocation:)`` does.
  public func callAsFunction(
    _ found: Tensor, _ expected: Tensor, _ what: String, relative: Double? = nil, absolute: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      found, expected, relative: relative ?? self.relative, absolute: absolute, "\(name), \(what)",
      sourceLocation: sourceLocation)
    guard found.shape == expected.shape else { return }
    // Where nothing but zeros is expected, an error has no relation; `expectClose` has judged it.
    guard expected.doubles.contains(where: { abs($0) > absolute }) else { return }
    let error = relativeError(found, expected)
    if !(error <= worst.error) { worst = (error, what) }
  }

  /// Prints the worst error where that is asked for.
  public func report() {
    guard ProcessInfo.processInfo.environment["STYLEGAN_PRINT_ERRORS"] != nil else { return }
    print("\(name): worst relative error \(String(format: "%.1e", worst.error)) (\(worst.what))")
  }
}
