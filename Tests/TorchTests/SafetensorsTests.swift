import Files
import Foundation
import Testing
import Torch
import _TestSupport

@Suite struct SafetensorsTests {
  // MARK: Writing and reading back

  @Test func roundTrip() throws {
    try withFolder { folder in
      let path = folder + "/file.safetensors"
      var writer = SafetensorsWriter(metadata: ["z": "1", "a": "quote \" backslash \\ newline \n é 🦉"])
      for (index, dataType) in SafetensorsDataType.allCases.enumerated() {
        writer.add(
          "tensor.\(dataType)", dataType: dataType, shape: [2, 3],
          bytes: (0..<(6 * dataType.byteCount)).map { UInt8($0 + index) })
      }
      writer.add("scalar", dataType: .float32, shape: [], bytes: [1, 2, 3, 4])
      writer.add("empty", dataType: .int64, shape: [0, 5], bytes: [])
      writer.add("pieces", dataType: .uint8, shape: [5]) { sink in
        try ([1, 2] as [UInt8]).withUnsafeBytes(sink)
        try [UInt8]().withUnsafeBytes(sink)
        try ([3, 4, 5] as [UInt8]).withUnsafeBytes(sink)
      }
      writer.add("a \"strange\" \\ name\u{1}", dataType: .uint8, shape: [1], bytes: [9])
      try writer.write(to: path)

      let file = try SafetensorsFile(path: path)
      #expect(file.path == path)
      #expect(file.metadata == writer.metadata)
      #expect(file.names.count == SafetensorsDataType.allCases.count + 4)
      #expect(file.names == file.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
      for (index, dataType) in SafetensorsDataType.allCases.enumerated() {
        let info = try #require(file.tensors["tensor.\(dataType)"])
        #expect(info.dataType == dataType && info.shape == [2, 3])
        let bytes = try file.withBytes(of: info.name) { Array($0) }
        #expect(bytes == (0..<(6 * dataType.byteCount)).map { UInt8($0 + index) })
      }
      #expect(file.tensors["scalar"]?.shape == [])
      #expect(try file.withBytes(of: "scalar") { Array($0) } == [1, 2, 3, 4])
      #expect(file.tensors["empty"]?.shape == [0, 5])
      #expect(try file.withBytes(of: "empty") { $0.count } == 0)
      #expect(try file.withBytes(of: "pieces") { Array($0) } == [1, 2, 3, 4, 5])
      #expect(try file.withBytes(of: "a \"strange\" \\ name\u{1}") { Array($0) } == [9])
      #expect(throws: SafetensorsError.missingTensor(path: path, name: "none")) { try file.bytes(of: "none") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file.safetensors"])
    }
  }

  @Test func anEmptyFileIsAFile() throws {
    try withFolder { folder in
      try SafetensorsWriter().write(to: folder + "/empty")
      let file = try SafetensorsFile(path: folder + "/empty")
      #expect(file.tensors.isEmpty && file.metadata.isEmpty)
    }
  }

  @Test func theSameContentGivesTheSameBytes() throws {
    try withFolder { folder in
      let names = ["b", "a", "é", "B", "a.b", "a0"]
      for (path, order) in [("1", names), ("2", names.reversed())] {
        var writer = SafetensorsWriter()
        for name in order {
          writer.metadata[name] = "value"
          writer.add(name, dataType: .uint8, shape: [3], bytes: Array(repeating: name.utf8.first!, count: 3))
        }
        try writer.write(to: "\(folder)/\(path)")
      }
      let bytes = try read(folder + "/1")
      #expect(try bytes == read(folder + "/2"))
      #expect(bytes[0] % 8 == 0)
    }
  }

  @Test func theHeaderIsTheOneOfTheFormat() throws {
    try withFolder { folder in
      var writer = SafetensorsWriter(metadata: ["b": "1", "a": "2"])
      writer.add("y", dataType: .float32, shape: [1, 1], bytes: [0, 0, 0, 0])
      writer.add("x", dataType: .bfloat16, shape: [1], bytes: [7, 8])
      try writer.write(to: folder + "/file")
      let header =
        #"{"__metadata__":{"a":"2","b":"1"},"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"#
        + #""y":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]}}"#
      let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
      #expect(try read(folder + "/file") == file(header: padded, data: [7, 8, 0, 0, 0, 0]))
    }
  }

  // MARK: Writing what cannot be written

