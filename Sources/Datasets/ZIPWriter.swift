import CZlib
import Files
import Foundation

/// Appends stored (uncompressed) entries to a ZIP file and can resume an interrupted file.
///
/// libzip writes complete archives only, so it cannot resume a killed build. Deflating does not make PNGs smaller. The
/// format is APPNOTE.TXT 6.3, with ZIP64 if necessary. Equal entries give equal bytes: all dates are 1 January 1980.
final class ZIPWriter {
  /// A written entry.
  private struct Entry {
    let name: String
    let checksum: UInt32
    let size: Int
    let offset: Int
  }

  private let path: String
  private let descriptor: Int32
  private var entries: [Entry] = []
  private var end = 0
  private var isClosed = false

  /// The number of entries.
  var count: Int { entries.count }

  /// Opens or creates a file and locks it. ``recover(atMost:named:)`` recovers its entries.
  /// - Throws: `FileError`; ``DatasetError/badOutput(path:reason:)`` if another process holds the lock.
  init(_ path: String) throws {
    self.path = path
    descriptor = repeatingInterrupted { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileError(.write, path: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw DatasetError.badOutput(path: path, reason: "another process is writing it; wait for it")
    }
  }

  /// Writes to an open, empty file; ``finish()`` closes it.
  init(descriptor: Int32, path: String) { (self.path, self.descriptor) = (path, descriptor) }

  deinit { if !isClosed { close(descriptor) } }

  /// Recovers the intact entries at the start of the file, at most `limit`, and truncates the rest.
  /// - Parameter name: the name of an entry by its number. Checksums do not include names.
  /// - Returns: the number of entries.
  /// - Throws: `FileError`.
  func recover(atMost limit: Int, named name: (Int) -> String) throws -> Int {
    (entries, end) = ([], 0)
    let length = Int(lseek(descriptor, 0, SEEK_END))
    var header = [UInt8](repeating: 0, count: 30)
    while count < limit, pread(descriptor, &header, 30, off_t(end)) == 30, header.starts(with: [0x50, 0x4b, 3, 4]) {
      func number(_ at: Int, _ length: Int) -> Int { (0..<length).reduce(0) { $0 | Int(header[at + $1]) << (8 * $1) } }
      let (checksum, size, nameLength) = (UInt32(number(14, 4)), number(18, 4), number(26, 2))
      // A damaged size must not allocate much.
      guard size <= ZIPArchive.largestEntry, nameLength + size <= length - end - 30 else { break }
      var rest = [UInt8](repeating: 0, count: nameLength + size)
      guard pread(descriptor, &rest, rest.count, off_t(end + 30)) == rest.count else { break }
      let found = rest.withUnsafeBytes { Self.crc32(UnsafeRawBufferPointer(rebasing: $0[nameLength...])) }
      guard found == checksum, rest[..<nameLength].elementsEqual(name(count).utf8) else { break }
      entries.append(Entry(name: name(count), checksum: checksum, size: size, offset: end))
      end += 30 + rest.count
    }
    guard repeatingInterrupted({ ftruncate(descriptor, off_t(end)) }) == 0 else { throw FileError(.write, path: path) }
    return count
  }

  /// Appends a file.
  /// - Parameter name: the path in the archive, in ASCII.
  /// - Throws: `FileError`; the next ``recover(atMost:named:)`` removes the incomplete entry.
  func append(_ bytes: [UInt8], name: String) throws {
    precondition(bytes.count <= ZIPArchive.largestEntry && name.utf8.allSatisfy { $0 < 128 })
    let entry = Entry(name: name, checksum: bytes.withUnsafeBytes(Self.crc32), size: bytes.count, offset: end)
    var block = Bytes()
    block.add(0x0403_4b50, 4)
    block.common(entry, version: 20)
    block.bytes += Array(name.utf8)
    block.bytes += bytes
    try write(block.bytes)
    entries.append(entry)
  }

  /// Writes the directory, then calls fsync.
  /// - Throws: `FileError`.
  func finish() throws {
    let start = end
    for entry in entries {
      let far = entry.offset >= 0xffff_ffff
      var block = Bytes()
      block.add(0x0201_4b50, 4)
      block.add(far ? 45 : 20, 2)
      block.common(entry, version: far ? 45 : 20, extra: far ? 12 : 0)
      block.add(0, 2 + 2 + 2 + 4)  // comment, disk, internal and external attributes
      block.add(far ? 0xffff_ffff : entry.offset, 4)
      block.bytes += Array(entry.name.utf8)
      if far {
        block.add(1, 2)
        block.add(8, 2)
        block.add(entry.offset, 8)
      }
      try write(block.bytes)
    }
    let size = end - start
    var block = Bytes()
    if count >= 0xffff || start >= 0xffff_ffff || size >= 0xffff_ffff {
      let directoryEnd = end
      block.add(0x0606_4b50, 4)
      block.add(44, 8)
      block.add(45, 2)
      block.add(45, 2)
      block.add(0, 4 + 4)
      for number in [count, count, size, start] { block.add(number, 8) }
      block.add(0x0706_4b50, 4)
      block.add(0, 4)
      block.add(directoryEnd, 8)
      block.add(1, 4)
    }
    block.add(0x0605_4b50, 4)
    block.add(0, 2 + 2)
    for _ in 0..<2 { block.add(min(count, 0xffff), 2) }
    block.add(min(size, 0xffff_ffff), 4)
    block.add(min(start, 0xffff_ffff), 4)
    block.add(0, 2)
    try write(block.bytes)
    guard repeatingInterrupted({ fsync(descriptor) }) == 0 else { throw FileError(.write, path: path) }
    isClosed = true
    guard closeWritten(descriptor) else { throw FileError(.write, path: path) }
  }

  /// CRC-32 as in ZIP.
  private static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let base = bytes.baseAddress else { return 0 }
    return UInt32(truncatingIfNeeded: crc32_z(0, base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  private func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, at: end, path: path) }
    end += bytes.count
  }

  /// Little-endian numbers.
  private struct Bytes {
    var bytes: [UInt8] = []

    mutating func add(_ number: Int, _ length: Int) {
      for at in 0..<length { bytes.append(at < 8 ? UInt8(truncatingIfNeeded: number >> (8 * at)) : 0) }
    }

    /// The fields common to local header and directory: version needed … length of the extra field.
    mutating func common(_ entry: Entry, version: Int, extra: Int = 0) {
      add(version, 2)
      add(0, 2 + 2 + 2)  // flags, method stored, time
      add(0x0021, 2)  // 1 January 1980
      add(Int(entry.checksum), 4)
      add(entry.size, 4)
      add(entry.size, 4)
      add(entry.name.utf8.count, 2)
      add(extra, 2)
    }
  }
}
