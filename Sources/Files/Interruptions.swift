import Foundation

/// Calls a function of the system again while a signal interrupts it (EINTR). Network and user-space file systems do that.
/// - Returns: its result; −1 for an error, see `errno`.
@discardableResult package func repeatingInterrupted(_ call: () -> Int32) -> Int32 {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Closes a written file. An interrupted close has closed it: another close could hit a new file with this number.
/// - Returns: whether the system has kept what was written.
package func closeWritten(_ descriptor: Int32) -> Bool { close(descriptor) == 0 || errno == EINTR }
