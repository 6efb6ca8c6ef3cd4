import Files
import Foundation

/// A folder that is removed with this object.
public final class TemporaryFolder {
  /// Its path.
  public let path: String

  /// A new empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("stylegan-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileSystem.remove(path) }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of the entries, sorted.
  public var contents: [String] { ((try? Folder.names(in: path)) ?? []).sorted() }
}

/// Runs `body` with the path of an empty folder, then removes it.
public func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = try TemporaryFolder()
  defer { chmod(folder.path, 0o755) }
  return try body(folder.path)
}

/// The names of all entries of a folder, including hidden ones, sorted.
public func names(in folder: String) throws -> [String] {
  try Folder.names(in: folder).sorted()
}
