import Foundation

/// Catches the signals that ask a program to end, so that a training saves and stops at the end of a step: SIGINT
/// (Ctrl-C), SIGTERM, and SIGHUP (the terminal or the ssh connection was closed).
///
/// A second SIGINT or SIGTERM ends the program at once. SIGHUP does not count: shells and session managers send it
/// together with others, or twice. It stays ignored where it was ignored at the start (`nohup`).
final class StopSignals {
  private let first = First()
  private var sources: [any DispatchSourceSignal] = []

  init() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let previous = signal(number, SIG_IGN)
      if number == SIGHUP, unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      // Not exit(): other threads still run, so no destructors may run.
      source.setEventHandler { [first] in if first.isRepeated(number) { _exit(128 + number) } }
      source.resume()
      sources.append(source)
    }
  }

  /// The first signal that was received, or nil.
  var received: Int32? { first.value }

  private final class First: @unchecked Sendable {
    private let lock = NSLock()
    private var number: Int32?
    private var isUrgent = false

    var value: Int32? { lock.withLock { number } }

    /// Notes a signal.
    /// - Returns: whether the program must end at once.
    func isRepeated(_ value: Int32) -> Bool {
      lock.withLock {
        number = number ?? value
        guard value != SIGHUP else { return false }
        defer { isUrgent = true }
        return isUrgent
      }
    }
  }
}
