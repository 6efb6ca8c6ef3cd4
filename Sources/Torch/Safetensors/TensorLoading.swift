// Tensors in safetensors files. Loading requires exact names, shapes and types: no broadcast, no cast. One error lists
// every mismatch.

extension SafetensorsDataType {
  private static let types: [DType: SafetensorsDataType] = [
    .float64: .float64, .float32: .float32, .float16: .float16, .bfloat16: .bfloat16, .int64: .int64, .int32: .int32,
    .uint8: .uint8, .bool: .bool,
  ]

  /// The file's type for tensors of `dtype`.
  public init(_ dtype: DType) { self = Self.types[dtype]! }

  /// The tensor's type for these elements; nil if ``DType`` lacks it.
  public var dtype: DType? { DType.allCases.first { SafetensorsDataType($0) == self } }
}

extension SafetensorsWriter {
  /// Adds tensors under `prefix`; writing the file reads their bytes.
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
  /// - Throws: ``SafetensorsError/missingTensor(path:name:)``; ``LoadError`` if ``DType`` lacks its type.
  public func tensor(_ name: String, device: Device = .cpu) throws -> Tensor {
    guard let info = tensors[name] else { throw SafetensorsError.missingTensor(path: path, name: name) }
    guard let dtype = info.dataType.dtype else {
      throw LoadError(path: path, problems: ["'\(name)' has the unsupported type \(info.dataType.rawValue)"])
    }
    return try withBytes(of: name) { Tensor(bytes: $0, shape: info.shape, dtype: dtype, device: device) }
  }

  /// Overwrites tensors in place with the file's tensors of the same names under `prefix`.
  ///
  /// An error leaves all of them unchanged.
  /// - Throws: ``LoadError`` with every tensor that is missing, unexpected or not finite, or has another shape or type.
  public func load(into targets: [(name: String, value: Tensor)], prefix: String = "") throws {
    var loaded: [(Tensor, Tensor)] = []
    func problem(_ name: String, _ target: Tensor) throws -> String? {
      guard let info = tensors[name] else { return "'\(name)' \(target.shape) is missing" }
      guard info.shape == target.shape else { return "'\(name)' is \(info.shape), not \(target.shape)" }
      guard info.dataType == SafetensorsDataType(target.dtype) else {
        return "'\(name)' is \(info.dataType.rawValue), not \(target.dtype)"
      }
      let value = try tensor(name)
      guard !value.dtype.isFloatingPoint || value.isAllFinite else { return "'\(name)' has values that are not finite" }
      loaded.append((target, value))
      return nil
    }
    var problems = try targets.compactMap { try problem(prefix + $0.name, $0.value) }
    let expected = Set(targets.map { prefix + $0.name })
    problems += names.filter { $0.hasPrefix(prefix) && !expected.contains($0) }.map { "'\($0)' is not expected" }
    guard problems.isEmpty else { throw LoadError(path: path, problems: problems) }
    for (target, value) in loaded { target.overwrite(with: value) }
  }
}

/// The tensors of a file do not fit the network.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// One clause for each mismatch.
  public let problems: [String]

  package init(path: String, problems: [String]) { (self.path, self.problems) = (path, problems) }

  /// One sentence: the file and the first 12 problems.
  public var description: String {
    let shown = problems.prefix(12).joined(separator: "; ")
    let more = problems.count > 12 ? "; and \(problems.count - 12) more" : ""
    return "\(path) does not fit this network: \(shown)\(more)"
  }
}
