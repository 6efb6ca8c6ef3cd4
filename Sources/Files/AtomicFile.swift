import Foundation

/// Writes whole files so that at any moment the old content or the new is there, never a part of it.
public enum AtomicFile {
  /// Replaces the content of `path`: a temporary file beside it, fsync, rename, fsync of the folder.
  ///
  /// A new file gets the permissions that the user's umask allows. On failure the temporary file is removed and `path` is as
  /// it was.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try write(to: path) { descriptor in try writeAll(bytes, to: descriptor, path: path) }
  }

  /// Replaces the content of `path` with `bytes`; see ``write(_:to:)-(UnsafeRawBufferPointer,_)``.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write($0, to: path) }
  }

  /// Replaces the content of `path` with UTF-8 text.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Replaces the content of `path` with what `body` writes to the file descriptor that it gets.
  ///
  /// - Throws: ``FileError``, or what `body` throws; `path` is then as it was.
  public static func write(to path: String, _ body: (Int32) throws -> Void) throws {
    guard !path.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw FileError(.write, path: path, code: EISDIR)
    }
    let folder = Folder.of(path)
    var name = Array("\(folder)/\(temporaryPrefix)XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    let temporary = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // Held until the file is closed, so that what a killed process left behind can be told from what is being written.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    var closed = false
    do {
      try body(descriptor)
      guard fchmod(descriptor, 0o666 & ~currentMask) == 0, fsync(descriptor) == 0 else {
        throw FileError(.write, path: path)
      }
      closed = true
      guard close(descriptor) == 0, rename(temporary, path) == 0 else { throw FileError(.write, path: path) }
    } catch {
      if !closed { close(descriptor) }
      unlink(temporary)
      throw error
    }
    Folder.synchronise(folder)
  }

  /// How the names of temporary files begin.
  public static let temporaryPrefix = ".stylegan-"

  /// Whether a temporary file has this name; those of earlier versions of this program had another prefix.
  public static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(temporaryPrefix) || name.hasPrefix(".safetensors-")
  }

  /// Removes temporary files that a killed process left in `folder`; those that are being written stay.
  ///
  /// - Parameter isTemporary: told the name of each file, whether it is a temporary one.
  public static func removeStale(in folder: String, where isTemporary: (String) -> Bool = isTemporary) {
    for name in (try? Folder.names(in: folder)) ?? [] where isTemporary(name) {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
    }
  }

  /// Writes every byte to an open file, through interruptions and short writes.
  ///
  /// - Parameter offset: where in the file; nil: where it stands.
  /// - Throws: ``FileError``.
  public static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil, path: String
  ) throws {
    var done = 0
    while done < bytes.count {
      // Systems refuse or shorten a write of 2 GB and more.
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

  /// The umask, which can only be read by setting it: read once, before threads could race for it.
  private static let currentMask: mode_t = {
    let mask = umask(0o077)
    umask(mask)
    return mask
  }()
}
