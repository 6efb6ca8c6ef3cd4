import Foundation

/// A value that threads share: every access holds its lock, and wakes those who wait for a change.
package final class Monitor<Value>: @unchecked Sendable {
  private let condition = NSCondition()
  private var value: Value

  package init(_ value: Value) { self.value = value }

  /// Runs `body` with the value to itself.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try wait { .some(try body(&$0)) }
  }

  /// Asks `body` now and after each change, until it gives a result. Only then may it have changed the value.
  package func wait<Result>(for body: (inout Value) throws -> Result?) rethrows -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    while true {
      if let result = try body(&value) { return result }
      condition.wait()
    }
  }
}
