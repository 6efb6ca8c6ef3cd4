import Foundation

/// Loops over several threads.
package enum Parallel {
  /// The processors that this process may use.
  package static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// `body` of 0..<count in order, computed on up to `threads` threads.
  ///
  /// - Throws: what `body` threw for the smallest index that failed among those that were tried.
  package static func map<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let results = try forEachChunk(count, threads: threads) { range in try range.map(body) }
    return results.flatMap { $0 }
  }

  /// `body` of consecutive ranges that cover 0..<count, results in order.
  private static func forEachChunk<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Range<Int>) throws -> Value
  ) throws -> [Value] {
    let size = max(1, min(256, count / max(1, threads * 4)))
    let chunks = (count + size - 1) / size
    let state = Shared<Value>(chunks: chunks)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, chunks))) { _ in
      while let chunk = state.claim() {
        let range = (chunk * size)..<min(count, (chunk + 1) * size)
        state.finish(chunk, Result { try body(range) })
      }
    }
    return try state.results.map { try $0!.get() }
  }

  private final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var next = 0
    private var failed = false
    /// Chunks are claimed in order and a failure stops claiming, so those before the first failure are all there.
    private(set) var results: [Result<Value, any Error>?]

    init(chunks: Int) { results = Array(repeating: nil, count: chunks) }

    func claim() -> Int? {
      lock.withLock {
        guard !failed, next < results.count else { return nil }
        next += 1
        return next - 1
      }
    }

    func finish(_ chunk: Int, _ result: Result<Value, any Error>) {
      lock.withLock {
        results[chunk] = result
        if case .failure = result { failed = true }
      }
    }
  }
}
