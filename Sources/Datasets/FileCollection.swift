import Files
import Foundation
import Images

/// The images of a folder or a ZIP file, at any depth, sorted by the UTF-8 bytes of their paths.
///
/// Labels come from its `dataset.json` (NVIDIA's layout), else from subfolders (see ``Labels``). Pictures are known by
/// their extension, or else by their content. Hidden files are not used.
struct FileCollection: ImageCollection {
  let omissions: DatasetOmissions
  private let store: any FileStore
  /// The images as indices of the store's files.
  private let items: [Int]
  private let labels: Labels

  /// - Parameter path: the path of the store, as given by the user.
  /// - Throws: `FileError`, ``DatasetError``.
  init(_ store: any FileStore, path: String) throws {
    self.store = store
    let files = store.files
    var (items, tables, others): ([Int], [Int], Int) = ([], [], store.hidden)
    var leftOut = store.others
    for (index, file) in files.enumerated() {
      if file.parts.last == "dataset.json" {
        tables.append(index)
      } else if try Self.isImage(file, { try store.bytes(of: index, limit: PictureKind.prefix) }) {
        items.append(index)
      } else if PictureKind.companions.contains(file.fileExtension) {
        others += 1
      } else {
        leftOut.append(file.name)
      }
    }
    items.sort { files[$0].name.utf8.lexicographicallyPrecedes(files[$1].name.utf8) }
    leftOut.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard !items.isEmpty else { throw DatasetError.noImages(path, found: leftOut) }
    self.items = items

    // The table lies at the top, or in a folder above all images: an archive of the whole folder.
    func isAbove(_ table: Int) -> Bool {
      items.allSatisfy { files[$0].parts.starts(with: files[table].folders) }
    }
    tables.sort { files[$0].parts.count < files[$1].parts.count }
    var notes = store.notes
    if let table = tables.first(where: isAbove) {
      labels = try Labels(
        json: try store.bytes(of: table, limit: nil), path: store.path(of: table),
        items: items.map { files[$0].parts.dropFirst(files[table].folders.count).joined(separator: "/") })
      tables.removeAll { $0 == table }
    } else {
      labels = Labels(folders: items.map { files[$0].folders }, names: items.map { files[$0].name })
    }
    notes += labels.notes
    notes += tables.map {
      "\(store.path(of: $0).shown) is not used: a table of labels lies in a folder above all images"
    }
    omissions = DatasetOmissions(files: leftOut, others: others, notes: notes)
  }

  /// Whether a file is an image. A file that cannot be read counts, unless its name says otherwise: reading it later
  /// reports the reason.
  /// - Parameter start: its first bytes.
  private static func isImage(_ file: StoredFile, _ start: () throws -> [UInt8]) throws -> Bool {
    if file.isFolder || PictureKind.extensions.contains(file.fileExtension) { return true }
    if PictureKind.companions.contains(file.fileExtension) || PictureKind.cameras.contains(file.fileExtension) {
      return false
    }
    do { return PictureKind.isPicture(try start()) } catch {
      if isShortage(error) { throw error }
      return file.fileExtension.isEmpty
    }
  }

  var name: String { store.name }
  var kind: String { store.kind }
  var count: Int { items.count }
  var labelCount: Int { labels.count }
  var labelNames: [String] { labels.names }
  var isInMemory: Bool { false }
  func itemName(at index: Int) -> String { store.files[items[index]].name }
  func label(at index: Int) -> Int? { labels[index] }
  func stamp(at index: Int) throws -> UInt64 { store.files[items[index]].stamp }

  func header(at index: Int) throws -> ImageDecoder.Header {
    let item = items[index]
    let start = try store.bytes(of: item, limit: PNGHeader.prefix)
    if let end = try store.tail(of: item, 16), !PictureKind.endsWell(start: start, end: end.bytes, size: end.size) {
      // Probably truncated, but some programs write more behind the pixels: decoding tells.
      _ = try image(at: index)
    }
    if let header = PNGHeader.read(start) { return header }
    return try ImageDecoder.header(of: try store.bytes(of: item, limit: nil), name: store.path(of: item))
  }

  func file(at index: Int) throws -> [UInt8]? { try store.bytes(of: items[index], limit: nil) }
  func image(at index: Int) throws -> Image {
    try ImageDecoder.decode(try store.bytes(of: items[index], limit: nil), name: store.path(of: items[index]))
  }
}
