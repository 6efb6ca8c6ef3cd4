/// What can be wrong with the content of a safetensors file (what the system refuses is a `FileError`); every description is one sentence that names the file.
public enum SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Fewer than the eight bytes of the header's length.
  case tooShort(path: String, size: Int)
  /// The header's length is beyond the format's limit of 100 MB.
  case headerTooLarge(path: String, length: UInt64)
  /// The header's length is beyond the file's end: not safetensors, or cut short.
  case headerBeyondEnd(path: String, length: UInt64, size: Int)
  /// The header is not the JSON that the format prescribes; `offset` counts bytes within it.
  case malformedHeader(path: String, offset: Int, reason: String)
  /// A name occurs twice.
  case duplicateName(path: String, name: String)
  /// An element type that the format, or this reader, does not know.
  case unknownDataType(path: String, name: String, dataType: String)
  /// The shape and the element type ask for another number of bytes than the offsets give; nil: beyond `Int`.
  case sizeMismatch(path: String, name: String, shape: [Int], dataType: SafetensorsDataType, expected: Int?, found: Int)
  /// The offsets run backwards or beyond the end of the data.
  case offsetsOutOfRange(path: String, name: String, begin: Int, end: Int, dataLength: Int)
  /// Two tensors share bytes.
  case overlap(path: String, first: String, second: String)
  /// Bytes that belong to no tensor.
  case hole(path: String, begin: Int, end: Int)
  /// The file has no tensor of that name.
  case missingTensor(path: String, name: String)

  /// The source of a tensor delivered another number of bytes than its shape asks for.
  case wrongByteCount(path: String, name: String, expected: Int, found: Int)
  /// A shape to be written has a negative extent or more bytes than `Int` counts.
  case impossibleShape(path: String, name: String, shape: [Int])
  /// A name that the format keeps for itself.
  case reservedName(path: String, name: String)

  /// One sentence for the user: what is wrong with which file, and what to do where something can be done.
  public var description: String {
    switch self {
    case .tooShort(let path, let size):
      "\(path) is not a safetensors file: it has \(size) bytes, fewer than the 8 that give the header's length."
    case .headerTooLarge(let path, let length):
      "\(path) is not a safetensors file: its header would have \(length) bytes, and the limit is 100000000."
    case .headerBeyondEnd(let path, let length, let size):
      "\(path) is cut short or not a safetensors file: its header would have \(length) bytes, the file has \(size)."
    case .malformedHeader(let path, let offset, let reason):
      "\(path) has a malformed header: \(reason) at byte \(offset)."
    case .duplicateName(let path, let name):
      "\(path) names \"\(name)\" twice."
    case .unknownDataType(let path, let name, let dataType):
      "\(path) stores \"\(name)\" as \"\(dataType)\", which is not an element type known here."
    case .sizeMismatch(let path, let name, let shape, let dataType, let expected, let found):
      "\(path) gives \"\(name)\" \(found) bytes, but \(dataType.rawValue) \(shape) takes "
        + (expected.map { "\($0)." } ?? "more than can be counted.")
    case .offsetsOutOfRange(let path, let name, let begin, let end, let dataLength):
      "\(path) is damaged or cut short: \"\(name)\" lies at bytes \(begin)..<\(end), but there are \(dataLength) bytes "
        + "of data."
    case .overlap(let path, let first, let second):
      "\(path) is damaged: \"\(first)\" and \"\(second)\" share bytes."
    case .hole(let path, let begin, let end):
      "\(path) is damaged: bytes \(begin)..<\(end) of its data belong to no tensor."
    case .missingTensor(let path, let name):
      "\(path) has no tensor \"\(name)\"."
    case .wrongByteCount(let path, let name, let expected, let found):
      "Cannot write \(path): \"\(name)\" takes \(expected) bytes, and its source delivered \(found)."
    case .impossibleShape(let path, let name, let shape):
      "Cannot write \(path): \"\(name)\" has the impossible shape \(shape)."
    case .reservedName(let path, let name):
      "Cannot write \(path): a tensor cannot be named \"\(name)\"."
    }
  }
}
