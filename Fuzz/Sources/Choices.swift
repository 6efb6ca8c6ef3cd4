import Foundation

/// Decisions of a structured target, read from the bytes of libFuzzer; zeros after their end.
struct Choices {
  private var bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { at >= bytes.count }

  mutating func byte() -> UInt8 {
    guard at < bytes.count else { return 0 }
    defer { at += 1 }
    return bytes[at]
  }

  /// A number below `bound`, at most 256.
  mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

  /// True for one of `n` bytes; false at the end.
  mutating func oneIn(_ n: Int) -> Bool { byte() % UInt8(n) == UInt8(n - 1) }

  mutating func of<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// The next bytes, `count` at most.
  mutating func take(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, at + count)
    defer { at = end }
    return Array(bytes[at..<end])
  }

  /// All remaining bytes.
  mutating func rest() -> [UInt8] { take(bytes.count) }

  /// The next bytes, up to 255.
  mutating func block() -> [UInt8] { take(Int(byte())) }

  /// A text of up to 15 bytes that need not be UTF-8.
  mutating func text() -> [UInt8] { take(below(16)) }

  /// An integer; small ones, powers of two and the limits of types are frequent.
  mutating func integer() -> Int {
    switch byte() % 8 {
    case 0...3: return below(17)
    case 4: return 1 << below(63)
    case 5:
      return Int(
        truncatingIfNeeded: (take(8) + [UInt8](repeating: 0, count: 8)).prefix(8).reduce(UInt64(0)) {
          $0 << 8 | UInt64($1)
        })
    case 6:
      return of([-1, .min, .max, Int(Int32.max), Int(Int32.min), Int(UInt32.max), .max - 1, 1 << 31, 65_535, 65_536])
    default: return below(256) << below(24)
    }
  }
}

/// JSON as it is written, so that numbers can have any digits.
indirect enum JSONText {
  case plain(String)
  case list([JSONText])
  case object([(key: String, value: JSONText)])

  /// From JSON of the program.
  init(_ value: Any) {
    switch value {
    case let object as [String: Any]: self = .object(object.sorted { $0.key < $1.key }.map { ($0, JSONText($1)) })
    case let list as [Any]: self = .list(list.map { JSONText($0) })
    case let text as String: self = .plain(Self.quoted(text))
    case let number as NSNumber:
      self = .plain(String(cString: number.objCType) == "c" ? (number.boolValue ? "true" : "false") : "\(number)")
    default: self = .plain("null")
    }
  }

  init(text: String) {
    self.init(must { try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) })
  }

  static func quoted(_ text: String) -> String {
    "\""
      + text.unicodeScalars.map { scalar in
        scalar == "\"" || scalar == "\\" || scalar.value < 32 ? String(format: "\\u%04x", scalar.value) : String(scalar)
      }.joined() + "\""
  }

  var text: String {
    switch self {
    case .plain(let text): text
    case .list(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let pairs): "{" + pairs.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ",") + "}"
    }
  }

  static let plains = [
    "0", "1", "-1", "2", "3", "4", "5", "8", "16", "32", "1024", "0.5", "-0", "-0.0", "0.1", "1e-320", "5e-324", "1e17",
    "1e19",
    "1e308", "-1e308", "1e309", "1e999", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "2147483647",
    "2147483648", "4294967296", "18446744073709551615", "18446744073709551616", "123456789012", "8192", "100000",
    "1000000",
    "null", "true", "false", "\"\"", "\"a\"", "\"4\"", "\"nan\"", "\"inf\"", "\"\\ud800\"", "\"\\u0000\"", "NaN", "[]",
    "{}",
    "0x10", "01", "1.", "1e", "{\"4\":8}", "[4,8]", "[[]]", "{\"8\":1e-3,\"16\":1e300}", "1e15", "1e9",
    "4503599627370496",
    "\"ключ\"", "\"\u{1F600}\"", "1000000001", "7", "64", "0.999999", "1.0000001", "3.5", "2e-3",
  ]

  /// A random value.
  init(_ choices: inout Choices, depth: Int = 3) {
    switch choices.byte() % 8 {
    case 0 where depth > 0: self = .list((0..<choices.below(4)).map { _ in JSONText(&choices, depth: depth - 1) })
    case 1 where depth > 0:
      self = .object(
        (0..<choices.below(4)).map { _ in
          (String(decoding: choices.text(), as: UTF8.self), JSONText(&choices, depth: depth - 1))
        })
    case 2: self = .plain(Self.quoted(String(decoding: choices.text(), as: UTF8.self)))
    case 3: self = .plain("\(choices.integer())")
    case 4: self = .plain("\(choices.integer())e\(choices.integer() % 400)")
    default: self = .plain(choices.of(Self.plains))
    }
  }

  /// Changes one value, key or place somewhere below.
  func changed(_ choices: inout Choices) -> JSONText {
    switch self {
    case .list(var values) where !values.isEmpty && !choices.oneIn(8):
      let at = choices.below(values.count)
      switch choices.byte() % 8 {
      case 0: values.remove(at: at)
      case 1: values.append(values[at])
      default: values[at] = values[at].changed(&choices)
      }
      return .list(values)
    case .object(var pairs) where !pairs.isEmpty && !choices.oneIn(16):
      let at = choices.below(pairs.count)
      switch choices.byte() % 16 {
      case 0: pairs.remove(at: at)
      case 1: pairs.append((String(decoding: choices.text(), as: UTF8.self), JSONText(&choices)))
      case 2: pairs.append((pairs[at].key, JSONText(&choices)))
      default: pairs[at].value = pairs[at].value.changed(&choices)
      }
      return .object(pairs)
    default: return JSONText(&choices)
    }
  }
}
