import Foundation

/// A file could not be read or written, with the system's reason.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was being done.
  public enum Operation: String, Sendable {
    /// Opening or reading a file or folder that should be there.
    case read
    /// Making, filling or renaming a file or folder.
    case write
  }

  /// What was being done.
  public let operation: Operation
  /// The file or folder, as the user named it.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// An error of the system on `path`; `code` is `errno` unless given.
  public init(_ operation: Operation, path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// True when the file or folder does not exist.
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// True when the disk or a quota is full, a limit is reached, or the device failed.
  public var isDeviceTrouble: Bool { [ENOSPC, EDQUOT, EIO].contains(code) || code == EFBIG && operation == .write }
  /// True when there is something else than a file that can be read as a whole: a pipe, a device, a file that is too long.
  public var isWrongKind: Bool { operation == .read && [ESPIPE, EFBIG].contains(code) }

  /// One sentence for people that says what to do.
  public var description: String {
    let verb = operation == .read ? "read" : "write"
    let (why, cure): (String, String)
    switch code {
    case ENOENT:
      (why, cure) =
        operation == .read
        ? ("it does not exist", "check the path") : ("its folder does not exist", "make the folder first")
    case ENOTDIR: (why, cure) = ("a part of its path is a file, not a folder", "check the path")
    case EACCES, EPERM: (why, cure) = ("permission denied", "change the permissions or choose another place")
    case EROFS: (why, cure) = ("the file system is read-only", "choose another place")
    case ENOSPC: (why, cure) = ("the disk is full", "free some space or choose another place")
    case EDQUOT: (why, cure) = ("your disk quota is used up", "free some space or choose another place")
    case EFBIG:
      (why, cure) =
        operation == .read
        ? ("it is too large", "check that it is the right file")
        : ("it would be larger than the limit on files", "raise the limit with `ulimit -f` or choose another place")
    case ESPIPE where operation == .read: (why, cure) = ("it is not a regular file", "name a file")
    case EISDIR: (why, cure) = ("it is a folder", "name a file")
    case ENAMETOOLONG: (why, cure) = ("its name is too long", "choose a shorter one")
    case EMFILE, ENFILE: (why, cure) = ("too many files are open", "raise the limit with `ulimit -n`")
    case EIO: (why, cure) = ("the device reports an error", "check the disk")
    default: (why, cure) = (String(cString: strerror(code)), "check the path and the disk")
    }
    return "cannot \(verb) \(path): \(why); \(cure)"
  }
}
