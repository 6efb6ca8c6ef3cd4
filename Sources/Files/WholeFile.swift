import Foundation

/// Reads files as a whole.
public enum WholeFile {
  /// Opens a regular file for reading; the caller closes it.
  /// - Returns: the descriptor and the file's size in bytes.
  /// - Throws: ``FileError``: with `EISDIR` for a folder, with `ESPIPE` for a pipe or a device.
  public static func open(_ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
    // Without O_NONBLOCK, opening a pipe waits for its writer.
    let descriptor = Files.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(.read, path: path) }
    var status = stat()
    let code =
      fstat(descriptor, &status) != 0
      ? errno : status.st_mode & S_IFMT == S_IFDIR ? EISDIR : status.st_mode & S_IFMT == S_IFREG ? 0 : ESPIPE
    guard code == 0 else {
      close(descriptor)
      throw FileError(.read, path: path, code: code)
    }
    return (descriptor, Int(status.st_size))
  }

  /// The first `count` bytes of a regular file, or fewer if it is shorter.
  /// - Throws: ``FileError``, as ``open(_:)``.
  public static func prefix(of path: String, _ count: Int) throws -> [UInt8] {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    return try bytes(of: descriptor, min(size, count), path: path)
  }

  /// The last `count` bytes of a regular file, or all if it is shorter, and its size.
  /// - Throws: ``FileError``, as ``open(_:)``.
  public static func suffix(of path: String, _ count: Int) throws -> (bytes: [UInt8], size: Int) {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    lseek(descriptor, off_t(max(0, size - count)), SEEK_SET)
    return (try bytes(of: descriptor, min(size, count), path: path), size)
  }

  /// The bytes of a regular file.
  /// - Parameter limit: the largest file size in bytes.
  /// - Throws: ``FileError``: as ``open(_:)``, and with `EFBIG` for a larger file.
  public static func bytes(of path: String, limit: Int = 512 << 20) throws -> [UInt8] {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    guard size <= limit else { throw FileError(.read, path: path, code: EFBIG) }
    return try bytes(of: descriptor, size, path: path)
  }

  /// Checks that a buffer can be allocated: Swift's arrays end the process where memory is short.
  /// - Throws: ``FileError`` with `ENOMEM`.
  public static func requireMemory(_ size: Int, for path: String) throws(FileError) {
    guard size > 1 << 16 else { return }
    // The allocator's result must be used, or the compiler removes the call.
    guard let trial = malloc(size + 4096) else { throw FileError(.read, path: path, code: ENOMEM) }
    trial.storeBytes(of: 0, as: UInt8.self)
    free(trial)
  }

  private static func bytes(of descriptor: Int32, _ size: Int, path: String) throws -> [UInt8] {
    try requireMemory(size, for: path)
    return try [UInt8](unsafeUninitializedCapacity: max(size, 1)) { out, count in
      count = 0
      while count < size {
        let got = read(descriptor, out.baseAddress! + count, size - count)
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw FileError(.read, path: path) }
        if got == 0 { break }
        count += got
      }
    }
  }
}
