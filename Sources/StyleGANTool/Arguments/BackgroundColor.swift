/// A color: a name, "#rgb" or "#rrggbb".
struct BackgroundColor: ExplainingArgument, Sendable {
  /// The named colors, as in CSS.
  static let names: [(name: String, samples: [UInt8])] = [
    ("white", [255, 255, 255]), ("black", [0, 0, 0]), ("gray", [128, 128, 128]), ("red", [255, 0, 0]),
    ("green", [0, 128, 0]), ("blue", [0, 0, 255]), ("yellow", [255, 255, 0]), ("magenta", [255, 0, 255]),
    ("cyan", [0, 255, 255]),
  ]

  /// Red, green and blue, 0…255.
  let samples: [UInt8]
  /// The text as the user wrote it.
  let defaultValueDescription: String

  init(reading text: String) throws(Unreadable) {
    defaultValueDescription = text
    if let known = Self.names.first(where: { $0.name == text.lowercased() }) {
      samples = known.samples
      return
    }
    // The shell takes a bare # for a comment, so that digits alone are read too.
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    let values = digits.compactMap(\.hexDigitValue)
    guard values.count == digits.count, [3, 6].contains(values.count) else {
      throw Unreadable(
        reason: "'\(text)' is no color; write '#rrggbb' or one of \(Self.names.map(\.name).joined(separator: ", "))")
    }
    samples =
      values.count == 3
      ? values.map { UInt8(17 * $0) } : (0..<3).map { UInt8(16 * values[2 * $0] + values[2 * $0 + 1]) }
  }
}
