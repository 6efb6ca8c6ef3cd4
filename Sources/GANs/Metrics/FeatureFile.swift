import Foundation
import Images
import Torch

/// Features on disk, row after row of float32: what a metric needs of 50,000 images without holding it in memory, what
/// another run need not compute again, and what an interrupted one goes on from.
public final class FeatureFile {
  /// Where features are kept: `$XDG_CACHE_HOME/swift-stylegan/features`, else below `~/.cache`.
  public static var defaultFolder: String {
    let base = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (base ?? NSHomeDirectory() + "/.cache") + "/swift-stylegan/features"
  }

  /// The file; it has this name only while no other process writes it.
  public let path: String
  /// Elements of a row; nil as long as the file is empty.
  public private(set) var width: Int?
  /// Whole rows.
  public private(set) var count = 0
  private let descriptor: Int32
  private let isTemporary: Bool

  private static let magic: UInt64 = 0x3146_4547_4c59_5453  // "STYLEGF1"

  /// Opens or makes a file.
  /// - Parameter key: all that determines the features; it is hashed into the file's name.
  /// - Throws: `FileError`.
  public init(folder: String, key: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(.write, path: folder, code: EACCES)
    }
    let name = "\(folder)/\(digest(of: [(key, Tensor([0]))])).f32"
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
    readHeader()
  }

  deinit { close(descriptor) }

  private static let headerSize = 16

  private func readHeader() {
    var header: [UInt64] = [0, 0]
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size >= Self.headerSize, pread(descriptor, &header, Self.headerSize, 0) == Self.headerSize,
      header[0] == Self.magic, (1...1 << 24).contains(header[1])
    else { return }
    width = Int(header[1])
    count = (size - Self.headerSize) / (width! * 4)
  }

  /// Adds rows, `[N, width]`.
  /// - Throws: `FileError`, as when the disk is full; the rows before stay.
  public func append(_ features: Tensor) throws {
    if width == nil {
      width = features.size(1)
      try write([Self.magic, UInt64(features.size(1))].withUnsafeBytes { Array($0) }, at: 0)
    }
    precondition(features.size(1) == width, "rows of \(features.size(1)) in a file of rows of \(width!)")
    try write(features.to(.float32).bytes, at: Self.headerSize + count * width! * 4)
    count += features.size(0)
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      guard written > 0 else { throw FileError(.write, path: path) }
      done += written
    }
  }

  /// Forgets all rows from `count` on.
  public func keep(rows count: Int) { self.count = min(count, self.count) }

  /// Some rows, `[range.count, width]`.
  /// - Throws: `FileError`.
  public func rows(_ range: Range<Int>) throws -> Tensor {
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
    return Tensor(values, shape: [range.count, width!])
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
}
