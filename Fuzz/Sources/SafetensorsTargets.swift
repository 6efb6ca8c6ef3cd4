@testable import GANs
@testable import Torch

/// A safetensors file from decisions: mostly well formed, so that the deeper checks are reached.
struct MadeSafetensors {
  var metadata: [(key: String, value: String)] = []
  var tensors: [(name: String, type: String, shape: [Int], size: Int)] = []

  /// Adds tensors.
  mutating func add(_ choices: inout Choices, names: [String], shapes: [[Int]]) {
    let types = SafetensorsDataType.allCases
    for _ in 0..<choices.below(7) {
      let name = choices.oneIn(12) ? String(decoding: choices.text(), as: UTF8.self) : choices.of(names)
      var shape = choices.oneIn(4) ? (0..<choices.below(5)).map { _ in choices.below(5) } : choices.of(shapes)
      if choices.oneIn(24) { shape.append(choices.integer()) }
      if choices.oneIn(64) { shape += [Int](repeating: 1, count: choices.below(80)) }
      let type = choices.oneIn(3) ? choices.of(types) : .float32
      let size = type.byteCount(shape: shape) ?? choices.below(64)
      // Larger ones would only be slow.
      let stored = choices.oneIn(24) ? choices.below(64) : min(size, 1 << 16)
      tensors.append((name, choices.oneIn(32) ? "F8" : type.rawValue, shape, stored))
    }
  }

  func bytes(_ choices: inout Choices) -> [UInt8] {
    var offset = 0
    var entries = tensors.map { tensor -> String in
      let (begin, end) = (offset, offset + tensor.size)
      offset = end
      let lie = choices.oneIn(32) ? choices.integer() : 0
      return
        "\(JSONText.quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":[\(begin &+ lie),\(end)]}"
    }
    if !metadata.isEmpty {
      let pairs = metadata.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
      entries.insert("\"__metadata__\":{\(pairs.joined(separator: ","))}", at: 0)
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    if choices.oneIn(16) { header.insert(choices.byte(), at: Int(choices.byte()) % header.count) }
    if choices.oneIn(32) { offset = max(0, min(offset &+ choices.integer(), 1 << 17)) }
    let length = choices.oneIn(32) ? choices.integer() : header.count
    return little(length, 8) + header + filled(offset, choices.rest())
  }
}

/// Reads all of a file.
private func read(_ bytes: UnsafeRawBufferPointer) {
  attempt {
    let file = try SafetensorsFile(embedded: bytes, name: "the file")
    var total = 0
    for name in file.names {
      let data = try file.bytes(of: name)
      total += data.count
      require(data.count == file.tensors[name]?.dataType.byteCount(shape: file.tensors[name]!.shape), "sizes agree")
      if data.count < 1 << 12 { attempt { _ = try file.tensor(name) } }
    }
    require(total <= bytes.count, "tensors share no bytes")
  }
}

let safetensorsTargets = [
  Target("safetensors", bytes: read),
  Target("safetensors-made") { choices in
    var made = MadeSafetensors()
    for _ in 0..<choices.below(3) {
      made.metadata.append(
        (String(decoding: choices.text(), as: UTF8.self), String(decoding: choices.text(), as: UTF8.self)))
    }
    made.add(&choices, names: ["a", "b", "a.b", "w", "__metadata__"], shapes: [[], [0], [3], [2, 3], [1, 2, 2, 1]])
    made.bytes(&choices).withUnsafeBytes(read)
  },
]
