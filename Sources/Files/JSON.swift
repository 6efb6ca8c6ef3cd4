import Foundation

/// Encodes values as JSON with sorted keys: equal values give equal text.
public enum JSON {
  /// One line, for files.
  /// - Throws: `EncodingError`, such as for numbers that are not finite.
  public static func compact(_ value: some Encodable) throws -> String { try text(value, []) }

  /// Several lines, for readers.
  /// - Parameter nonFinite: what becomes of numbers that are not finite, for which JSON has no form.
  /// - Throws: `EncodingError`, such as for numbers that are not finite.
  public static func pretty(
    _ value: some Encodable, nonFinite: JSONEncoder.NonConformingFloatEncodingStrategy = .throw
  ) throws -> String { try text(value, .prettyPrinted, nonFinite) }

  private static func text(
    _ value: some Encodable, _ layout: JSONEncoder.OutputFormatting,
    _ nonFinite: JSONEncoder.NonConformingFloatEncodingStrategy = .throw
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = nonFinite
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, layout]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