  @Test func aFailedWriteLeavesTheOldFileAndNothingElse() throws {
    struct Interruption: Error {}
    try withFolder { folder in
      let path = folder + "/file"
      var good = SafetensorsWriter()
      good.add("x", dataType: .uint8, shape: [2], bytes: [1, 2])
      try good.write(to: path)
      let before = try read(path)

      var interrupted = good
      interrupted.add("y", dataType: .uint8, shape: [2]) { _ in throw Interruption() }
      #expect(throws: Interruption.self) { try interrupted.write(to: path) }
      for count in [1, 3] {
        var wrong = good
        wrong.add("y", dataType: .uint8, shape: [2], bytes: Array(repeating: 0, count: count))
        #expect(throws: SafetensorsError.wrongByteCount(path: path, name: "y", expected: 2, found: count)) {
          try wrong.write(to: path)
        }
      }
      var twice = good
      twice.add("x", dataType: .uint8, shape: [0], bytes: [])
      #expect(throws: SafetensorsError.duplicateName(path: path, name: "x")) { try twice.write(to: path) }
      var reserved = good
      reserved.add("__metadata__", dataType: .uint8, shape: [0], bytes: [])
      #expect(throws: SafetensorsError.reservedName(path: path, name: "__metadata__")) { try reserved.write(to: path) }
      for shape in [[-1], [0, -1], [.max, .max], [1 << 61]] {
        var impossible = good
        impossible.add("y", dataType: .float64, shape: shape, bytes: [])
        #expect(throws: SafetensorsError.impossibleShape(path: path, name: "y", shape: shape)) {
          try impossible.write(to: path)
        }
      }
      var sum = good
      sum.add("y", dataType: .uint8, shape: [.max], bytes: [])
      #expect(throws: SafetensorsError.impossibleShape(path: path, name: "y", shape: [.max])) {
        try sum.write(to: path)
      }

      #expect(try read(path) == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test func theSystemsRefusalsAreNamed() throws {
    try withFolder { folder in
      try SafetensorsWriter().write(to: folder + "/file")
      #expect(throws: FileError(.write, path: folder + "/none/file", code: ENOENT)) {
        try SafetensorsWriter().write(to: folder + "/none/file")
      }
      #expect(throws: FileError(.write, path: folder + "/file/file", code: ENOTDIR)) {
        try SafetensorsWriter().write(to: folder + "/file/file")
      }
      try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: false)
      #expect(throws: FileError(.write, path: folder + "/sub", code: EISDIR)) {
        try SafetensorsWriter().write(to: folder + "/sub")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "sub"])
      if geteuid() != 0 {  // to root nothing is denied
        chmod(folder + "/sub", 0o500)
        #expect(throws: FileError(.write, path: folder + "/sub/file", code: EACCES)) {
          try SafetensorsWriter().write(to: folder + "/sub/file")
        }
      }
    }
    for code in [ENOSPC, EACCES, EROFS, EDQUOT, ENOENT] {
      let text = FileError(.write, path: "some/path", code: code).description
      #expect(text.contains("some/path") && text.split(separator: "; ").count == 2, "\(text)")
    }
  }

  // MARK: Reading what is no safetensors file

  @Test func whatIsNoFile() throws {
    try withFolder { folder in
      #expect(throws: FileError(.read, path: folder + "/none", code: ENOENT)) {
        try SafetensorsFile(path: folder + "/none")
      }
      #expect(throws: FileError(.read, path: folder, code: EISDIR)) { try SafetensorsFile(path: folder) }
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(throws: FileError(.read, path: folder + "/pipe", code: ESPIPE)) {
        try SafetensorsFile(path: folder + "/pipe")
      }
    }
  }

  @Test func lengthsBeyondTheFile() throws {
    #expect(try failure(of: []) == .tooShort(path: "", size: 0))
    #expect(try failure(of: [1, 2, 3]) == .tooShort(path: "", size: 3))
    #expect(try failure(of: length(3) + Array("{}".utf8)) == .headerBeyondEnd(path: "", length: 3, size: 10))
    #expect(try failure(of: length(100_000_000)) == .headerBeyondEnd(path: "", length: 100_000_000, size: 8))
    for count in [100_000_001, UInt64(Int.max), UInt64(Int.max) + 1, .max] {
      #expect(try failure(of: length(count)) == .headerTooLarge(path: "", length: count))
    }
  }

  @Test(arguments: [
    "", " {}", "[]", "null", "{", "{}}", "{} x", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1}"#, #"{"a":{}}"#, #"{"a":{},}"#,
    #"{"a":{"dtype":"U8","shape":[0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}"#,
    #"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":7,"shape":[0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[00],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"U8","shape":[0,],"data_offsets":[0,0]}}"#,
    #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":[]}"#, #"{"__metadata__":{"a":"\x"}}"#,
    #"{"__metadata__":{"a":"\ud83e"}}"#, #"{"__metadata__":{"a":"\udd89"}}"#, #"{"__metadata__":{"a":"\ud83e\u0041"}}"#,
    #"{"__metadata__":{"a":"\u00"}}"#, #"{"__metadata__":{"a":"\"#, "{\"a\nb\":{}}",
  ])
  func malformedHeaders(_ header: String) throws {
    let error = try failure(of: file(header: header, data: []))
    guard case .malformedHeader = error else {
      Issue.record("\(header): \(error)")
      return
    }
  }

  @Test func textThatIsNotUTF8() throws {
    for bytes: [UInt8] in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]] {
      let json = Array(#"{"__metadata__":{"a":""#.utf8) + bytes + Array(#""}}"#.utf8)
      guard case .malformedHeader = try failure(of: length(UInt64(json.count)) + json) else {
        Issue.record("\(bytes) was taken for text")
        continue
      }
    }
  }

  @Test func escapesAreRead() throws {
    try withFolder { folder in
      let header = #"{"__metadata__":{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83E\uDD89"}}"#
      try write(file(header: header, data: []), to: folder + "/file")
      #expect(try SafetensorsFile(path: folder + "/file").metadata == ["a": "\"\\/\u{8}\u{c}\n\r\té🦉"])
    }
  }

  @Test func namesGivenTwice() throws {
    let tensor = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    #expect(
      try failure(of: file(header: #"{"a":\#(tensor),"a":\#(tensor)}"#, data: []))
        == .duplicateName(path: "", name: "a"))
    #expect(
      try failure(of: file(header: #"{"a":\#(tensor),"\u0061":\#(tensor)}"#, data: []))
        == .duplicateName(path: "", name: "a"))
    #expect(
      try failure(of: file(header: #"{"__metadata__":{},"__metadata__":{}}"#, data: []))
        == .duplicateName(path: "", name: "__metadata__"))
    #expect(
      try failure(of: file(header: #"{"__metadata__":{"k":"1","k":"2"}}"#, data: []))
        == .duplicateName(path: "", name: "__metadata__.k"))
  }

  @Test func tensorsThatDoNotFit() throws {
    func error(_ tensors: (String, String, [Int], Int, Int)..., data: Int) throws -> SafetensorsError {
      let entries = tensors.map { #""\#($0)":{"dtype":"\#($1)","shape":\#($2),"data_offsets":[\#($3),\#($4)]}"# }
      return try failure(
        of: file(header: "{" + entries.joined(separator: ",") + "}", data: Array(repeating: 0, count: data)))
    }
    #expect(try error(("a", "F8", [1], 0, 1), data: 1) == .unknownDataType(path: "", name: "a", dataType: "F8"))
    #expect(
      try error(("a", "F32", [2], 0, 4), data: 4)
        == .sizeMismatch(path: "", name: "a", shape: [2], dataType: .float32, expected: 8, found: 4))
    for shape in [[Int.max, 2], [1 << 62, 4], [.max, .max, 0]] {
      #expect(
        try error(("a", "F64", shape, 0, 8), data: 8)
          == .sizeMismatch(path: "", name: "a", shape: shape, dataType: .float64, expected: nil, found: 8))
    }
    // No bytes, but strides that libtorch cannot count.
    for shape in [[0, .max, 2], [1 << 40, 0, 1 << 40], [1 << 62, 4, 0]] {
      #expect(
        try error(("a", "F32", shape, 0, 0), data: 0)
          == .sizeMismatch(path: "", name: "a", shape: shape, dataType: .float32, expected: nil, found: 0))
    }
    #expect(
      try error(("a", "U8", [4], 0, 4), data: 3)
        == .offsetsOutOfRange(path: "", name: "a", begin: 0, end: 4, dataLength: 3))
    #expect(
      try error(("a", "U8", [1], 2, 1), data: 3)
        == .offsetsOutOfRange(path: "", name: "a", begin: 2, end: 1, dataLength: 3))
    #expect(
      try error(("a", "U8", [1], .max, .max), data: 3)
        == .offsetsOutOfRange(path: "", name: "a", begin: .max, end: .max, dataLength: 3))
    #expect(
      try error(("a", "U8", [2], 0, 2), ("b", "U8", [2], 1, 3), data: 3) == .overlap(path: "", first: "a", second: "b"))
    #expect(
      try error(("b", "U8", [2], 0, 2), ("a", "U8", [2], 0, 2), data: 2) == .overlap(path: "", first: "b", second: "a")
        || error(("b", "U8", [2], 0, 2), ("a", "U8", [2], 0, 2), data: 2) == .overlap(path: "", first: "a", second: "b")
    )
    #expect(
      try error(("a", "U8", [1], 0, 1), ("b", "U8", [1], 2, 3), data: 3) == .hole(path: "", begin: 1, end: 2))
    #expect(try error(("a", "U8", [1], 1, 2), data: 2) == .hole(path: "", begin: 0, end: 1))
    #expect(try error(("a", "U8", [1], 0, 1), data: 2) == .hole(path: "", begin: 1, end: 2))
    #expect(try error(data: 1) == .hole(path: "", begin: 0, end: 1))
  }

  @Test func everyCutIsNoticed() throws {
    try withFolder { folder in
      var writer = SafetensorsWriter(metadata: ["key": "value"])
      writer.add("x", dataType: .float32, shape: [2, 2], bytes: Array(0..<16))
      writer.add("y", dataType: .uint8, shape: [1], bytes: [1])
      try writer.write(to: folder + "/file")
      let whole = try read(folder + "/file")
      for count in 0..<whole.count { _ = try failure(of: Array(whole.prefix(count))) }
    }
  }

  /// Random bytes, and good headers with a few bytes replaced: an error or a file, never a trap or a read beyond the end.
  @Test func randomBytesNeverTrap() throws {
    try withFolder { folder in
      var random = SplitMix(state: 20)
      let alphabet = Array(
        "{}[]\":,\\u0123456789-.eE \"dtype\"shape\"data_offsets\"__metadata__\"F32U8BOOL\n\u{0}é".utf8)
      var writer = SafetensorsWriter(metadata: ["key": "value \u{1} 🦉"])
      writer.add("x", dataType: .float32, shape: [2, 2], bytes: Array(0..<16))
      writer.add("y", dataType: .bool, shape: [], bytes: [1])
      try writer.write(to: folder + "/good")
      let good = try read(folder + "/good")
      for round in 0..<1000 {
        var bytes: [UInt8]
        switch round % 3 {
        case 0:
          bytes = (0..<Int.random(in: 0..<64, using: &random)).map { _ in .random(in: 0...255, using: &random) }
          bytes = length(UInt64(bytes.count)) + bytes
        case 1:
          bytes = Array("{\"".utf8)
          for _ in 0..<Int.random(in: 0..<80, using: &random) { bytes.append(alphabet.randomElement(using: &random)!) }
          bytes = length(UInt64(bytes.count)) + bytes
        default:
          bytes = good
          for _ in 0..<Int.random(in: 1..<5, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] =
              Bool.random(using: &random)
              ? .random(in: 0...255, using: &random) : alphabet.randomElement(using: &random)!
          }
        }
        let path = folder + "/fuzz"
        try write(bytes, to: path)
        do {
          let file = try SafetensorsFile(path: path)
          for name in file.names { _ = try file.withBytes(of: name) { $0.reduce(0) { $0 &+ Int($1) } } }
        } catch let error as SafetensorsError {
          #expect(error.description.contains(path))
        }
      }
    }
  }

  // MARK: Helpers

  /// Opens `bytes` as a file and gives the error, with an empty path.
  private func failure(of bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> SafetensorsError
  {
    try withFolder { folder in
      // An error's path is compared apart: errors are compared with an empty one.
      let path = folder + "/file"
      try write(bytes, to: path)
      let error = try #require(
        throws: SafetensorsError.self, sourceLocation: sourceLocation, performing: { try SafetensorsFile(path: path) })
      #expect(error.description.contains(path), sourceLocation: sourceLocation)
      return error.withoutPath
    }
  }

  private func file(header: String, data: [UInt8]) -> [UInt8] {
    length(UInt64(header.utf8.count)) + Array(header.utf8) + data
  }

  private func length(_ count: UInt64) -> [UInt8] {
    withUnsafeBytes(of: count.littleEndian) { Array($0) }
  }

  private func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

}

/// A small generator with a seed, so that a failure repeats.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
