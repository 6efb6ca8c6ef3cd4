import Foundation

/// Holds a folder for one process: an advisory lock on the folder itself, which leaves nothing behind and ends with the
/// process however it ends.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the lock; where a file system knows no locks, there is none.
  /// - Returns: nil where another process has it.
  /// - Throws: ``FileError`` where there is no such folder.
  public init?(_ path: String) throws {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(.read, path: path) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
