// Goals, in order: the last complete file survives whatever happens; the same content gives the same bytes; no copy of
// all the tensors.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a safetensors file at once or not at all.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk and then renamed, so that a reader
/// sees either the old file or the new one. The tensors lie in the order of their names and the metadata in the order of
/// its keys (both by UTF-8): the same content gives the same bytes. The data begin at a multiple of 8.
public struct SafetensorsWriter {
  /// Takes one more piece of a tensor's bytes.
  public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  /// The file's `__metadata__`.
  public var metadata: [String: String]

  /// How the names of temporary files begin.
  public static let temporaryPrefix = ".safetensors-"

  private struct Source {
    let name: String
    let dataType: SafetensorsDataType
    let shape: [Int]
    let deliver: (Sink) throws -> Void
  }

  private var sources: [Source] = []

  /// Starts a file without tensors.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor whose bytes are asked for when the file is written.
  ///
  /// - Parameter deliver: hands the tensor's little-endian, row-major bytes to the sink, in as many pieces as it likes.
  public mutating func add(
    _ name: String, dataType: SafetensorsDataType, shape: [Int], deliver: @escaping (Sink) throws -> Void
  ) {
    sources.append(Source(name: name, dataType: dataType, shape: shape, deliver: deliver))
  }

  /// Adds a tensor whose bytes are here already.
  public mutating func add(_ name: String, dataType: SafetensorsDataType, shape: [Int], bytes: [UInt8]) {
    add(name, dataType: dataType, shape: shape) { sink in try bytes.withUnsafeBytes(sink) }
  }

  /// Writes the file.
  ///
  /// - Throws: ``SafetensorsError``, or what a tensor's source throws. What was at `path` before is then untouched and no
  ///   temporary file is left.
  public func write(to path: String) throws {
    let sources = self.sources.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let (header, byteCounts) = try header(of: sources, path: path)
    let file = try TemporaryFile(target: path)
    do {
      try header.withUnsafeBytes { try file.write($0) }
      for (source, expected) in zip(sources, byteCounts) {
        var found = 0
        try source.deliver { piece in
          found += piece.count
          // Refused before it is written: a source without end must not fill the disk.
          guard found <= expected else {
            throw SafetensorsError.wrongByteCount(path: path, name: source.name, expected: expected, found: found)
          }
          try file.write(piece)
        }
        guard found == expected else {
          throw SafetensorsError.wrongByteCount(path: path, name: source.name, expected: expected, found: found)
        }
      }
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }

  /// Composes the length, the JSON and its padding, and counts each tensor's bytes.
  private func header(of sources: [Source], path: String) throws(SafetensorsError) -> ([UInt8], [Int]) {
    var json: [UInt8] = [UInt8(ascii: "{")]
    var names = Set<String>()
    var byteCounts: [Int] = []
    var end = 0
    func separate() {
      if json.count > 1 { json.append(UInt8(ascii: ",")) }
    }
    if !metadata.isEmpty {
      json += Array("\"\(SafetensorsHeader.metadataKey)\":{".utf8)
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (index, (key, value)) in pairs.enumerated() {
        if index > 0 { json.append(UInt8(ascii: ",")) }
        SafetensorsHeader.appendJSON(key, to: &json)
        json.append(UInt8(ascii: ":"))
        SafetensorsHeader.appendJSON(value, to: &json)
      }
      json.append(UInt8(ascii: "}"))
    }
    for source in sources {
      guard source.name != SafetensorsHeader.metadataKey else { throw .reservedName(path: path, name: source.name) }
      guard names.insert(source.name).inserted else { throw .duplicateName(path: path, name: source.name) }
      guard let byteCount = source.dataType.byteCount(shape: source.shape) else {
        throw .impossibleShape(path: path, name: source.name, shape: source.shape)
      }
      let (sum, overflow) = end.addingReportingOverflow(byteCount)
      guard !overflow else { throw .impossibleShape(path: path, name: source.name, shape: source.shape) }
      separate()
      SafetensorsHeader.appendJSON(source.name, to: &json)
      let shape = source.shape.map(String.init).joined(separator: ",")
      json += Array(
        ":{\"dtype\":\"\(source.dataType.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(end),\(sum)]}".utf8)
      byteCounts.append(byteCount)
      end = sum
    }
    json.append(UInt8(ascii: "}"))
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    guard json.count <= 100_000_000 else { throw .headerTooLarge(path: path, length: UInt64(json.count)) }
    return (withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json, byteCounts)
  }
}

/// A file beside its target that becomes it in one step.
private final class TemporaryFile {
  private let target: String
  private let folder: String
  private let temporary: String
  private var file: Int32
  private var isRenamed = false

  init(target: String) throws(SafetensorsError) {
    self.target = target
    if let slash = target.utf8.lastIndex(of: UInt8(ascii: "/")) {
      folder = String(target[..<target.utf8.index(after: slash)])
    } else {
      folder = "./"
    }
    // Not made from the target's name, which may be as long as names can be.
    temporary = "\(folder)\(SafetensorsWriter.temporaryPrefix)\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .cannotWrite(path: target, code: errno) }
    // Held until the file is closed, so that what a killed process left behind can be told from what is being written.
    _ = flock(file, LOCK_EX | LOCK_NB)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // Systems refuse or shorten a write of 2 GB and more.
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      let count = systemWrite(file, piece.baseAddress, piece.count)
      if count < 0 {
        guard errno == EINTR else { throw .cannotWrite(path: target, code: errno) }
        continue
      }
      rest = rest.dropFirst(count)
    }
  }

  func commit() throws(SafetensorsError) {
    guard fsync(file) == 0 else { throw .cannotWrite(path: target, code: errno) }
    let descriptor = file
    file = -1
    guard close(descriptor) == 0 else { throw .cannotWrite(path: target, code: errno) }
    guard rename(temporary, target) == 0 else { throw .cannotWrite(path: target, code: errno) }
    isRenamed = true

    // The rename itself has to reach the disk. Some file systems cannot flush a folder; theirs is flushed by itself.
    let directory = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard directory >= 0 else { return }
    defer { close(directory) }
    if fsync(directory) != 0, errno != EINVAL, errno != ENOTSUP { throw .cannotWrite(path: target, code: errno) }
  }

  func discard() {
    if file >= 0 { close(file) }
    file = -1
    if !isRenamed { unlink(temporary) }
  }
}

/// The system's `write`, which a method of that name hides.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(file, bytes, count)
}
