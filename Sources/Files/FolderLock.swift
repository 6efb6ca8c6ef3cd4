import Foundation

/// An advisory lock on a folder. It makes no file and ends with the process.
public final class FolderLock {
  private let descriptor: Int32

  /// Takes the lock; a file system without locks counts as success.
  /// - Returns: nil if another process has the lock.
  /// - Throws: ``FileError`` if the folder cannot be opened.
  public init?(_ path: String) throws {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(.read, path: path) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
