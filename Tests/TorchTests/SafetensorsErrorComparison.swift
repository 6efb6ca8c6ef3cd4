import Torch

extension SafetensorsError {
  /// The same error about a file with an empty path.
  var withoutPath: SafetensorsError {
    switch self {
    case .tooShort(_, let size): .tooShort(path: "", size: size)
    case .headerTooLarge(_, let length): .headerTooLarge(path: "", length: length)
    case .headerBeyondEnd(_, let length, let size): .headerBeyondEnd(path: "", length: length, size: size)
    case .malformedHeader(_, let offset, let reason): .malformedHeader(path: "", offset: offset, reason: reason)
    case .duplicateName(_, let name): .duplicateName(path: "", name: name)
    case .unknownDataType(_, let name, let dataType): .unknownDataType(path: "", name: name, dataType: dataType)
    case .sizeMismatch(_, let name, let shape, let dataType, let expected, let found):
      .sizeMismatch(path: "", name: name, shape: shape, dataType: dataType, expected: expected, found: found)
    case .offsetsOutOfRange(_, let name, let begin, let end, let dataLength):
      .offsetsOutOfRange(path: "", name: name, begin: begin, end: end, dataLength: dataLength)
    case .overlap(_, let first, let second): .overlap(path: "", first: first, second: second)
    case .hole(_, let begin, let end): .hole(path: "", begin: begin, end: end)
    default: self
    }
  }
}
