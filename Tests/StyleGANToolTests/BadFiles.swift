import Foundation
import Images
import Torch
import _TestSupport

/// Folders that are removed when the tests end.
nonisolated(unsafe) private var removed: [String] = {
  atexit { for folder in removed { try? FileManager.default.removeItem(atPath: folder) } }
  return []
}()

/// A folder of sound and of damaged files, made once for all tests.
final class BadFiles: Sendable {
  /// The folder.
  static var path: String {
    switch shared {
    case .success(let files): files.folder
    case .failure(let error): fatalError("the files for tests could not be made: \(error)")
    }
  }
  private static let shared = Result { try BadFiles() }
  private let folder: String

  private init() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("stylegan-\(UUID().uuidString)").path
    folder = root
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    removed.append(root)
    try Data(idx(count: 32, side: 16)).write(to: URL(fileURLWithPath: "\(root)/good.idx3"))
    let outcome = try Program.run(
      ["train", "--data", "good.idx3", "--outdir", "runs", "--kimg", "0.02", "--tick", "0.01", "--snap", "1"]
        + smallTraining,
      in: root)
    guard outcome.exitCode == 0 else { throw Failure(text: outcome.errors) }
    let run = "\(root)/runs/\(try FileManager.default.contentsOfDirectory(atPath: "\(root)/runs")[0])"
    try copy("\(run)/network-snapshot-000000.020.safetensors", "net.safetensors")
    // A state may be looked at anywhere, but resumed only in a run's folder, which a failure must leave alone.
    try copy("\(run)/training-state.safetensors", "state.safetensors")
    try makeNetworks()
    try makeStates()
    try makeData()
  }

  struct Failure: Error { let text: String }

  // MARK: Networks

  private func makeNetworks() throws {
    let good = try Data(contentsOf: url("net.safetensors"))
    try write("empty.safetensors", Data())
    try write("short.safetensors", good.prefix(5))
    try write("text.safetensors", Data(String(repeating: "This is no network.\n", count: 20).utf8))
    try write("huge-header.safetensors", Data([0, 0, 0, 0, 0, 0, 0, 0x80]) + good.dropFirst(8))
    try write("long-header.safetensors", Data([0xff, 0xff, 0xff, 0x04, 0, 0, 0, 0]) + good.dropFirst(8))
    try write("broken-json.safetensors", good.prefix(8) + Data("[".utf8) + good.dropFirst(9))
    try write("cut-header.safetensors", good.prefix(300))
    try write("cut-data.safetensors", good.dropLast(1000))
    try write("longer.safetensors", good + Data(count: 100))
    try Image(width: 16, height: 16, filledWith: [1, 2, 3]).write(to: "\(folder)/picture.png")
    try copy("\(folder)/picture.png", "picture.safetensors")
    try FileManager.default.createDirectory(atPath: "\(folder)/no-networks", withIntermediateDirectories: true)
    try write("no-networks/readme.txt", Data("nothing here".utf8))

    try rewrite("net", "nan") { $0.poison = "G_ema.synthesis.b8.conv1.weight" }
    try rewrite("net", "missing-tensor") { $0.left = "G_ema.synthesis.b8.conv1.weight" }
    try rewrite("net", "no-format") { $0.metadata["format"] = nil }
    try rewrite("net", "other-format") { $0.metadata["format"] = "swift-stylegan network 99" }
    try rewrite("net", "other-family") { $0.metadata["family"] = "biggan" }
    try rewrite("net", "no-configuration") { $0.metadata["configuration"] = nil }
    try rewrite("net", "bad-configuration") { $0.metadata["configuration"] = "{\"resolution\":" }
    try rewrite("net", "wider") { $0.replace("configuration", "\"fmapMax\":4", "\"fmapMax\":8") }
    try rewrite("net", "more-channels") { $0.replace("configuration", "\"imageChannels\":1", "\"imageChannels\":3") }
    try rewrite("net", "zero-channels") { $0.replace("configuration", "\"imageChannels\":1", "\"imageChannels\":0") }
    try rewrite("net", "gigantic") {
      $0.replace("configuration", "\"mappingLayers\":1", "\"mappingLayers\":64")
      $0.replace("configuration", "\"wSize\":8", "\"wSize\":8192")
    }
    try rewrite("net", "grown-beyond") { $0.replace("growth", "\"resolution\":16", "\"resolution\":512") }
  }

  // MARK: Training states

  private func makeStates() throws {
    let good = try Data(contentsOf: url("state.safetensors"))
    try run("cut-state", good.dropLast(200))
    try run("empty-state", Data())
    try run("network-as-state", try Data(contentsOf: url("net.safetensors")))
    func changed(_ name: String, _ change: (inout Change) throws -> Void) throws {
      try rewrite("state", name, change)
      try run(name, try Data(contentsOf: url("\(name).safetensors")))
      try FileManager.default.removeItem(at: url("\(name).safetensors"))
    }
    try run("sound-state", good)
    try changed("no-progress") { $0.metadata["progress"] = nil }
    try changed("negative-progress") { $0.replace("progress", "\"position\":", "\"position\":-") }
    try changed("endless-progress") { $0.replace("progress", "\"images\":", "\"images\":99999999999999") }
    try changed("uncounted-progress") { $0.replace("progress", "\"counts\":{}", "\"counts\":{\"a\":0}") }
    try changed("bad-random") { $0.shorten = "random" }
    try changed("no-random") { $0.left = "random" }
    try changed("no-options") { $0.metadata["options"] = "{}" }
    try changed("zero-batch") { $0.replace("options", "\"batchSizes\":{\"4\":4", "\"batchSizes\":{\"4\":0") }
    try changed("other-device") { $0.replace("options", "\"device\":\"cpu\"", "\"device\":\"cuda:7\"") }
    try changed("data-gone") { $0.replace("options", "good.idx3", "gone.idx3") }
    try changed("data-changed") { $0.replace("options", "good.idx3", "other.idx3") }
    try changed("nan-moments") { $0.poison = "optimizer.D.b4.conv.weight.second" }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/runs-without-state/00000-x", withIntermediateDirectories: true)
    try write("other.idx3", idx(count: 33, side: 16))
  }

  /// A run's folder with a state.
  private func run(_ name: String, _ state: Data) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    try write("\(name)/training-state.safetensors", state)
  }

  // MARK: Data

  private func makeData() throws {
    let files = FileManager.default
    for name in ["empty", "text", "cut", "mixed", "odd", "loop", "damaged", "device"] {
      try files.createDirectory(atPath: "\(folder)/data-\(name)", withIntermediateDirectories: true)
    }
    try write("data-text/a.png", Data("This is a text.".utf8))
    var noise = Image(width: 16, height: 16, filledWith: [0, 0, 0])
    noise.pixels = noise.pixels.indices.map { UInt8(truncatingIfNeeded: $0 &* 7919) }
    let png = Data(try noise.pngData())
    try write("data-cut/a.png", png.prefix(png.count / 2))
    try write("data-damaged/a.png", png)
    try write("data-damaged/b.png", png.prefix(png.count / 2))
    try write("data-mixed/a.png", png)
    try Image(width: 32, height: 32, filledWith: [9, 9, 9]).write(to: "\(folder)/data-mixed/b.png")
    try Image(width: 20, height: 12, filledWith: [9, 9, 9]).write(to: "\(folder)/data-odd/a.png")
    try files.createSymbolicLink(atPath: "\(folder)/data-loop/again", withDestinationPath: ".")
    mkfifo("\(folder)/data-device/a.png", 0o600)
    mkfifo("\(folder)/pipe.zip", 0o600)
    try write("empty.zip", Data())
    try write("text.zip", Data("This is a text.".utf8))
    try write("no-entries.zip", ZIPWriter().data)
    var zip = ZIPWriter()
    zip.add("a.png", stored: Array(png))
    try write("cut.zip", zip.data.dropLast(40))
    var wrong = ZIPWriter()
    wrong.add("a.png", stored: Array(png))
    var bytes = wrong.data
    bytes[60] ^= 0xff
    try write("wrong-checksum.zip", bytes)
    try write("bomb.zip", try bomb())
    try write("cut.idx3", idx(count: 32, side: 16).dropLast(10))
    try write("promises.idx3", Data([0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 16, 0, 0, 0, 16]))
    try write("header.idx3", Data([0, 0, 8, 3, 0, 0]))
    try write("data_batch_1.bin", Data(repeating: 3, count: 3000))
  }

  /// A picture that unpacks to 64 MiB of zeros.
  private func bomb() throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "head -c 67108864 /dev/zero | gzip -n -9"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let packed = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // Ten bytes of header; CRC-32 and size at the end.
    let checksum = packed.suffix(8).prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    var zip = ZIPWriter()
    zip.add("a.png", deflated: Array(packed.dropFirst(10).dropLast(8)), size: 64 << 20, checksum: checksum)
    return zip.data
  }

  // MARK: Helpers

  private func url(_ name: String) -> URL { URL(fileURLWithPath: "\(folder)/\(name)") }
  private func write(_ name: String, _ data: Data) throws { try data.write(to: url(name)) }
  private func copy(_ source: String, _ name: String) throws {
    try FileManager.default.copyItem(atPath: source, toPath: "\(folder)/\(name)")
  }

  /// What is wrong with a rewritten file.
  private struct Change {
    var metadata: [String: String]
    /// A tensor that gets a NaN, that is left out, that loses its last element.
    var poison, left, shorten: String?

    mutating func replace(_ key: String, _ old: String, _ new: String) {
      precondition(metadata[key]?.contains(old) == true, "\(key) has no \(old): \(metadata[key] ?? "")")
      metadata[key] = metadata[key]!.replacingOccurrences(of: old, with: new)
    }
  }

  private func rewrite(_ source: String, _ name: String, _ change: (inout Change) throws -> Void) throws {
    let file = try SafetensorsFile(path: "\(folder)/\(source).safetensors")
    var wanted = Change(metadata: file.metadata)
    try change(&wanted)
    for tensor in [wanted.poison, wanted.left, wanted.shorten].compactMap({ $0 }) {
      precondition(file.tensors[tensor] != nil, "no \(tensor) in \(source)")
    }
    var writer = SafetensorsWriter(metadata: wanted.metadata)
    for tensor in file.tensors.values where tensor.name != wanted.left {
      var bytes = Array(try file.bytes(of: tensor.name))
      var shape = tensor.shape
      if tensor.name == wanted.poison { bytes.replaceSubrange(0..<4, with: [0, 0, 0xc0, 0x7f]) }
      if tensor.name == wanted.shorten {
        bytes.removeLast()
        shape[0] -= 1
      }
      writer.add(tensor.name, dataType: tensor.dataType, shape: shape, bytes: bytes)
    }
    try writer.write(to: "\(folder)/\(name).safetensors")
  }
}

