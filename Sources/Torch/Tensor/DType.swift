import CTorch

/// The type of a tensor's elements.
public enum DType: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
  case float64, float32, float16, bfloat16, int64, int32, uint8, bool

  var code: Int32 {
    switch self {
    case .float64: Int32(CT_FLOAT64)
    case .float32: Int32(CT_FLOAT32)
    case .float16: Int32(CT_FLOAT16)
    case .bfloat16: Int32(CT_BFLOAT16)
    case .int64: Int32(CT_INT64)
    case .int32: Int32(CT_INT32)
    case .uint8: Int32(CT_UINT8)
    case .bool: Int32(CT_BOOL)
    }
  }

  init(code: Int32) {
    guard let match = DType.allCases.first(where: { $0.code == code }) else { fatalError("dtype code \(code)") }
    self = match
  }

  /// The bytes of one element.
  public var byteCount: Int { SafetensorsDataType(self).byteCount }

  /// Whether this is a floating-point type.
  public var isFloatingPoint: Bool { [.float64, .float32, .float16, .bfloat16].contains(self) }

  /// The name, such as "float32".
  public var description: String { rawValue }
}
