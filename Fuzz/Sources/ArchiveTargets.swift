import CZlib
import Foundation

@testable import Datasets
@testable import Images

/// A small picture.
let pictures: [[UInt8]] = [(4, 1), (8, 3), (8, 1), (5, 4)].map { side, channels in
  let pixels = (0..<side * side * channels).map { UInt8($0 * 7 & 255) }
  return must { try Image(width: side, height: side, channels: channels, pixels: pixels).pngData() }
}

/// Deflates without the header of zlib, as in ZIP.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
  var out = [UInt8](repeating: 0, count: bytes.count + 64 + bytes.count / 8)
  var stream = z_stream()
  guard
    deflateInit2_(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      == Z_OK
  else { return [] }
  defer { deflateEnd(&stream) }
  return bytes.withUnsafeBufferPointer { input in
    out.withUnsafeMutableBufferPointer { output in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
      return Array(output[..<Int(stream.total_out)])
    }
  }
}

func crc(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) } }

/// A ZIP archive from decisions: local headers, directory and end, with a lie here and there.
func archive(_ choices: inout Choices, _ entries: [(name: [UInt8], bytes: [UInt8])]) -> [UInt8] {
  var (out, directory) = ([UInt8](), [UInt8]())
  for (name, bytes) in entries {
    let isPacked = choices.oneIn(3)
    let packed = isPacked ? deflated(bytes) : bytes
    func lie(_ value: Int, _ choices: inout Choices) -> Int { choices.oneIn(24) ? choices.integer() : value }
    let method = lie(isPacked ? 8 : 0, &choices)
    let flags = choices.oneIn(12) ? 1 << choices.below(16) : 0x800
    let (checksum, size, length) = (lie(crc(bytes), &choices), lie(packed.count, &choices), lie(bytes.count, &choices))
    let common: [UInt8] =
      [UInt8]([20, 0]) + little(flags, 2) + little(method, 2) + little(0x0021_0000, 4)
      + little(checksum, 4) + little(size, 4) + little(length, 4) + little(name.count, 2)
    let extra =
      choices.oneIn(16)
      ? little(choices.of([1, 0x7075, 0x5455]), 2) + little(16, 2) + filled(16, choices.take(16)) : []
    directory +=
      little(0x0201_4b50, 4) + [20, choices.oneIn(12) ? 3 : 0] + common + little(extra.count, 2) + little(0, 2 + 2 + 2)
      + little(choices.oneIn(24) ? 0o120777 << 16 : 0, 4) + little(lie(out.count, &choices), 4) + name + extra
    out += little(0x0403_4b50, 4) + common + little(0, 2) + name + packed
  }
  let (start, count) = (out.count, choices.oneIn(24) ? choices.integer() : entries.count)
  out +=
    directory + little(0x0605_4b50, 4) + little(0, 4) + little(count, 2) + little(count, 2) + little(directory.count, 4)
  return out + little(choices.oneIn(24) ? choices.integer() : start, 4) + little(0, 2)
}

/// Opens a data set as the program does and reads all of it.
private func readDataset(_ path: String, resolution: Int?) {
  attempt {
    let dataset = try DatasetSource.open(path, resolution: resolution, threads: 1)
    require(dataset.count > 0, "a data set has images")
    for index in 0..<min(dataset.count, 8) {
      attempt {
        let count = try dataset.image(at: index).count
        require(
          count == dataset.channels * dataset.resolution * dataset.resolution, "images have the size of the data set")
      }
      if let label = dataset.label(at: index) {
        require((0..<dataset.labelCount).contains(label), "labels are below their count")
      }
    }
    _ = DatasetDescription(dataset).lines
  }
}

