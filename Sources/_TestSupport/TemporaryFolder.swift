import Foundation

/// A folder that disappears with this object.
public final class TemporaryFolder {
  /// Its path.
  public let path: String

  /// A new empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("stylegan-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path inside.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of what is inside, sorted.
  public var contents: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
