// Tensors to and from safetensors files. Loading is total or it fails: exact names, shapes and types, no broadcast, no
// silent cast, and one error that lists everything that does not fit.

extension SafetensorsDataType {
  private static let types: [DType: SafetensorsDataType] = [
    .float64: .float64, .float32: .float32, .float16: .float16, .bfloat16: .bfloat16, .int64: .int64, .int32: .int32,
    .uint8: .uint8, .bool: .bool,
  ]

  /// The type of a file that holds tensors of `dtype`.
  public init(_ dtype: DType) { self = Self.types[dtype]! }

  /// The type of a tensor with these elements; nil where libtorch tensors here have no such type.
  public var dtype: DType? { DType.allCases.first { SafetensorsDataType($0) == self } }
}

extension SafetensorsWriter {
  /// Adds tensors under `prefix`; their bytes are fetched when the file is written.
  public mutating func add(_ tensors: [(name: String, value: Tensor)], prefix: String = "") {
    for (name, value) in tensors {
      add(prefix + name, dataType: SafetensorsDataType(value.dtype), shape: value.shape) { sink in
        try value.bytes.withUnsafeBytes(sink)
      }
    }
  }
}

extension SafetensorsFile {
  /// Reads one tensor.
  /// - Throws: ``SafetensorsError/missingTensor(path:name:)``, or ``LoadError`` where its type is none of ours.
  public func tensor(_ name: String, device: Device = .cpu) throws -> Tensor {
    guard let info = tensors[name] else { throw SafetensorsError.missingTensor(path: path, name: name) }
    guard let dtype = info.dataType.dtype else {
      throw LoadError(path: path, problems: ["'\(name)' is of type \(info.dataType.rawValue), which cannot be read"])
    }
    return try withBytes(of: name) { Tensor(bytes: $0, shape: info.shape, dtype: dtype, device: device) }
  }

  /// Overwrites tensors in place with those of the same names under `prefix`.
  ///
  /// Nothing is overwritten unless everything fits.
  /// - Throws: ``LoadError`` listing every tensor that is missing, unexpected, misshapen, of another type or not finite.
  public func load(into targets: [(name: String, value: Tensor)], prefix: String = "") throws {
    var problems: [String] = []
    var loaded: [(Tensor, Tensor)] = []
    for (name, target) in targets {
      guard let info = tensors[prefix + name] else {
        problems.append("'\(prefix + name)' \(target.shape) is missing")
        continue
      }
      guard info.shape == target.shape else {
        problems.append("'\(prefix + name)' is \(info.shape), not \(target.shape)")
        continue
      }
      guard info.dataType == SafetensorsDataType(target.dtype) else {
        problems.append("'\(prefix + name)' is \(info.dataType.rawValue), not \(target.dtype)")
        continue
      }
      let value = try tensor(prefix + name)
      guard !value.dtype.isFloatingPoint || value.isAllFinite else {
        problems.append("'\(prefix + name)' has values that are not finite")
        continue
      }
      loaded.append((target, value))
    }
    let expected = Set(targets.map { prefix + $0.name })
    problems += names.filter { $0.hasPrefix(prefix) && !expected.contains($0) }.map { "'\($0)' is not expected" }
    guard problems.isEmpty else { throw LoadError(path: path, problems: problems) }
    for (target, value) in loaded { target.overwrite(with: value) }
  }
}

/// A file whose tensors do not fit what they were to be loaded into.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// Everything that does not fit, one clause each.
  public let problems: [String]

  package init(path: String, problems: [String]) { (self.path, self.problems) = (path, problems) }

  /// One sentence: the file, how much is wrong, and the first dozen problems.
  public var description: String {
    let shown = problems.prefix(12).joined(separator: "; ")
    let more = problems.count > 12 ? "; and \(problems.count - 12) more" : ""
    return "\(path) does not fit this network: \(shown)\(more)"
  }
}
