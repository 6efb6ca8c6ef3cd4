import Foundation

/// Work on several threads whose results are consumed in order on the caller's.
package enum OrderedPipeline {
  /// Computes `produce` of `range` on `threads` threads and hands each result, in order, to `consume` on this thread.
  ///
  /// Threads run at most a few results ahead of the consumer. When `consume` throws, the threads are stopped and waited for.
  ///
  /// - Throws: what `consume` throws.
  package static func run<Value: Sendable>(
    _ range: Range<Int>, threads: Int, produce: @escaping @Sendable (Int) -> Value,
    consume: (Int, Value) throws -> Void
  ) throws {
    let window = Window<Value>(range, ahead: 16 * max(1, threads))
    let finished = DispatchGroup()
    for _ in 0..<max(1, min(threads, range.count)) {
      finished.enter()
      let thread = Thread {
        while let index = window.claim() { window.put(produce(index), at: index) }
        finished.leave()
      }
      thread.stackSize = 2 << 20
      thread.start()
    }
    defer {
      window.stop()
      finished.wait()
    }
    for index in range { try consume(index, window.take(index)) }
  }

  private final class Window<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let end: Int
    private let ahead: Int
    private var next: Int
    private var consumed: Int
    private var ready: [Int: Value] = [:]
    private var stopped = false

    init(_ range: Range<Int>, ahead: Int) {
      (next, consumed, end, self.ahead) = (range.lowerBound, range.lowerBound, range.upperBound, ahead)
    }

    func claim() -> Int? {
      condition.lock()
      defer { condition.unlock() }
      while !stopped && next < end && next >= consumed + ahead { condition.wait() }
      guard !stopped, next < end else { return nil }
      next += 1
      return next - 1
    }

    func put(_ value: Value, at index: Int) {
      condition.lock()
      ready[index] = value
      condition.broadcast()
      condition.unlock()
    }

    func take(_ index: Int) -> Value {
      condition.lock()
      defer { condition.unlock() }
      while true {
        if let value = ready.removeValue(forKey: index) {
          consumed = index + 1
          condition.broadcast()
          return value
        }
        condition.wait()
      }
    }

    func stop() {
      condition.lock()
      stopped = true
      condition.broadcast()
      condition.unlock()
    }
  }
}
