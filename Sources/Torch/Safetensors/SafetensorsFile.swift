// Goals, in order: no file can cause a trap or a read out of bounds; accept exactly the format; no copy of the data.

import Files
import Foundation

/// A safetensors file, memory-mapped and checked as a whole: named tensors and a map of strings.
///
/// Do not truncate a file in place while it is open. ``SafetensorsWriter`` replaces files; that is safe.
public final class SafetensorsFile: @unchecked Sendable {
  /// The type, shape and place of a tensor.
  public struct TensorInfo: Sendable, Equatable {
    /// The tensor's full, dotted name.
    public let name: String
    /// The type of its elements.
    public let dataType: SafetensorsDataType
    /// Its extents; empty for a scalar.
    public let shape: [Int]
    /// Its byte range, counted from the end of the header.
    public let byteRange: Range<Int>
  }

  /// The path, as given.
  public let path: String
  /// The file's `__metadata__`; empty if there is none.
  public let metadata: [String: String]
  /// The tensors by name.
  public let tensors: [String: TensorInfo]

  private let mapping: UnsafeRawBufferPointer
  private let data: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// The tensors' names, sorted by their UTF-8 bytes.
  public var names: [String] { tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// Opens and checks the file at `path`.
  /// - Throws: `FileError` if it cannot be read; ``SafetensorsError`` if it violates the format: a header of at most
  ///   100 MB, unique names, and tensors that fill the data without overlaps or holes.
  public convenience init(path: String) throws { try self.init(try Self.map(path), path: path, isMapped: true) }

  /// A file embedded in the program.
  /// - Parameter name: the name in errors.
  package convenience init(embedded bytes: UnsafeRawBufferPointer, name: String) throws(SafetensorsError) {
    try self.init(bytes, path: name, isMapped: false)
  }

  private init(_ mapping: UnsafeRawBufferPointer, path: String, isMapped: Bool) throws(SafetensorsError) {
    self.isMapped = isMapped
    do throws(SafetensorsError) {
      guard mapping.count >= 8 else { throw .tooShort(path: path, size: mapping.count) }
      let length = UInt64(littleEndian: mapping.loadUnaligned(as: UInt64.self))
      guard length <= 100_000_000 else { throw .headerTooLarge(path: path, length: length) }
      guard length <= mapping.count - 8 else { throw .headerBeyondEnd(path: path, length: length, size: mapping.count) }
      let data = UnsafeRawBufferPointer(rebasing: mapping[(8 + Int(length))...])
      let header = try SafetensorsHeader(
        parsing: UnsafeRawBufferPointer(rebasing: mapping[8..<(8 + Int(length))]), path: path)
      tensors = try Self.check(header.entries, dataLength: data.count, path: path)
      metadata = header.metadata
      self.path = path
      self.mapping = mapping
      self.data = data
    } catch {
      if isMapped { Self.unmap(mapping) }
      throw error
    }
  }

  deinit { if isMapped { Self.unmap(mapping) } }

  /// A tensor's bytes, little-endian and row-major.
  ///
  /// The pointer is valid while this object lives (see ``withBytes(of:_:)``). It may be unaligned: use `loadUnaligned`.
  public func bytes(of name: String) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    guard let info = tensors[name] else { throw .missingTensor(path: path, name: name) }
    return UnsafeRawBufferPointer(rebasing: data[info.byteRange])
  }

  /// Calls `body` with a tensor's bytes; the file stays open until it returns.
  public func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try withExtendedLifetime(self) { try body(try bytes(of: name)) }
  }

  /// Checks each tensor, then that all of them fill `0..<dataLength`.
  private static func check(
    _ entries: [(name: String, entry: SafetensorsHeader.Entry)], dataLength: Int, path: String
  ) throws(SafetensorsError) -> [String: TensorInfo] {
    var tensors: [TensorInfo] = []
    for (name, entry) in entries {
      guard let dataType = SafetensorsDataType(rawValue: entry.dataType) else {
        throw .unknownDataType(path: path, name: name, dataType: entry.dataType)
      }
      guard entry.begin <= entry.end, entry.end <= dataLength else {
        throw .offsetsOutOfRange(path: path, name: name, begin: entry.begin, end: entry.end, dataLength: dataLength)
      }
      let expected = dataType.byteCount(shape: entry.shape)
      guard expected == entry.end - entry.begin else {
        throw .sizeMismatch(
          path: path, name: name, shape: entry.shape, dataType: dataType, expected: expected,
          found: entry.end - entry.begin)
      }
      tensors.append(TensorInfo(name: name, dataType: dataType, shape: entry.shape, byteRange: entry.begin..<entry.end))
    }

    // An empty tensor sorts before a tensor with the same start.
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    var end = 0
    var previous = ""
    for tensor in tensors {
      guard tensor.byteRange.lowerBound >= end else { throw .overlap(path: path, first: previous, second: tensor.name) }
      guard tensor.byteRange.lowerBound == end else {
        throw .hole(path: path, begin: end, end: tensor.byteRange.lowerBound)
      }
      end = tensor.byteRange.upperBound
      previous = tensor.name
    }
    guard end == dataLength else { throw .hole(path: path, begin: end, end: dataLength) }
    return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  private static func map(_ path: String) throws -> UnsafeRawBufferPointer {
    let (file, size) = try WholeFile.open(path)
    defer { close(file) }
    guard size > 0 else { throw SafetensorsError.tooShort(path: path, size: 0) }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), address != MAP_FAILED else {
      throw FileError(.read, path: path)
    }
    return UnsafeRawBufferPointer(start: address, count: size)
  }

  private static func unmap(_ mapping: UnsafeRawBufferPointer) {
    munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count)
  }
}
