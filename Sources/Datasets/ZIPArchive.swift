import CLibzip
import Files
import Foundation

/// Random, thread-safe access to the entries of a ZIP file (libzip).
///
/// Reading an entry verifies its checksum. ZIP bombs are refused.
package final class ZIPArchive: Sendable {
  /// An entry of the archive's directory.
  package struct Entry: Sendable, Equatable {
    /// The path in the archive.
    package let name: String
    /// The unpacked size in bytes.
    package let size: Int
    /// The packed size in bytes.
    package let packedSize: Int
    /// The CRC-32 of the unpacked bytes.
    package let checksum: UInt32
    /// The index in the archive.
    fileprivate let index: UInt64
  }

  /// The largest unpacked size of an entry.
  package static let largestEntry = 512 << 20
  /// The largest compression ratio of entries over 1 MiB; images never reach it.
  package static let largestRatio = 200

  /// The path of the archive.
  package let path: String
  /// The files, in the order of the archive.
  package let entries: [Entry]
  /// libzip handles are not thread-safe: each use takes one of these or opens another.
  private let idle: Monitor<[OpaquePointer]>

  /// Reads the directory of the archive.
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
          checksum: status.crc, index: UInt64(index)))
    }
    self.entries = entries
    idle = Monitor([handle])
  }

  deinit { idle.withLock { for handle in $0 { zip_discard(handle) } } }

  /// The unpacked bytes of an entry.
  /// - Parameter limit: read at most the first `limit` bytes; only a complete read verifies the checksum.
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
      // libzip verifies the checksum at the end of an entry: read one more byte.
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
        name: name, reason: "it is compressed \(entry.size / max(1, entry.packedSize)) to 1, unlike an image")
    }
  }

  private static func open(_ path: String) throws -> OpaquePointer {
    var code: Int32 = 0
    if let handle = path.withPath({ zip_open($0, ZIP_RDONLY, &code) }) { return handle }
    var error = zip_error_t()
    zip_error_init_with_code(&error, code)
    defer { zip_error_fini(&error) }
    if zip_error_system_type(&error) == ZIP_ET_SYS {
      throw FileError(.read, path: path, code: zip_error_code_system(&error))
    }
    throw DatasetError.malformed(path: path, reason: "invalid ZIP file: \(String(cString: zip_error_strerror(&error)))")
  }
}

/// The files of a ZIP archive.
struct ZIPStore: FileStore {
  let kind = "ZIP"
  let name: String
  private let archive: ZIPArchive
  private let entries: [String: ZIPArchive.Entry]

  /// - Throws: `FileError`, ``DatasetError``.
  init(_ path: String) throws {
    name = FileSystem.stem(of: path)
    archive = try ZIPArchive(path)
    entries = Dictionary(archive.entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  var files: [String] { archive.entries.map(\.name) }
  var others: [String] { [] }
  func path(of file: String) -> String { "\(archive.path):\(file)" }
  func stamp(of file: String) -> UInt64 {
    let entry = entries[file]!
    return UInt64(entry.checksum) << 32 | UInt64(truncatingIfNeeded: entry.size) & 0xffff_ffff
  }
  func bytes(of file: String, limit: Int?) throws -> [UInt8] {
    try archive.bytes(of: entries[file]!, limit: limit ?? .max)
  }
}
