import Foundation

/// Catches SIGINT and SIGTERM, so that a training stops at the end of a step. A second signal ends the program at once.
final class StopSignals {
  private let first = First()
  private var sources: [any DispatchSourceSignal] = []

  init() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // Not exit(): other threads still run, so no destructors may run.
      source.setEventHandler { [first] in if !first.set(number) { _exit(128 + number) } }
      source.resume()
      sources.append(source)
    }
  }

  /// The first signal that was received, or nil.
  var received: Int32? { first.value }

  private final class First: @unchecked Sendable {
    private let lock = NSLock()
    private var number: Int32?

    var value: Int32? { lock.withLock { number } }

    /// - Returns: whether this signal is the first.
    func set(_ value: Int32) -> Bool {
      lock.withLock {
        defer { number = number ?? value }
        return number == nil
      }
    }
  }
}
