import Files
import Images

extension ImageError: ShortageError {}

/// Whether an error says that the process lacks memory or descriptors: the data may be sound.
func isShortage(_ error: any Error) -> Bool { (error as? any ShortageError)?.isShortage ?? false }

/// Whether an error says that this one image is bad: damaged, of no known format, or a file that cannot be opened. A
/// shortage or a failing disk says nothing about the image.
func isAboutTheImage(_ error: any Error) -> Bool {
  if isShortage(error) { return false }
  switch error {
  case let error as FileError: return error.operation == .read && error.isAboutThisFile
  case is ImageError: return true
  case DatasetError.malformed, DatasetError.suspiciousEntry: return true
  default: return false
  }
}

/// The value, or nil where the data is bad; a shortage is thrown.
func readable<Value>(_ body: () throws -> Value) throws -> Value? {
  do { return try body() } catch {
    if isShortage(error) { throw error }
    return nil
  }
}

/// Lets work on several threads that ran out of memory or descriptors try again while no other work runs: fewer threads
/// in place of a failure.
package final class ScarceResources: Sendable {
  package init() {}

  private struct State {
    var running = 0
    var waiting = 0
  }
  private let state = Monitor(State())

  /// Runs `body`, and after a shortage once more by itself.
  /// - Throws: the error of `body`.
  package func run<Value>(_ body: () throws -> Value) throws -> Value {
    // Who waits to run alone goes first.
    state.wait { state -> Void? in
      guard state.waiting == 0 else { return nil }
      state.running += 1
      return ()
    }
    let first = Result { try body() }
    guard case .failure(let error) = first, isShortage(error) else {
      state.withLock { $0.running -= 1 }
      return try first.get()
    }
    state.withLock { state in
      state.running -= 1
      state.waiting += 1
    }
    // Several may wait; each runs while it counts as the only one running.
    state.wait { state -> Void? in
      guard state.running == 0 else { return nil }
      state.running = 1
      return ()
    }
    defer {
      state.withLock { state in
        state.running = 0
        state.waiting -= 1
      }
    }
    return try body()
  }
}
