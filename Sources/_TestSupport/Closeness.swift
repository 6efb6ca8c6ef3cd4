import Foundation
import Testing
import Torch

/// Expects equal shapes and max|a − b| ≤ max(absolute, relative · max|b|), where b is `expected`.
///
/// Reports the worst element and its index.
/// - Parameters:
///   - relative: the tolerance relative to the largest expected magnitude.
///   - absolute: the smallest tolerance, for tiny expected values.
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

/// Compares many tensors and keeps the worst relative error.
///
/// With `STYLEGAN_PRINT_ERRORS` in the environment, ``report()`` prints it; use it to choose tolerances.
public final class Comparison {
  private let name: String
  private let relative: Double
  private var worst = (error: 0.0, what: "")

  /// A comparison `name` with the tolerance `relative`.
  public init(_ name: String, relative: Double = 1e-5) { (self.name, self.relative) = (name, relative) }

  /// Expects two tensors to be close; see ``expectClose(_:_:relative:absolute:_:sourceLocation:)``.
  public func callAsFunction(
    _ found: Tensor, _ expected: Tensor, _ what: String, relative: Double? = nil, absolute: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectClose(
      found, expected, relative: relative ?? self.relative, absolute: absolute, "\(name), \(what)",
      sourceLocation: sourceLocation)
    guard found.shape == expected.shape else { return }
    // If all expected values are 0, there is no relative error; `expectClose` has checked the absolute one.
    guard expected.doubles.contains(where: { abs($0) > absolute }) else { return }
    let error = relativeError(found, expected)
    if !(error <= worst.error) { worst = (error, what) }
  }

  /// Prints the worst error if `STYLEGAN_PRINT_ERRORS` is set.
  public func report() {
    guard ProcessInfo.processInfo.environment["STYLEGAN_PRINT_ERRORS"] != nil else { return }
    print("\(name): worst relative error \(String(format: "%.1e", worst.error)) (\(worst.what))")
  }
}
