import Foundation

/// Prefetches numbered results on threads. `deinit` stops the threads and waits for them.
package final class ReadAhead<Value: Sendable>: Sendable {
  private struct State {
    /// The next number to claim, and the first number whose result is still needed.
    var next, needed: Int
    var ready: [Int: Value] = [:]
    var isStopped = false
  }

  private let state: Monitor<State>
  private let ahead: Int
  private let produce: @Sendable (Int) -> Value
  /// Whether no thread could be started; then each value is computed when it is asked for.
  private let hasNoThreads: Bool
  private let finished = DispatchGroup()

  /// Starts the threads.
  /// - Parameter ahead: the largest number of results in progress or kept, from the first needed one.
  /// - Parameter threads: at least 1; where the system refuses some, there are fewer.
  package init(
    _ range: Range<Int>, ahead: Int, threads: Int, name: String, produce: @escaping @Sendable (Int) -> Value
  ) {
    let (state, finished) = (Monitor(State(next: range.lowerBound, needed: range.lowerBound)), finished)
    (self.state, self.ahead, self.produce) = (state, ahead, produce)
    var started = 0
    for index in 0..<threads {
      finished.enter()
      // The thread must not retain this object: its deinit stops the thread.
      let isStarted = startThread(name: "\(name) \(index)", stackSize: 2 << 20) {
        while true {
          // Outer nil: wait. Inner nil: no more work.
          let claimed = state.wait { state -> Int?? in
            if state.isStopped || state.next >= range.upperBound { return .some(nil) }
            guard state.next < state.needed + ahead else { return nil }
            state.next += 1
            return state.next - 1
          }
          guard let claimed else { break }
          let value = produce(claimed)
          state.withLock { $0.ready[claimed] = value }
        }
        finished.leave()
      }
      guard isStarted else {
        finished.leave()
        break
      }
      started += 1
    }
    hasNoThreads = started == 0
  }

  deinit {
    state.withLock { $0.isStopped = true }
    finished.wait()
  }

  /// Waits for the result of a number that was not released.
  package func value(at index: Int) -> Value {
    // A batch may need more results than `ahead`: advance, so that threads work on this one.
    state.withLock { $0.needed = max($0.needed, index - ahead + 1) }
    if hasNoThreads {
      if let value = state.withLock({ $0.ready[index] }) { return value }
      let value = produce(index)
      return state.withLock { state in
        state.ready[index] = value
        return value
      }
    }
    return state.wait { $0.ready[index] }
  }

  /// Computes the result of a number again, on this thread.
  package func recomputed(at index: Int) -> Value {
    let value = produce(index)
    state.withLock { $0.ready[index] = value }
    return value
  }

  /// Drops the results before `index`.
  package func release(before index: Int) {
    state.withLock { state in
      state.needed = index
      for key in state.ready.keys where key < index { state.ready[key] = nil }
    }
  }
}

/// Computes on several threads and consumes the results in order on the caller's thread.
package enum OrderedPipeline {
  /// Computes `produce` over `range` on threads and passes each result, in order, to `consume` on this thread.
  ///
  /// Threads prefetch at most 16 results each. If `consume` throws, they are stopped first.
  /// - Throws: the error of `consume`.
  package static func run<Value: Sendable>(
    _ range: Range<Int>, threads: Int, produce: @escaping @Sendable (Int) -> Value, consume: (Int, Value) throws -> Void
  ) throws {
    let results = ReadAhead(
      range, ahead: 16 * max(1, threads), threads: max(1, min(threads, range.count)), name: "pipeline",
      produce: produce)
    for index in range {
      let value = results.value(at: index)
      results.release(before: index + 1)
      try consume(index, value)
    }
  }

  /// Maps 0..<count with `body` on up to `threads` threads.
  /// - Throws: the error of `body` for the smallest failed index.
  package static func map<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let size = max(1, min(256, count / max(1, threads * 4)))
    var values: [Value] = []
    try run(0..<(count + size - 1) / size, threads: threads) { chunk in
      Result { try (chunk * size..<min(count, (chunk + 1) * size)).map(body) }
    } consume: {
      values += try $1.get()
    }
    return values
  }
}

/// Starts a thread; `Thread` does not say whether it could.
/// - Returns: false where the system refuses it.
private func startThread(name: String, stackSize: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
  final class Work: Sendable {
    let body: @Sendable () -> Void
    let name: String
    init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setstacksize(&attributes, stackSize)
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  let work = Unmanaged.passRetained(Work(name, body))
  #if os(Linux)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { pointer in
        let work = Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue()
        Thread.current.name = work.name
        work.body()
        return nil
      }, work.toOpaque())
  #else
    var thread: pthread_t?
    let status = pthread_create(
      &thread, &attributes,
      { pointer in
        let work = Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
        Thread.current.name = work.name
        work.body()
        return nil
      }, work.toOpaque())
  #endif
  if status != 0 { work.release() }
  return status == 0
}
