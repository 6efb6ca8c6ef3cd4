import Foundation

/// Values as JSON text with sorted keys: the same value gives the same text.
public enum JSON {
  /// In one line, for files.
  ///
  /// - Throws: `EncodingError`, as for numbers that are not finite.
  public static func compact(_ value: some Encodable) throws -> String { try text(value, []) }

  /// In lines, for people.
  ///
  /// - Throws: `EncodingError`, as for numbers that are not finite.
  public static func pretty(_ value: some Encodable) throws -> String { try text(value, .prettyPrinted) }

  private static func text(_ value: some Encodable, _ layout: JSONEncoder.OutputFormatting) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, layout]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
