import Foundation

/// Questions about paths, for names of any bytes (`FileManager` knows only UTF-8).
public enum FileSystem {
  /// Whether a file or folder exists; links are followed.
  public static func exists(_ path: String) -> Bool { kind(of: path) != nil }

  /// Whether a folder exists; links are followed.
  public static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

  /// Whether a regular file exists; links are followed.
  public static func isFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

  /// The free bytes of the volume of a folder; nil where they are unknown, or where the volume has no size, such as /proc.
  package static func freeBytes(at folder: String) -> Int? {
    var status = statvfs()
    guard folder.withPath({ statvfs($0, &status) }) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
  }

  /// Removes a file, or a folder with its content; links are not followed.
  /// - Throws: ``FileError``.
  public static func remove(_ path: String) throws {
    if unlink(path) == 0 { return }
    let error = FileError(.write, path: path)
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw error }
    for name in try Folder.names(in: path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 else { throw FileError(.write, path: path) }
  }

  /// The working folder.
  public static var currentFolder: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(path: path)
  }

  /// The last part of a path: "b.png" of "a/b.png"; for `.`, `..` and the like that of the folder they lead to.
  public static func name(of path: String) -> String {
    let last = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
    guard last.isEmpty || last == "." || last == ".." else { return last }
    guard let real = path.withPath({ realpath($0, nil) }) else { return last }
    defer { free(real) }
    return String(path: real).utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? "/"
  }

  /// The last part of a path without its extension: "b" of "a/b.png", ".b" of "a/.b".
  public static func stem(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The seconds since a file's content was last written; nil without such a file.
  public static func age(of path: String) -> Double? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    #if os(Linux)
      let written = status.st_mtim
    #else
      let written = status.st_mtimespec
    #endif
    return Date.now.timeIntervalSince1970 - Double(written.tv_sec) - Double(written.tv_nsec) / 1e9
  }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