private func table(_ choices: inout Choices, _ names: [String]) -> [UInt8] {
  var pairs: [JSONText] = names.map { .list([.plain(JSONText.quoted($0)), .plain("\(choices.below(4))")]) }
  if choices.oneIn(3) { pairs = [JSONText.list(pairs).changed(&choices)] }
  var object = JSONText.object([("labels", .list(pairs))])
  if choices.oneIn(3) { object = .object([("labels", .list(pairs)), ("label_names", JSONText(&choices))]) }
  if choices.oneIn(3) { object = object.changed(&choices) }
  return Array(object.text.utf8)
}

private let names = [
  "a.png", "b.png", "x/a.png", "x/b.png", "y/a.png", "00000/img00000000.png", "00001/img00000001.png", "./a.png",
  "a/../b.png",
  "x\\a.png", ".a.png", "__MACOSX/a.png", "a.txt", "/a.png", "A.PNG", "x/y/z.jpg", "", "x/", "a", "dataset.json",
  "x/dataset.json",
]

let archiveTargets = [
  Target("zip") { (bytes: UnsafeRawBufferPointer) in readDataset(Scratch.write(bytes, "a.zip"), resolution: 4) },
  Target("zip-made") { choices in
    let resolution = choices.of([nil, 4, 8])
    var entries: [(name: [UInt8], bytes: [UInt8])] = []
    for _ in 0..<choices.below(6) {
      let name = choices.oneIn(8) ? choices.text() : Array(choices.of(names).utf8)
      entries.append((name, choices.oneIn(8) ? choices.block() : choices.of(pictures)))
    }
    if choices.oneIn(2) {
      entries.append(
        (Array("dataset.json".utf8), table(&choices, entries.map { String(decoding: $0.name, as: UTF8.self) })))
    }
    readDataset(Scratch.write(archive(&choices, entries), "a.zip"), resolution: resolution)
  },
  Target("labels") { choices in
    let items = (0...choices.below(5)).map { _ in
      choices.oneIn(6) ? String(decoding: choices.text(), as: UTF8.self) : choices.of(names)
    }
    func check(_ labels: Labels) {
      require(labels.names.isEmpty || labels.names.count == labels.count, "each class has a name")
      for index in items.indices {
        if let label = labels[index] { require((0..<labels.count).contains(label), "labels are below their count") }
      }
    }
    let json = choices.oneIn(3) ? choices.rest() : table(&choices, items)
    attempt { check(try Labels(json: json, path: "dataset.json", items: items)) }
  },
  // The folder of a build that was killed at any moment, with any damage.
  Target("partial-build") { choices in
    let folder = Scratch.path("build.partial")
    _ = mkdir(folder, 0o700)
    var (bytes, journal) = ([UInt8](), "")
    for index in 0..<choices.below(4) {
      let name = Array("00000/img0000000\(index).png".utf8)
      let image = choices.oneIn(4) ? choices.block() : choices.of(pictures)
      bytes += little(0x0403_4b50, 4) + little(20, 2 + 2 + 2 + 4)
      bytes += little(choices.oneIn(12) ? choices.integer() : crc(image), 4)
      bytes += little(choices.oneIn(12) ? choices.integer() : image.count, 4) + little(image.count, 4)
      bytes += little(choices.oneIn(12) ? choices.integer() : name.count, 2) + little(0, 2) + name + image
      journal += choices.of(["ok\n", "ok\n", "ok\n", "skip\n", "o", "\n", ""])
    }
    if choices.oneIn(3) { bytes.removeLast(min(bytes.count, choices.below(64))) }
    Scratch.write(bytes, "build.partial/archive")
    Scratch.write(journal, "build.partial/journal")
    Scratch.write(choices.oneIn(8) ? "other" : "key", "build.partial/key")
    let destination = Scratch.path("built.zip")
    attempt {
      let build = try PartialBuild(folder: folder, key: "key", destination: destination)
      try build.append(pictures[0])
      let count = build.images
      try build.finish(labels: nil, labelNames: [])
      let archive = try ZIPArchive(destination)
      require(archive.entries.count == count + 1, "the archive has all images and dataset.json")
      must { for entry in archive.entries { _ = try archive.bytes(of: entry) } }
    }
  },
]
