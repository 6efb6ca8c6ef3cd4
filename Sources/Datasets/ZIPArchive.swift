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
    /// Why it cannot be read, with the way out: encrypted, or compressed by a method that is not built in.
    package let problem: String?
    /// Whether it is stored without compression.
    fileprivate let isStored: Bool
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
      // The bytes of names as they are: libzip would take those that are not UTF-8 for CP437, which hardly any are.
      guard zip_stat_index(handle, UInt64(index), zip_flags_t(ZIP_FL_ENC_RAW), &status) == 0, let name = status.name
      else {
        defer { zip_discard(handle) }
        throw Self.failure(zip_get_error(handle), path: path, "entry \(index) of its directory is unreadable: ")
      }
      let text = String(path: name)
      if text.utf8.last == UInt8(ascii: "/") || text.utf8.last == UInt8(ascii: "\\") { continue }
      entries.append(
        Entry(
          name: text, size: Int(clamping: status.size), packedSize: Int(clamping: status.comp_size),
          checksum: status.crc, problem: Self.problem(of: status), isStored: status.comp_method == ZIP_CM_STORE,
          index: UInt64(index)))
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
    if let problem = entry.problem { throw DatasetError.unusable(path: path, reason: problem) }
    if limit == .max { try refuseAbsurd(entry) }
    let wanted = min(entry.size, limit)
    try WholeFile.requireMemory(wanted, for: name)
    return try reading(entry) { file in
      try [UInt8](unsafeUninitializedCapacity: wanted + 1) { out, count in
        count = 0
        // libzip verifies the checksum at the end of an entry: read one more byte.
        let last = limit == .max ? wanted + 1 : wanted
        while count < last {
          let got = zip_fread(file, out.baseAddress! + count, UInt64(last - count))
          guard got >= 0 else {
            count = 0
            throw Self.failure(zip_file_get_error(file), path: name)
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
  }

  /// The last `count` bytes of a stored entry, without verifying its checksum; nil for a compressed entry.
  /// - Throws: ``DatasetError``, `FileError`.
  package func tail(of entry: Entry, _ count: Int) throws -> (bytes: [UInt8], size: Int)? {
    guard entry.isStored, entry.problem == nil else { return nil }
    return try reading(entry) { file in
      var bytes = [UInt8](repeating: 0, count: min(count, entry.size))
      guard zip_fseek(file, Int64(entry.size - bytes.count), SEEK_SET) == 0,
        zip_fread(file, &bytes, UInt64(bytes.count)) == Int64(bytes.count)
      else { throw Self.failure(zip_file_get_error(file), path: "\(path):\(entry.name)") }
      return (bytes, entry.size)
    }
  }

  /// Opens an entry with a handle that no other thread uses.
  private func reading<Value>(_ entry: Entry, _ body: (OpaquePointer) throws -> Value) throws -> Value {
    let handle = try idle.withLock { $0.popLast() } ?? Self.open(path)
    defer { idle.withLock { $0.append(handle) } }
    guard let file = zip_fopen_index(handle, entry.index, 0) else {
      throw Self.failure(zip_get_error(handle), path: "\(path):\(entry.name)")
    }
    defer { zip_fclose(file) }
    return try body(file)
  }

  /// Why an entry cannot be read; nil if it can.
  private static func problem(of status: zip_stat_t) -> String? {
    if status.valid & UInt64(ZIP_STAT_ENCRYPTION_METHOD) != 0, status.encryption_method != ZIP_EM_NONE {
      return "it is encrypted; unpack it with its password and give the folder"
    }
    guard status.valid & UInt64(ZIP_STAT_COMP_METHOD) != 0,
      zip_compression_method_supported(Int32(status.comp_method), 0) == 0
    else { return nil }
    let names: [UInt16: String] = [
      1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 19: "LZ77", 93: "Zstandard", 94: "MP3",
      95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd",
    ]
    let method = names[status.comp_method] ?? "method \(status.comp_method)"
    return
      "it is compressed by \(method), which is not read here; unpack it and give the folder, or pack it again with "
      + "Deflate"
  }

  /// The error of libzip: a shortage or a failing disk is not damage.
  private static func failure(
    _ error: UnsafeMutablePointer<zip_error_t>?, path: String, _ prefix: String = ""
  ) -> any Error {
    guard let error else { return DatasetError.malformed(path: path, reason: "\(prefix)no reason given") }
    if zip_error_system_type(error) == ZIP_ET_SYS, zip_error_code_system(error) != 0 {
      return FileError(.read, path: path, code: zip_error_code_system(error))
    }
    let code = zip_error_code_zip(error)
    if code == ZIP_ER_MEMORY { return FileError(.read, path: path, code: ENOMEM) }
    if code == ZIP_ER_MULTIDISK {
      return DatasetError.unusable(
        path: path, reason: "it is a part of a split archive; join the parts (`zip -s 0 PART.zip --out whole.zip`)")
    }
    return DatasetError.malformed(path: path, reason: prefix + String(cString: zip_error_strerror(error)))
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
    throw failure(&error, path: path, "invalid ZIP file: ")
  }
}
