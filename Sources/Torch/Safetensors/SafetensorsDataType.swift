/// The element type of a tensor in a safetensors file; the raw value is the format's name.
public enum SafetensorsDataType: String, Sendable, CaseIterable {
  /// IEEE binary64.
  case float64 = "F64"
  /// IEEE binary32.
  case float32 = "F32"
  /// IEEE binary16.
  case float16 = "F16"
  /// The upper half of a binary32.
  case bfloat16 = "BF16"
  /// Signed, 64 bits.
  case int64 = "I64"
  /// Signed, 32 bits.
  case int32 = "I32"
  /// Signed, 16 bits.
  case int16 = "I16"
  /// Signed, 8 bits.
  case int8 = "I8"
  /// Unsigned, 8 bits.
  case uint8 = "U8"
  /// One byte, 0 or 1.
  case bool = "BOOL"

  /// The bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The bytes of a tensor; nil if an extent is negative or the product exceeds `Int`.
  public func byteCount(shape: [Int]) -> Int? {
    // Strides are products of the other extents, so they are limited beside a zero too: [0, 2⁴⁰, 2⁴⁰] is an error.
    var product = byteCount
    for extent in shape {
      let (value, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
      guard extent >= 0, !overflow else { return nil }
      product = value
    }
    return shape.contains(0) ? 0 : product
  }
}
