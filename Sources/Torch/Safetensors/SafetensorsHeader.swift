// A custom JSON parser: it detects duplicate names and never traps.

import Foundation

/// The parsed header of a safetensors file; the byte ranges are not checked yet.
struct SafetensorsHeader {
  struct Entry {
    var dataType = ""
    var shape: [Int] = []
    var begin = 0
    var end = 0
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [(name: String, entry: Entry)] = []

  /// Parses `{"name": {"dtype": …, "shape": […], "data_offsets": [begin, end]}, …, "__metadata__": {…}}`.
  init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
    var parser = Parser(bytes: bytes, path: path)
    var names = Set<String>()
    guard bytes.first == UInt8(ascii: "{") else { throw parser.failure("the header does not begin with '{'") }
    try parser.object { (parser, name) throws(SafetensorsError) in
      guard names.insert(name).inserted else { throw SafetensorsError.duplicateName(path: path, name: name) }
      if name == Self.metadataKey {
        metadata = try Self.metadata(&parser, path: path)
      } else {
        entries.append((name, try Self.entry(&parser)))
      }
    }
    parser.skipSpace()
    guard parser.isAtEnd else { throw parser.failure("there is text after the last '}'") }
  }

  static let metadataKey = "__metadata__"

  private static func metadata(_ parser: inout Parser, path: String) throws(SafetensorsError) -> [String: String] {
    var result: [String: String] = [:]
    try parser.object { (parser, key) throws(SafetensorsError) in
      guard result.updateValue(try parser.string(), forKey: key) == nil else {
        throw SafetensorsError.duplicateName(path: path, name: "\(metadataKey).\(key)")
      }
    }
    return result
  }

  private static func entry(_ parser: inout Parser) throws(SafetensorsError) -> Entry {
    var entry = Entry()
    var seen = Set<String>()
    try parser.object { (parser, key) throws(SafetensorsError) in
      guard seen.insert(key).inserted else { throw parser.failure("\"\(key)\" is given twice") }
      switch key {
      case "dtype": entry.dataType = try parser.string()
      case "shape": entry.shape = try parser.integers()
      case "data_offsets":
        let offsets = try parser.integers()
        guard offsets.count == 2 else { throw parser.failure("\"data_offsets\" is not a pair") }
        (entry.begin, entry.end) = (offsets[0], offsets[1])
      default: throw parser.failure("\"\(key)\" is not a key of a tensor")
      }
    }
    guard seen.count == 3 else { throw parser.failure("a tensor lacks one of dtype, shape and data_offsets") }
    return entry
  }
}

extension SafetensorsHeader {
  /// A cursor over JSON with objects, strings and arrays of non-negative integers only.
  struct Parser {
    let bytes: UnsafeRawBufferPointer
    let path: String
    var offset = 0

    var isAtEnd: Bool { offset == bytes.count }

    func failure(_ reason: String) -> SafetensorsError { .malformedHeader(path: path, offset: offset, reason: reason) }

    mutating func skipSpace() {
      while offset < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[offset]) { offset += 1 }
    }

    /// Skips spaces; consumes the next byte if it is `character`.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipSpace()
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
      offset += 1
      return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
      guard take(character) else { throw failure("expected '\(character)'") }
    }

    /// Reads an object; `member` reads each value.
    mutating func object(_ member: (inout Parser, String) throws(SafetensorsError) -> Void) throws(SafetensorsError) {
      try expect("{")
      if take("}") { return }
      repeat {
        let key = try string()
        try expect(":")
        try member(&self, key)
      } while take(",")
      try expect("}")
    }

    mutating func integers() throws(SafetensorsError) -> [Int] {
      try expect("[")
      if take("]") { return [] }
      var result: [Int] = []
      repeat { result.append(try integer()) } while take(",")
      try expect("]")
      return result
    }

    mutating func integer() throws(SafetensorsError) -> Int {
      skipSpace()
      let start = offset
      var value = 0
      while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(Int(bytes[offset] - 0x30))
        guard !overflow, !carry else { throw failure("a number is too large") }
        value = sum
        offset += 1
      }
      guard offset > start else { throw failure("expected a non-negative integer") }
      guard bytes[start] != 0x30 || offset == start + 1 else { throw failure("a number begins with 0") }
      return value
    }

    mutating func string() throws(SafetensorsError) -> String {
      try expect("\"")
      let start = offset
      var isEscaped = false
      while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
        guard bytes[offset] >= 0x20 else { throw failure("a string has an unescaped control character") }
        let escapes = bytes[offset] == UInt8(ascii: "\\")
        isEscaped = isEscaped || escapes
        offset += escapes ? 2 : 1
      }
      guard offset < bytes.count else { throw failure("a string does not end") }
      let content = bytes[start..<offset]
      offset += 1
      if isEscaped {
        guard let text = try? JSONDecoder().decode(String.self, from: Data(bytes[start - 1..<offset])) else {
          throw failure("a string has an unknown escape or is not UTF-8")
        }
        return text
      }
      let text = String(decoding: content, as: UTF8.self)
      // Decoding repairs invalid UTF-8, so the text then differs from the bytes.
      guard text.utf8.elementsEqual(content) else { throw failure("a string is not UTF-8") }
      return text
    }
  }
}
