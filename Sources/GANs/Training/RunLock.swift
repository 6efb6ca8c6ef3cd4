import Foundation
import Images

/// Holds a run's folder for one process: an advisory lock on the folder itself, which leaves nothing behind and ends with
/// the process however it ends.
final class RunLock {
  private let descriptor: Int32

  /// Takes the lock.
  /// - Throws: ``TrainingError/inUse(_:)`` where another process has it; `FileError` where there is no such folder.
  init(_ directory: RunDirectory) throws {
    descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(.read, path: directory.path) }
    // Where a file system knows no locks, there is none.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(descriptor)
      throw TrainingError.inUse(directory.path)
    }
  }

  deinit { close(descriptor) }
}
