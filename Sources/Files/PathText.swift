import Foundation

// The name of a file on Linux is bytes, mostly but not always UTF-8: old archives and disks hold Latin-1 names. A
// `String` cannot hold invalid UTF-8, and Foundation repairs it, so that the repaired path names no file.
//
// Here each byte that is not part of valid UTF-8 becomes one private character, U+10F700 + byte, as Python does with
// surrogates (PEP 383). The way back is exact: a valid encoding of such a character counts as four invalid bytes.

extension String {
  /// The text of a path's bytes, without loss.
  public init(path bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: Self.isEscape) {
      self = text
      return
    }
    var scalars = String.UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
      let start = rest.prefix(length)
      if let text = String(validating: start, as: UTF8.self), text.unicodeScalars.count == 1,
        let scalar = text.unicodeScalars.first, !Self.isEscape(scalar)
      {
        scalars.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        scalars.append(Unicode.Scalar(Self.escapes + UInt32(first))!)
        rest = rest.dropFirst()
      }
    }
    self = String(scalars)
  }

  /// The text of a path of the system, which ends with a zero.
  public init(path pointer: UnsafePointer<CChar>) {
    self.init(
      path: UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)).bindMemory(to: UInt8.self))
  }

  /// The bytes of a path that ``init(path:)`` made a text of; of other texts the UTF-8.
  public var pathBytes: [UInt8] {
    guard unicodeScalars.contains(where: Self.isEscape) else { return Array(utf8) }
    return unicodeScalars.flatMap { Self.isEscape($0) ? [UInt8($0.value - Self.escapes)] : Array(UTF8.encode($0)!) }
  }

  /// Calls `body` with the path as the system takes it.
  public func withPath<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    guard unicodeScalars.contains(where: Self.isEscape) else { return try withCString(body) }
    return try (pathBytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { try body($0.baseAddress!) }
  }

  /// The text on one line for people: bytes that are not UTF-8, control characters and characters that change the
  /// direction of writing appear as `\xE9` or `\u{202E}`, so that no name changes a terminal or hides its end.
  public var shown: String { shown(keeping: "") }

  /// The text for people, with the control characters in `kept`, such as line breaks.
  package func shown(keeping kept: String) -> String {
    guard unicodeScalars.contains(where: Self.isHidden) else { return self }
    var out = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if !Self.isHidden(scalar) || kept.unicodeScalars.contains(scalar) {
        out.append(scalar)
      } else if Self.isEscape(scalar) || scalar.value < 0x100 {
        let byte = Self.isEscape(scalar) ? scalar.value - Self.escapes : scalar.value
        let names: [UInt32: String] = [9: "t", 10: "n", 13: "r"]
        out.append(
          contentsOf: "\\\(names[byte] ?? "x" + String(byte, radix: 16, uppercase: true).leftPadded(to: 2))"
            .unicodeScalars)
      } else {
        out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
      }
    }
    return String(out)
  }

  private static let escapes: UInt32 = 0x10_f700
  private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { (escapes + 0x80...escapes + 0xff) ~= scalar.value }

  /// Whether a character is not shown as itself. The joiners of emoji and of Persian are.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7f { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return !(0x200c...0x200d).contains(scalar.value) && !(0xe0020...0xe007f).contains(scalar.value)
    default: return isEscape(scalar)
    }
  }
}
