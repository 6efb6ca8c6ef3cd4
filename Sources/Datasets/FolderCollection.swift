import Files
import Foundation
import Images

/// The pictures in a folder, of any depth, in the order of their paths (byte by byte).
///
/// Labels come from `dataset.json` in the folder if there is one (NVIDIA's layout), else from subfolders (see ``Labels``).
/// Hidden files and files without an image's extension are not used; links to folders are followed, loops are not.
package struct FolderCollection: ImageCollection {
  package let name: String
  package let ignored: [String]
  private let root: String
  private let items: [String]
  private let labels: Labels

  /// - Throws: `FileError`, ``DatasetError``.
  package init(_ path: String) throws {
    root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    var walk = Walk()
    try walk.visit(root, prefix: "", ancestors: [])
    guard !walk.images.isEmpty else { throw DatasetError.noImages(path) }
    items = walk.images.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let table = root + "/dataset.json"
    if FileManager.default.fileExists(atPath: table) {
      labels = try Labels(json: try WholeFile.bytes(of: table), path: table, items: items)
    } else {
      labels = Labels(folders: items)
    }
    ignored = walk.others.filter { $0 != "dataset.json" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package var kind: String { "folder" }
  package var count: Int { items.count }
  package var labelCount: Int { labels.count }
  package var labelNames: [String] { labels.names }
  package var isInMemory: Bool { false }
  package func itemName(at index: Int) -> String { items[index] }
  package func label(at index: Int) -> Int? { labels[index] }

  package func stamp(at index: Int) throws -> UInt64 {
    var status = stat()
    guard stat(path(at: index), &status) == 0 else { throw FileError(.read, path: path(at: index)) }
    return UInt64(status.st_size)
  }

  package func header(at index: Int) throws -> ImageDecoder.Header {
    let path = path(at: index)
    if path.lowercased().hasSuffix(".png"), let handle = FileHandle(forReadingAtPath: path) {
      defer { try? handle.close() }
      if let start = try? handle.read(upToCount: PNGHeader.prefix), let header = PNGHeader.read(Array(start)) {
        return header
      }
    }
    return try ImageDecoder.header(contentsOf: path)
  }

  package func file(at index: Int) throws -> [UInt8]? { try ImageDecoder.file(at: path(at: index)) }
  package func image(at index: Int) throws -> Image { try ImageDecoder.decode(contentsOf: path(at: index)) }

  private func path(at index: Int) -> String { root + "/" + items[index] }

  /// Extensions, in lower case, of files that are taken for images.
  package static let extensions: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif", "jxl", "jp2", "j2k",
    "ppm", "pgm",
    "pnm",
  ]

  /// Whether a relative path names an image: an image's extension, nothing hidden on the way.
  package static func isImage(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let last = parts.last, let dot = last.lastIndex(of: "."), !isHidden(path) else { return false }
    return extensions.contains(last[last.index(after: dot)...].lowercased())
  }

  /// Whether a part of a relative path is hidden or an archiver's own.
  package static func isHidden(_ path: String) -> Bool {
    path.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
  }

  private struct Walk {
    struct Identity: Hashable {
      let device: UInt64
      let inode: UInt64
    }

    var images: [String] = []
    var others: [String] = []

    /// - Parameter ancestors: the folders on the way here: one of them again is a loop, and is left out.
    mutating func visit(_ folder: String, prefix: String, ancestors: Set<Identity>) throws {
      var status = stat()
      guard stat(folder, &status) == 0 else { throw FileError(.read, path: folder) }
      let identity = Identity(
        device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
      guard !ancestors.contains(identity) else { return }
      for name in try Folder.names(in: folder) where !FolderCollection.isHidden(name) {
        let path = folder + "/" + name
        var status = stat()
        // A link to nothing is a file that cannot be read: it is listed, so that checking names it.
        let found = stat(path, &status) == 0
        if found, status.st_mode & S_IFMT == S_IFDIR {
          try visit(path, prefix: prefix + name + "/", ancestors: ancestors.union([identity]))
        } else if FolderCollection.isImage(name), !found || status.st_mode & S_IFMT == S_IFREG {
          images.append(prefix + name)
        } else {
          others.append(prefix + name)
        }
      }
    }
  }
}
