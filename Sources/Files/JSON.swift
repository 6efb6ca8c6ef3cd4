import Foundation

/// Encodes values as JSON with sorted keys: equal values give equal text.
public enum JSON {
  /// One line, for files.
  /// - Throws: `EncodingError`, such as for numbers that are not finite.
  public static func compact(_ value: some Encodable) throws -> String { try text(value, []) }

  /// Several lines, for readers.
  /// - Throws: `EncodingError`, such as for numbers that are not finite.
  public static func pretty(_ value: some Encodable) throws -> String { try text(value, .prettyPrinted) }

  private static func text(_ value: some Encodable, _ layout: JSONEncoder.OutputFormatting) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, layout]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
