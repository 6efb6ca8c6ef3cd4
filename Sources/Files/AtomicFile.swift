import Foundation

/// Writes whole files atomically: a reader sees the old content or the new content, never a part.
public enum AtomicFile {
  /// Replaces the content of `path`: writes a temporary file beside it, then fsync, rename, and fsync of the folder.
  ///
  /// The user's umask sets the permissions. On failure the temporary file is removed and `path` is unchanged.
  /// - Throws: ``FileError``.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try write(to: path) { descriptor in try writeAll(bytes, to: descriptor, path: path) }
  }

  /// Replaces the content of `path` with `bytes`; see ``write(_:to:)-(UnsafeRawBufferPointer,_)``.
  /// - Throws: ``FileError``.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write($0, to: path) }
  }

  /// Replaces the content of `path` with UTF-8 text.
  /// - Throws: ``FileError``.
  public static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Replaces the content of `path`; `body` writes the new content to its file descriptor.
  /// - Throws: ``FileError``, or the error of `body`; `path` is then unchanged.
  public static func write(to path: String, _ body: (Int32) throws -> Void) throws {
    guard !path.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw FileError(.write, path: path, code: EISDIR)
    }
    let folder = Folder.of(path)
    let (descriptor, name) = makeTemporary(in: folder)
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    let temporary = String(path: name.dropLast().map { UInt8(bitPattern: $0) })
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // Held while writing: `removeStale` removes only unlocked files.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    var closed = false
    do {
      try body(descriptor)
      guard fchmod(descriptor, 0o666 & ~currentMask) == 0, repeatingInterrupted({ fsync(descriptor) }) == 0 else {
        throw FileError(.write, path: path)
      }
      closed = true
      guard closeWritten(descriptor), rename(temporary, path) == 0 else { throw FileError(.write, path: path) }
    } catch {
      if !closed { close(descriptor) }
      unlink(temporary)
      throw error
    }
    Folder.synchronize(folder)
  }

  /// Checks that files can be written in a folder: makes a temporary file and removes it.
  /// - Throws: ``FileError`` with the folder's path.
  public static func probe(in folder: String) throws {
    let (descriptor, name) = makeTemporary(in: folder)
    guard descriptor >= 0 else { throw FileError(.write, path: folder) }
    defer {
      Foundation.unlink(name)
      close(descriptor)
    }
    try withUnsafeBytes(of: UInt8(0)) { try writeAll($0, to: descriptor, path: folder) }
  }

  /// A new temporary file and its path, ended by 0; the descriptor is negative on an error. The path is made of bytes, because
  /// a folder can have a name that is not UTF-8.
  private static func makeTemporary(in folder: String) -> (descriptor: Int32, name: [CChar]) {
    var name: [CChar] = []
    let descriptor = repeatingInterrupted {
      // mkstemp writes over the six letters, even where it fails.
      name = "\(folder)/\(temporaryPrefix)XXXXXX".pathBytes.map { CChar(bitPattern: $0) } + [0]
      return mkstemp(&name)
    }
    return (descriptor, name)
  }

  /// The prefix of the names of temporary files.
  public static let temporaryPrefix = ".stylegan-"

  /// Whether this is the name of a temporary file; earlier versions had another prefix.
  public static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(temporaryPrefix) || name.hasPrefix(".safetensors-")
  }

  /// Removes the temporary files of killed processes from `folder`, but no file that a process is writing.
  /// - Parameter isTemporary: whether a file name is that of a temporary file.
  public static func removeStale(in folder: String, where isTemporary: (String) -> Bool = isTemporary) {
    for name in (try? Folder.names(in: folder)) ?? [] where isTemporary(name) {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
    }
  }

  /// Writes every byte to an open file; handles interruptions and short writes.
  /// - Parameter offset: the position in the file; nil: the current position.
  /// - Throws: ``FileError``.
  public static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil, path: String
  ) throws {
    var done = 0
    while done < bytes.count {
      // Systems refuse or shorten writes of 2 GiB or more.
      let (start, count) = (bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
      let written =
        offset.map { pwrite(descriptor, start, count, off_t($0 + done)) } ?? Foundation.write(descriptor, start, count)
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError(.write, path: path)
      }
      done += written
    }
  }

  /// The umask. Reading it means setting it, so it is read only once.
  private static let currentMask: mode_t = {
    let mask = umask(0o077)
    umask(mask)
    return mask
  }()
}
