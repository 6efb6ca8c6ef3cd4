import Foundation

/// Folders and the names in them.
public enum Folder {
  /// The cache folder: `$XDG_CACHE_HOME/swift-stylegan`, else `$HOME/.cache/swift-stylegan`, else that of the user's
  /// home folder. Variables without an absolute path are ignored.
  public static var cache: String {
    func folder(_ variable: String) -> String? {
      ProcessInfo.processInfo.environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return (folder("XDG_CACHE_HOME") ?? (folder("HOME") ?? NSHomeDirectory()) + "/.cache") + "/swift-stylegan"
  }

  /// Makes a folder and checks that files can be written in it.
  /// - Throws: ``FileError``; folders that were made are removed then.
  public static func makeWritable(_ path: String) throws {
    let made = try make(path)
    do { try AtomicFile.probe(in: path) } catch {
      for folder in made.reversed() { rmdir(folder) }
      throw error
    }
  }

  /// The folder of `path`; `.` for a bare name.
  public static func of(_ path: String) -> String {
    // Bytes: a slash and an accent after it are one Character.
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Creates a folder and its missing parents; on failure it removes those it created.
  /// - Returns: the created folders, parents first.
  /// - Throws: ``FileError``.
  @discardableResult public static func make(_ path: String) throws -> [String] {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(.write, path: path, code: ENOTDIR) }
      return []
    }
    guard !path.isEmpty else { throw FileError(.write, path: "\"\"", code: ENOENT) }
    let parent = of(path)
    let made = parent == path ? [] : try make(parent)
    if mkdir(path, 0o777) == 0 { return made + [path] }
    let error = FileError(.write, path: path)
    // Another process created it first.
    if error.code == EEXIST { return made }
    for folder in made.reversed() { rmdir(folder) }
    throw error
  }

  /// The names of all entries of a folder, including hidden ones, unordered.
  /// - Throws: ``FileError``.
  public static func names(in folder: String) throws -> [String] {
    guard let directory = opendir(folder) else { throw FileError(.read, path: folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(path: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Writes a folder's entries to the disk (fsync); a failure is ignored, since some file systems do not support it.
  public static func synchronize(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
