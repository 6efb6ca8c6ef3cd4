import Datasets
import Files
import Foundation
import Images
import Torch

/// A file of features, rows of float32. A metric of 50,000 images does not hold them in memory, another run reuses them,
/// and an interrupted evaluation resumes from them.
///
/// The header has the number of rows and their checksum. Opening a file with a wrong checksum (a damaged disk, pages
/// zeroed by a power cut) empties it. Rows beyond the header's number, from a killed process, are ignored.
public final class FeatureFile {
  /// The default cache folder: `$XDG_CACHE_HOME/swift-stylegan/features`, else below `~/.cache`.
  public static var defaultFolder: String { Folder.cache + "/features" }

  /// The file, or a temporary file while another process uses the named one.
  public let path: String
  /// Elements of a row; nil while the file is empty.
  public private(set) var width: Int?
  /// The number of rows.
  public private(set) var count = 0
  private let descriptor: Int32
  private let isTemporary: Bool
  /// The digest of all rows.
  private var digest = Digest()

  private static let magic: UInt64 = 0x3246_4547_4c59_5453  // "STYLEGF2"
  private static let fakesPrefix = "fakes-"

  /// Opens or creates a file.
  /// - Parameters:
  ///   - folder: the cache folder; nil: the file is temporary.
  ///   - key: everything that determines the features; its hash is part of the file's name.
  ///   - ofFakes: whether ``removeAbandonedFakes(in:olderThan:)`` may remove the file.
  /// - Throws: `FileError`.
  public init(folder: String?, key: String, ofFakes: Bool = false) throws {
    guard let folder else {
      (descriptor, path) = try Self.temporary(in: NSTemporaryDirectory())
      isTemporary = true
      return
    }
    try Folder.make(folder)
    let name = "\(folder)/\(ofFakes ? Self.fakesPrefix : "")\(GANs.digest(of: [(key, Tensor([0]))])).f32"
    var file = repeatingInterrupted { open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
    guard file >= 0 else { throw FileError(.write, path: name) }
    if flock(file, LOCK_EX | LOCK_NB) == 0 {
      (path, isTemporary) = (name, false)
    } else {
      // Another process uses the file: this one uses a temporary file.
      close(file)
      (file, path) = try Self.temporary(in: folder)
      isTemporary = true
    }
    descriptor = file
    try readHeader()
  }

  deinit { close(descriptor) }

  /// Opens a file without a name; it disappears with this object.
  private static func temporary(in folder: String) throws -> (descriptor: Int32, path: String) {
    let path = "\(folder)/\(AtomicFile.temporaryPrefix)\(UUID().uuidString)"
    let file = repeatingInterrupted { open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard file >= 0 else { throw FileError(.write, path: path) }
    unlink(path)
    return (file, path)
  }

  /// Magic, width, count, checksum: 8 bytes each, little-endian.
  private static let headerSize = 32

  /// Reads the header, and empties the file where the header or the checksum is wrong.
  private func readHeader() throws {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0 else { return }
    var header = [UInt64](repeating: 0, count: 4)
    if size >= Self.headerSize, pread(descriptor, &header, Self.headerSize, 0) == Self.headerSize,
      header[0] == Self.magic, (1...1 << 24).contains(header[1]),
      header[2] <= UInt64(size - Self.headerSize) / (header[1] * 4)
    {
      (width, count) = (Int(header[1]), Int(header[2]))
      try readDigest()
      if checksum == header[3] { return }
    }
    (width, count, digest) = (nil, 0, Digest())
    guard repeatingInterrupted({ ftruncate(descriptor, 0) }) == 0 else { throw FileError(.write, path: path) }
  }

  /// The checksum of the rows, their number and their width.
  private var checksum: UInt64 {
    var whole = digest
    whole.add(UInt64(width ?? 0))
    whole.add(UInt64(count))
    return whole.value
  }

  /// Computes the digest of all rows from the file.
  private func readDigest() throws {
    digest = Digest()
    // About 4 MB at once.
    for range in chunks(count, of: max(1, (1 << 20) / width!)) {
      try values(of: range).withUnsafeBytes { addToDigest($0) }
    }
  }

  /// Adds whole rows to the digest.
  private func addToDigest(_ rows: UnsafeRawBufferPointer) {
    for range in chunks(rows.count, of: width! * 4) { digest.add(UnsafeRawBufferPointer(rebasing: rows[range])) }
  }

  /// Appends rows, `[N, width]`.
  /// - Throws: `FileError`, for example where the disk is full; earlier rows stay.
  public func append(_ features: Tensor) throws {
    if width == nil { width = features.size(1) }
    precondition(features.size(1) == width, "rows of \(features.size(1)) in a file of rows of \(width!)")
    let bytes = features.to(.float32).bytes
    try write(bytes, at: Self.headerSize + count * width! * 4)
    bytes.withUnsafeBytes { addToDigest($0) }
    count += features.size(0)
    try writeHeader()
  }

  private func writeHeader() throws {
    try write([Self.magic, UInt64(width!), UInt64(count), checksum].withUnsafeBytes { Array($0) }, at: 0)
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, at: offset, path: path) }
  }

  /// Drops all rows from `count` on.
  /// - Throws: `FileError`.
  public func keep(rows count: Int) throws {
    guard count < self.count else { return }
    self.count = count
    try readDigest()
    // The header must not count rows that will be overwritten.
    try writeHeader()
  }

  /// Reads rows, `[range.count, width]`.
  /// - Throws: `FileError`.
  public func rows(_ range: Range<Int>) throws -> Tensor {
    Tensor(try values(of: range), shape: [range.count, width!])
  }

  private func values(of range: Range<Int>) throws -> [Float] {
    precondition(range.upperBound <= count && width != nil, "rows \(range) of \(count)")
    var values = [Float](repeating: 0, count: range.count * width!)
    try values.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < buffer.count {
        let offset = Self.headerSize + range.lowerBound * width! * 4 + done
        let read = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { throw FileError(.read, path: path) }
        done += read
      }
    }
    return values
  }

  /// Reads rows by their ascending numbers.
  public func rows(_ numbers: [Int]) throws -> Tensor {
    var (parts, start): ([Tensor], Int) = ([], 0)
    while start < numbers.count {
      var end = start + 1
      while end < numbers.count, numbers[end] == numbers[end - 1] + 1 { end += 1 }
      parts.append(try rows(numbers[start]..<numbers[end - 1] + 1))
      start = end
    }
    return .concatenated(parts)
  }

  /// Removes the file; this open file stays readable.
  public func remove() { if !isTemporary { unlink(path) } }

  /// Removes features of fakes from evaluations that were stopped or killed and not resumed. Files in use stay.
  /// - Parameter days: the age since the last write.
  public static func removeAbandonedFakes(in folder: String, olderThan days: Double = 7) {
    AtomicFile.removeStale(in: folder) { name in
      guard name.hasPrefix(fakesPrefix), let age = FileSystem.age(of: "\(folder)/\(name)") else { return false }
      return age > days * 86_400
    }
  }
}
