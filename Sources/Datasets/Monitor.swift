import Foundation

/// A value shared by threads: each access holds the lock and wakes the waiting threads.
package final class Monitor<Value>: @unchecked Sendable {
  private let condition = NSCondition()
  private var value: Value

  package init(_ value: Value) { self.value = value }

  /// Runs `body` with exclusive access to the value.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try wait { .some(try body(&$0)) }
  }

  /// Calls `body` now and after each change until it returns a result. It may change the value only with a result.
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
