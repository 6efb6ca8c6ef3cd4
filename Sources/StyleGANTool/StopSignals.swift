import Foundation

/// Notices SIGINT and SIGTERM, so that a training ends at the end of a step; a second one ends the program at once.
final class StopSignals {
  private let first = First()
  private var sources: [any DispatchSourceSignal] = []

  init() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // At once: other threads are at work, and nothing of theirs is to be torn down under them.
      source.setEventHandler { [first] in if !first.set(number) { _exit(128 + number) } }
      source.resume()
      sources.append(source)
    }
  }

  /// The signal that asked to stop, or nil.
  var received: Int32? { first.value }

  private final class First: @unchecked Sendable {
    private let lock = NSLock()
    private var number: Int32?

    var value: Int32? { lock.withLock { number } }

    /// - Returns: whether there was none before.
    func set(_ value: Int32) -> Bool {
      lock.withLock {
        defer { number = number ?? value }
        return number == nil
      }
    }
  }
}
