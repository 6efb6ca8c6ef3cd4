// Goals, in order: an interrupted write keeps the old file; equal content gives equal bytes; no copy of all tensors.

import Files

/// Writes a safetensors file atomically (see `AtomicFile`).
///
/// Tensors are sorted by name and metadata by key, as UTF-8 bytes. The data begin at a multiple of 8 bytes.
public struct SafetensorsWriter {
  /// Receives the next bytes of a tensor.
  public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  /// The file's `__metadata__`.
  public var metadata: [String: String]

  private struct Source {
    let name: String
    let dataType: SafetensorsDataType
    let shape: [Int]
    let deliver: (Sink) throws -> Void
  }

  private var sources: [Source] = []

  /// A file without tensors.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor; ``write(to:)`` asks for its bytes.
  /// - Parameter deliver: passes the little-endian, row-major bytes to the sink, in one or more pieces.
  public mutating func add(
    _ name: String, dataType: SafetensorsDataType, shape: [Int], deliver: @escaping (Sink) throws -> Void
  ) { sources.append(Source(name: name, dataType: dataType, shape: shape, deliver: deliver)) }

  /// Adds a tensor with these bytes, little-endian and row-major.
  public mutating func add(_ name: String, dataType: SafetensorsDataType, shape: [Int], bytes: [UInt8]) {
    add(name, dataType: dataType, shape: shape) { sink in try bytes.withUnsafeBytes(sink) }
  }

  /// Writes the file.
  /// - Throws: `FileError`, ``SafetensorsError``, or an error of a source. The file at `path` is then unchanged.
  public func write(to path: String) throws {
    let sources = self.sources.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let (header, byteCounts) = try header(of: sources, path: path)
    try AtomicFile.write(to: path) { file in
      // Most tensors are small: they are gathered, so that a file takes few calls.
      var pending = header
      func flush() throws {
        try pending.withUnsafeBytes { try AtomicFile.writeAll($0, to: file, path: path) }
        pending.removeAll(keepingCapacity: true)
      }
      func write(_ bytes: UnsafeRawBufferPointer) throws {
        if pending.count + bytes.count > 1 << 20 { try flush() }
        if bytes.count > 1 << 20 { return try AtomicFile.writeAll(bytes, to: file, path: path) }
        pending += bytes
      }
      for (source, expected) in zip(sources, byteCounts) {
        var found = 0
        func check(_ isRight: Bool) throws(SafetensorsError) {
          if isRight { return }
          throw .wrongByteCount(path: path, name: source.name, expected: expected, found: found)
        }
        try source.deliver { piece in
          found += piece.count
          // Check before writing: an endless source must not fill the disk.
          try check(found <= expected)
          try write(piece)
        }
        try check(found == expected)
      }
      try flush()
    }
  }

  /// Returns the length with the padded JSON, and the byte count of each tensor.
  private func header(of sources: [Source], path: String) throws -> ([UInt8], [Int]) {
    var entries: [String] = []
    var names = Set<String>()
    var byteCounts: [Int] = []
    var end = 0
    if !metadata.isEmpty {
      let pairs = try metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { try JSON.compact($0.key) + ":" + JSON.compact($0.value) }
      entries.append("\"\(SafetensorsHeader.metadataKey)\":{\(pairs.joined(separator: ","))}")
    }
    for source in sources {
      let name = source.name
      guard name != SafetensorsHeader.metadataKey else { throw SafetensorsError.reservedName(path: path, name: name) }
      guard names.insert(name).inserted else { throw SafetensorsError.duplicateName(path: path, name: name) }
      guard let byteCount = source.dataType.byteCount(shape: source.shape),
        case (let sum, false) = end.addingReportingOverflow(byteCount)
      else { throw SafetensorsError.impossibleShape(path: path, name: name, shape: source.shape) }
      let shape = source.shape.map(String.init).joined(separator: ",")
      entries.append(
        try JSON.compact(name)
          + ":{\"dtype\":\"\(source.dataType.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(end),\(sum)]}")
      byteCounts.append(byteCount)
      end = sum
    }
    var json = Array("{\(entries.joined(separator: ","))}".utf8)
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    guard json.count <= 100_000_000 else {
      throw SafetensorsError.headerTooLarge(path: path, length: UInt64(json.count))
    }
    return (withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json, byteCounts)
  }
}