/// A ZIP archive, good or bad.
struct ZIPWriter {
  private var body = Data()
  private var directory = Data()
  private var count = 0

  mutating func add(_ name: String, stored bytes: [UInt8]) {
    add(name, bytes, method: 0, size: bytes.count, checksum: Self.checksum(bytes))
  }

  mutating func add(_ name: String, deflated bytes: [UInt8], size: Int, checksum: UInt32) {
    add(name, bytes, method: 8, size: size, checksum: checksum)
  }

  var data: Data {
    body + directory + number(0x0605_4b50, 4) + number(0, 4) + number(count, 2) + number(count, 2)
      + number(directory.count, 4) + number(body.count, 4) + number(0, 2)
  }

  private mutating func add(_ name: String, _ bytes: [UInt8], method: Int, size: Int, checksum: UInt32) {
    let common =
      number(20, 2) + number(0, 2) + number(method, 2) + number(0, 2) + number(33, 2) + number(Int(checksum), 4)
      + number(bytes.count, 4) + number(size, 4) + number(name.utf8.count, 2) + number(0, 2)
    directory += number(0x0201_4b50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2)
    directory += number(0, 4) + number(body.count, 4) + Data(name.utf8)
    body += number(0x0403_4b50, 4) + common + Data(name.utf8) + Data(bytes)
    count += 1
  }

  private func number(_ value: Int, _ bytes: Int) -> Data { Data((0..<bytes).map { UInt8(value >> (8 * $0) & 255) }) }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    return ~crc
  }
}
