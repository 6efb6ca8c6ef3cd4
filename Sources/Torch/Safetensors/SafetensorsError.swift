/// The content of a safetensors file is wrong. (Errors of the system are `FileError`s.)
public enum SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is shorter than the 8 bytes of the header's length.
  case tooShort(path: String, size: Int)
  /// The header's length exceeds the format's limit of 100 MB.
  case headerTooLarge(path: String, length: UInt64)
  /// The header's length exceeds the file: not safetensors, or truncated.
  case headerBeyondEnd(path: String, length: UInt64, size: Int)
  /// The header's JSON is malformed at byte `offset` of the header.
  case malformedHeader(path: String, offset: Int, reason: String)
  /// Two tensors have the same name.
  case duplicateName(path: String, name: String)
  /// The element type is unknown.
  case unknownDataType(path: String, name: String, dataType: String)
  /// Shape and element type do not match the byte range; `expected` is nil if it exceeds `Int`.
  case sizeMismatch(path: String, name: String, shape: [Int], dataType: SafetensorsDataType, expected: Int?, found: Int)
  /// The byte range is reversed or exceeds the data.
  case offsetsOutOfRange(path: String, name: String, begin: Int, end: Int, dataLength: Int)
  /// Two tensors share bytes.
  case overlap(path: String, first: String, second: String)
  /// Some bytes belong to no tensor.
  case hole(path: String, begin: Int, end: Int)
  /// The file has no tensor of this name.
  case missingTensor(path: String, name: String)

  /// The source of a tensor delivered a wrong number of bytes.
  case wrongByteCount(path: String, name: String, expected: Int, found: Int)
  /// The shape of a tensor to write has a negative extent or too many bytes for `Int`.
  case impossibleShape(path: String, name: String, shape: [Int])
  /// The format reserves this name.
  case reservedName(path: String, name: String)

  /// One sentence with the file and the problem.
  public var description: String {
    switch self {
    case .tooShort(let path, let size):
      "\(path) is not a safetensors file: it has \(size) bytes; the header's length alone takes 8."
    case .headerTooLarge(let path, let length):
      "\(path) is not a safetensors file: it declares a header of \(length) bytes; the limit is 100000000."
    case .headerBeyondEnd(let path, let length, let size):
      "\(path) is truncated or not a safetensors file: it declares a header of \(length) bytes but has only \(size)."
    case .malformedHeader(let path, let offset, let reason):
      "\(path) has a malformed header: \(reason) at byte \(offset)."
    case .duplicateName(let path, let name): "\(path) names \"\(name)\" twice."
    case .unknownDataType(let path, let name, let dataType):
      "\(path) stores \"\(name)\" with the unknown element type \"\(dataType)\"."
    case .sizeMismatch(let path, let name, let shape, let dataType, let expected, let found):
      "\(path) has \(found) bytes for \"\(name)\", but \(dataType.rawValue) \(shape) takes "
        + (expected.map { "\($0)." } ?? "too many to count.")
    case .offsetsOutOfRange(let path, let name, let begin, let end, let dataLength):
      "\(path) is damaged or truncated: \"\(name)\" has bytes \(begin)..<\(end), but the data has \(dataLength)."
    case .overlap(let path, let first, let second): "\(path) is damaged: \"\(first)\" and \"\(second)\" share bytes."
    case .hole(let path, let begin, let end):
      "\(path) is damaged: bytes \(begin)..<\(end) of its data belong to no tensor."
    case .missingTensor(let path, let name): "\(path) has no tensor \"\(name)\"."
    case .wrongByteCount(let path, let name, let expected, let found):
      "Cannot write \(path): \"\(name)\" takes \(expected) bytes, but its source delivered \(found)."
    case .impossibleShape(let path, let name, let shape):
      "Cannot write \(path): \"\(name)\" has the impossible shape \(shape)."
    case .reservedName(let path, let name): "Cannot write \(path): a tensor cannot be named \"\(name)\"."
    }
  }
}
