import Files
import Foundation
import Images

/// The files of a folder or an archive, by relative path.
protocol FileStore: Sendable {
  /// The kind in reports: "folder" or "ZIP".
  var kind: String { get }
  /// The name of the dataset.
  var name: String { get }
  /// The paths of its files; a folder's hidden files are left out.
  var files: [String] { get }
  /// The paths of entries that are not regular files.
  var others: [String] { get }

  /// The full path of a file, for messages.
  func path(of file: String) -> String
  /// A number that changes with the content, as far as known without reading it.
  func stamp(of file: String) throws -> UInt64
  /// The content; with a limit, at most its first `limit` bytes.
  func bytes(of file: String, limit: Int?) throws -> [UInt8]
}

/// The images of a folder or a ZIP file, at any depth, sorted by the UTF-8 bytes of their paths.
///
/// Labels come from its `dataset.json` (NVIDIA's layout), else from subfolders (see ``Labels``). Hidden files and files
/// without an image extension are not used.
struct FileCollection: ImageCollection {
  let ignored: [String]
  private let store: any FileStore
  private let items: [String]
  private let labels: Labels

  /// - Parameter path: the path of the store, as given by the user.
  /// - Throws: `FileError`, ``DatasetError``.
  init(_ store: any FileStore, path: String) throws {
    self.store = store
    func sorted(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    let table = "dataset.json"
    items = sorted(store.files.filter(Self.isImage))
    guard !items.isEmpty else { throw DatasetError.noImages(path) }
    labels =
      store.files.contains(table)
      ? try Labels(json: try store.bytes(of: table, limit: nil), path: store.path(of: table), items: items)
      : Labels(folders: items)
    ignored = sorted(store.files.filter { !Self.isImage($0) && !Self.isHidden($0) && $0 != table } + store.others)
  }

  var name: String { store.name }
  var kind: String { store.kind }
  var count: Int { items.count }
  var labelCount: Int { labels.count }
  var labelNames: [String] { labels.names }
  var isInMemory: Bool { false }
  func itemName(at index: Int) -> String { items[index] }
  func label(at index: Int) -> Int? { labels[index] }
  func stamp(at index: Int) throws -> UInt64 { try store.stamp(of: items[index]) }

  func header(at index: Int) throws -> ImageDecoder.Header {
    let item = items[index]
    if item.lowercased().hasSuffix(".png"),
      let header = PNGHeader.read(try store.bytes(of: item, limit: PNGHeader.prefix))
    {
      return header
    }
    return try ImageDecoder.header(of: try store.bytes(of: item, limit: nil), name: store.path(of: item))
  }

  func file(at index: Int) throws -> [UInt8]? { try store.bytes(of: items[index], limit: nil) }
  func image(at index: Int) throws -> Image {
    try ImageDecoder.decode(try store.bytes(of: items[index], limit: nil), name: store.path(of: items[index]))
  }

  /// The extensions of images, in lower case.
  static let extensions: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif", "jxl", "jp2", "j2k",
    "ppm", "pgm", "pnm",
  ]

  /// Whether a relative path has an image extension and no hidden part.
  static func isImage(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let last = parts.last, let dot = last.lastIndex(of: "."), !isHidden(path) else { return false }
    return extensions.contains(last[last.index(after: dot)...].lowercased())
  }

  /// Whether a part of a relative path is hidden or macOS's `__MACOSX`.
  static func isHidden(_ path: String) -> Bool {
    path.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
  }
}

/// The files of a folder; links are followed, except loops.
struct FolderStore: FileStore {
  let kind = "folder"
  let name: String
  private(set) var files: [String] = []
  private(set) var others: [String] = []
  private let root: String

  /// - Throws: `FileError`.
  init(_ path: String) throws {
    root = path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    name = FileSystem.name(of: path)
    try visit(root, prefix: "", ancestors: [])
  }

  func path(of file: String) -> String { root + "/" + file }

  func stamp(of file: String) throws -> UInt64 {
    var status = stat()
    guard stat(path(of: file), &status) == 0 else { throw FileError(.read, path: path(of: file)) }
    return UInt64(status.st_size)
  }

  func bytes(of file: String, limit: Int?) throws -> [UInt8] {
    if let limit { return try WholeFile.prefix(of: path(of: file), limit) }
    return try ImageDecoder.file(at: path(of: file))
  }

  /// - Parameter ancestors: device and inode of the parent folders; one of them again is a loop and is left out.
  private mutating func visit(_ folder: String, prefix: String, ancestors: Set<[UInt64]>) throws {
    var status = stat()
    guard stat(folder, &status) == 0 else { throw FileError(.read, path: folder) }
    let identity = [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
    guard !ancestors.contains(identity) else { return }
    for name in try Folder.names(in: folder) where !FileCollection.isHidden(name) {
      let path = folder + "/" + name
      var status = stat()
      // A broken link is listed as a file, so that `dataset check` reports it.
      let found = stat(path, &status) == 0
      if found, status.st_mode & S_IFMT == S_IFDIR {
        try visit(path, prefix: prefix + name + "/", ancestors: ancestors.union([identity]))
      } else if !found || status.st_mode & S_IFMT == S_IFREG {
        files.append(prefix + name)
      } else {
        others.append(prefix + name)
      }
    }
  }
}
