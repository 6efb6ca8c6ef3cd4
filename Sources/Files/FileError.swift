import Foundation

/// An error that may say that the process lacks memory, descriptors or threads. The data may be sound then.
public protocol ShortageError: Error {
  /// Whether the process lacks something; another attempt may succeed.
  var isShortage: Bool { get }
}

/// A file could not be read or written, with the system's reason.
public struct FileError: ShortageError, Sendable, Equatable, CustomStringConvertible {
  /// The kind of access.
  public enum Operation: String, Sendable {
    /// Opening or reading a file or folder.
    case read
    /// Creating, writing or renaming a file or folder.
    case write
  }

  /// The failed access.
  public let operation: Operation
  /// The file or folder, as the user named it.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// An error of the system on `path`; `code` is `errno` unless given.
  public init(_ operation: Operation, path: String, code: Int32 = errno) {
    (self.operation, self.path, self.code) = (operation, path, code)
  }

  /// Whether the file or folder does not exist.
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  /// Whether a disk, quota or size limit is reached, or the device failed.
  public var isDeviceTrouble: Bool { [ENOSPC, EDQUOT, EIO].contains(code) || code == EFBIG && operation == .write }
  /// Whether the process or the system lacks memory, descriptors or threads.
  public var isShortage: Bool { [ENOMEM, EMFILE, ENFILE, EAGAIN, ENOBUFS].contains(code) }
  /// Whether the reason lies in this one file or folder: it is gone, a broken link, without permission, no regular file.
  /// Other reasons, such as a failing disk or a lost connection, say nothing about it.
  public var isAboutThisFile: Bool {
    [ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, EISDIR, ESPIPE, EFBIG, ENXIO, ENAMETOOLONG].contains(code)
  }
  /// Whether this is a pipe, a device or a file that is too large to read as a whole.
  public var isWrongKind: Bool { operation == .read && [ESPIPE, EFBIG].contains(code) }

  /// The reason without the path: "permission denied".
  public var reason: String { explanation.why }

  /// One sentence with a remedy.
  public var description: String {
    let (why, cure) = explanation
    return "cannot \(operation == .read ? "read" : "write") \(path.shown): \(why); \(cure)"
  }

  private var explanation: (why: String, cure: String) {
    let (why, cure): (String, String)
    switch code {
    case ENOENT where operation == .read && isBrokenLink:
      (why, cure) = ("it is a link to a file that does not exist", "remove the link or restore its file")
    case ELOOP: (why, cure) = ("its links lead in a circle", "remove the link")
    case ENOMEM:
      (why, cure) = ("there is not enough memory", "close other programs, or use fewer threads or smaller files")
    case EAGAIN: (why, cure) = ("the system has no resources for it now", "close other programs or use fewer threads")
    case ETIMEDOUT, ESTALE, ENOTCONN, EHOSTDOWN, EHOSTUNREACH:
      (why, cure) = (String(cString: strerror(code)), "check the connection to the disk, then give the command again")
    case ENOENT:
      (why, cure) =
        operation == .read
        ? ("it does not exist", "check the path") : ("its folder does not exist", "create the folder first")
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
    case EMFILE, ENFILE:
      (why, cure) = ("too many files are open", "raise the limit with `ulimit -n` or use fewer threads")
    case EIO: (why, cure) = ("the device reports an error", "check the disk")
    default: (why, cure) = (String(cString: strerror(code)), "check the path and the disk")
    }
    return (why, cure)
  }

  private var isBrokenLink: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
