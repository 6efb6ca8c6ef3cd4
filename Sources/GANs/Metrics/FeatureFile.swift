import Datasets
import Files
import Foundation
import Images
import Torch

/// Features on disk, row after row of float32: what a metric needs of 50,000 images without holding it in memory, what
/// another run need not compute again, and what an interrupted one goes on from.
///
/// A header says how many rows there are and has their checksum. A file whose rows are not those that were written (a
/// damaged disk, pages that a power cut made zeros) is emptied when it is opened; rows behind those of the header, left by
/// a process that was killed, do not count.
public final class FeatureFile {
  /// Where features are kept: `$XDG_CACHE_HOME/swift-stylegan/features`, else below `~/.cache`.
  public static var defaultFolder: String { Folder.cache + "/features" }

  /// The file; it has this name only while no other process writes it.
  public let path: String
  /// Elements of a row; nil as long as the file is empty.
  public private(set) var width: Int?
  /// Whole rows.
  public private(set) var count = 0
  private let descriptor: Int32
  private let isTemporary: Bool
  /// Of all rows.
  private var digest = Digest()

  private static let magic: UInt64 = 0x3246_4547_4c59_5453  // "STYLEGF2"
  private static let fakesPrefix = "fakes-"

  /// Opens or makes a file.
  /// - Parameters:
  ///   - key: all that determines the features; it is hashed into the file's name.
  ///   - ofFakes: they are of no use when all is measured: ``removeAbandonedFakes(in:olderThan:)`` may take them.
  /// - Throws: `FileError`.
  public init(folder: String, key: String, ofFakes: Bool = false) throws {
    try Folder.make(folder)
    let name = "\(folder)/\(ofFakes ? Self.fakesPrefix : "")\(GANs.digest(of: [(key, Tensor([0]))])).f32"
    var file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw FileError(.write, path: name) }
    if flock(file, LOCK_EX | LOCK_NB) == 0 {
      (path, isTemporary) = (name, false)
    } else {
      // Another process is at it: this one works by itself.
      close(file)
      let own = "\(folder)/\(AtomicFile.temporaryPrefix)\(UUID().uuidString)"
      file = open(own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard file >= 0 else { throw FileError(.write, path: own) }
      unlink(own)
      (path, isTemporary) = (own, true)
    }
    descriptor = file
    try readHeader()
  }

  deinit { close(descriptor) }

  /// Magic, width, count, checksum: 8 bytes each, little-endian as every processor that this runs on.
  private static let headerSize = 32

  /// Finds what is there, and empties the file where that is not what was written.
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
    guard ftruncate(descriptor, 0) == 0 else { throw FileError(.write, path: path) }
  }

  /// Of the rows, their number and their width.
  private var checksum: UInt64 {
    var whole = digest
    whole.add(UInt64(width ?? 0))
    whole.add(UInt64(count))
    return whole.value
  }

  /// Reads all rows anew into the digest.
  private func readDigest() throws {
    digest = Digest()
    // About 4 MB at once.
    let chunk = max(1, (1 << 20) / width!)
    for start in stride(from: 0, to: count, by: chunk) {
      let values = try values(of: start..<min(start + chunk, count))
      values.withUnsafeBytes { addToDigest($0) }
    }
  }

  /// Adds whole rows.
  private func addToDigest(_ rows: UnsafeRawBufferPointer) {
    let size = width! * 4
    for start in stride(from: 0, to: rows.count, by: size) {
      digest.add(UnsafeRawBufferPointer(rebasing: rows[start..<start + size]))
    }
  }

  /// Adds rows, `[N, width]`.
  /// - Throws: `FileError`, as when the disk is full; the rows before stay.
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

  /// Forgets all rows from `count` on.
  /// - Throws: `FileError`.
  public func keep(rows count: Int) throws {
    guard count < self.count else { return }
    self.count = count
    try readDigest()
    // Before rows are written over that the header counts.
    try writeHeader()
  }

  /// Some rows, `[range.count, width]`.
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
        guard read > 0 else { throw FileError(.read, path: path) }
        done += read
      }
    }
    return values
  }

  /// Rows by their numbers, ascending.
  public func rows(_ numbers: [Int]) throws -> Tensor {
    var parts: [Tensor] = []
    var start = 0
    while start < numbers.count {
      var end = start + 1
      while end < numbers.count, numbers[end] == numbers[end - 1] + 1 { end += 1 }
      parts.append(try rows(numbers[start]..<numbers[start] + (end - start)))
      start = end
    }
    return .concatenated(parts)
  }

  /// Removes the file; what is open stays readable.
  public func remove() { if !isTemporary { unlink(path) } }

  /// Removes features of fakes that nobody came back for: evaluations that were killed, or stopped and not gone on with.
  /// - Parameter days: since they were last written; files in use stay.
  public static func removeAbandonedFakes(in folder: String, olderThan days: Double = 7) {
    AtomicFile.removeStale(in: folder) { name in
      guard name.hasPrefix(fakesPrefix),
        let written = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] as? Date
      else { return false }
      return Date.now.timeIntervalSince(written) > days * 86_400
    }
  }
}
