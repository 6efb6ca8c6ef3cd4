import CLibzip
import Files
import Foundation
import Images

/// Random access to the entries of a ZIP file from several threads (libzip).
///
/// Checksums are verified when an entry is read; entries that would unpack to an absurd size are refused before.
package final class ZIPArchive: Sendable {
  /// An entry as the directory of the archive lists it.
  package struct Entry: Sendable, Equatable {
    /// Path inside the archive.
    package let name: String
    /// Bytes after unpacking.
    package let size: Int
    /// Bytes in the archive.
    package let packedSize: Int
    /// CRC-32 of the unpacked bytes.
    package let checksum: UInt32
    /// Its number in the archive.
    fileprivate let index: UInt64
  }

  /// Largest entry that is unpacked.
  package static let largestEntry = 512 << 20
  /// Entries over 1 MiB may not be packed better than this many to one; images never are.
  package static let largestRatio = 200

  /// The path of the archive.
  package let path: String
  /// Every entry that is a file, in the order of the archive.
  package let entries: [Entry]
  /// Handles are not to be shared between threads: each use takes one of these or opens its own.
  private let idle: Monitor<[OpaquePointer]>

  /// Reads the directory of the archive.
  ///
  /// - Throws: `FileError`, ``DatasetError/malformed(path:reason:)``.
  package init(_ path: String) throws {
    self.path = path
    let handle = try Self.open(path)
    var entries: [Entry] = []
    for index in 0..<max(0, zip_get_num_entries(handle, 0)) {
      var status = zip_stat_t()
      zip_stat_init(&status)
      guard zip_stat_index(handle, UInt64(index), 0, &status) == 0, let name = status.name else {
        zip_discard(handle)
        throw DatasetError.malformed(path: path, reason: "entry \(index) of its directory is unreadable")
      }
      let text = String(cString: name)
      if text.hasSuffix("/") { continue }
      entries.append(
        Entry(
          name: text, size: Int(clamping: status.size), packedSize: Int(clamping: status.comp_size),
          checksum: status.crc,
          index: UInt64(index)))
    }
    self.entries = entries
    idle = Monitor([handle])
  }

  deinit { idle.withLock { for handle in $0 { zip_discard(handle) } } }

  /// The unpacked bytes of an entry.
  ///
  /// - Parameter limit: read no more than this many bytes from the start; the checksum is only verified on whole entries.
  /// - Throws: ``DatasetError``, `FileError`.
  package func bytes(of entry: Entry, limit: Int = .max) throws -> [UInt8] {
    let name = "\(path):\(entry.name)"
    if limit == .max { try refuseAbsurd(entry) }
    let handle = try idle.withLock { $0.popLast() } ?? Self.open(path)
    defer { idle.withLock { $0.append(handle) } }
    guard let file = zip_fopen_index(handle, entry.index, 0) else {
      throw DatasetError.malformed(path: name, reason: String(cString: zip_strerror(handle)))
    }
    defer { zip_fclose(file) }
    let wanted = min(entry.size, limit)
    return try [UInt8](unsafeUninitializedCapacity: wanted + 1) { out, count in
      count = 0
      // One byte more than there should be: only at its end does libzip verify the checksum.
      let last = limit == .max ? wanted + 1 : wanted
      while count < last {
        let got = zip_fread(file, out.baseAddress! + count, UInt64(last - count))
        guard got >= 0 else {
          let reason = String(cString: zip_file_strerror(file))
          count = 0
          throw DatasetError.malformed(path: name, reason: reason)
        }
        if got == 0 { break }
        count += Int(got)
      }
      guard count == wanted else {
        let reason = "it has \(count > wanted ? "more" : "fewer") bytes than the archive's directory says"
        count = 0
        throw DatasetError.malformed(path: name, reason: reason)
      }
    }
  }

  private func refuseAbsurd(_ entry: Entry) throws {
    let name = "\(path):\(entry.name)"
    if entry.size > Self.largestEntry {
      throw DatasetError.suspiciousEntry(
        name: name, reason: "it unpacks to \(entry.size >> 20) MiB, the limit is \(Self.largestEntry >> 20)")
    }
    if entry.size > 1 << 20, entry.size / max(1, entry.packedSize) > Self.largestRatio {
      throw DatasetError.suspiciousEntry(
        name: name, reason: "it is packed \(entry.size / max(1, entry.packedSize)) to 1, as no image is")
    }
  }

  private static func open(_ path: String) throws -> OpaquePointer {
    var code: Int32 = 0
    if let handle = zip_open(path, ZIP_RDONLY, &code) { return handle }
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    if zip_error_system_type(&error) == ZIP_ET_SYS {
      throw FileError(.read, path: path, code: zip_error_code_system(&error))
    }
    throw DatasetError.malformed(path: path, reason: "as a ZIP archive: \(String(cString: zip_error_strerror(&error)))")
  }
}

/// The pictures in a ZIP file, at any depth, in the order of their paths (byte by byte).
///
/// Labels come from `dataset.json` (NVIDIA's layout), else from subfolders (see ``Labels``).
package struct ZIPCollection: ImageCollection {
  package let name: String
  package let ignored: [String]
  private let archive: ZIPArchive
  private let items: [ZIPArchive.Entry]
  private let labels: Labels

  /// - Throws: `FileError`, ``DatasetError``.
  package init(_ path: String) throws {
    name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    archive = try ZIPArchive(path)
    items = archive.entries.filter { FolderCollection.isImage($0.name) }.sorted {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    guard !items.isEmpty else { throw DatasetError.noImages(path) }
    let names = items.map(\.name)
    if let table = archive.entries.first(where: { $0.name == "dataset.json" }) {
      labels = try Labels(json: try archive.bytes(of: table), path: "\(path):dataset.json", items: names)
    } else {
      labels = Labels(folders: names)
    }
    ignored = archive.entries.map(\.name).filter {
      !FolderCollection.isImage($0) && !FolderCollection.isHidden($0) && $0 != "dataset.json"
    }
  }

  package var kind: String { "ZIP" }
  package var count: Int { items.count }
  package var labelCount: Int { labels.count }
  package var labelNames: [String] { labels.names }
  package var isInMemory: Bool { false }
  package func itemName(at index: Int) -> String { items[index].name }
  package func label(at index: Int) -> Int? { labels[index] }
  package func stamp(at index: Int) -> UInt64 {
    UInt64(items[index].checksum) << 32 | UInt64(truncatingIfNeeded: items[index].size) & 0xffff_ffff
  }

  package func header(at index: Int) throws -> ImageDecoder.Header {
    let item = items[index]
    if item.name.lowercased().hasSuffix(".png"),
      let header = PNGHeader.read(try archive.bytes(of: item, limit: PNGHeader.prefix))
    {
      return header
    }
    return try ImageDecoder.header(of: try archive.bytes(of: item), name: "\(archive.path):\(item.name)")
  }

  package func file(at index: Int) throws -> [UInt8]? { try archive.bytes(of: items[index]) }
  package func image(at index: Int) throws -> Image {
    try ImageDecoder.decode(try archive.bytes(of: items[index]), name: "\(archive.path):\(items[index].name)")
  }
}
