import Foundation

@testable import Datasets

private func read(_ collection: PixelCollection) {
  require(collection.count > 0, "there are images")
  for index in [0, collection.count / 2, collection.count - 1] {
    let header = collection.header(at: index)
    if let label = collection.label(at: index) {
      require((0..<collection.labelCount).contains(label), "labels are below their count")
    }
    attempt {
      let image = try collection.image(at: index)
      require(
        (image.width, image.height, image.channels) == (header.width, header.height, header.channels),
        "headers are right")
    }
  }
}

let pixelTargets = [
  Target("idx") { (bytes: UnsafeRawBufferPointer) in
    unlink(Scratch.path("b-labels"))
    attempt { read(try IDX.open(Scratch.write(bytes, "b-images"))) }
  },
  Target("idx-made") { choices in
    let (count, height, width) = (choices.below(6), choices.below(34), choices.below(34))
    func lie(_ value: Int, _ choices: inout Choices) -> Int { choices.oneIn(24) ? choices.integer() : value }
    let header =
      big(lie(0x803, &choices), 4) + big(lie(count, &choices), 4) + big(lie(height, &choices), 4)
      + big(lie(width, &choices), 4)
    let labels =
      big(lie(0x801, &choices), 4) + big(lie(count, &choices), 4) + filled(lie(count, &choices) & 0xff, choices.take(8))
    Scratch.write(labels, "c-labels-idx1")
    let extra = choices.oneIn(12) ? choices.below(8) - 4 : 0
    let images = header + filled(count * height * width + extra, choices.rest())
    attempt { read(try IDX.open(Scratch.write(images, "c-images-idx3"))) }
  },
  Target("cifar") { choices in
    let size = (choices.below(4)) * 3073 + (choices.oneIn(8) ? choices.below(256) : 0)
    var bytes = filled(size, [])
    for at in stride(from: 0, to: size, by: 3073) { bytes[at] = choices.byte() % 12 }
    let pixels = choices.rest()
    for at in bytes.indices where at % 3073 != 0 && !pixels.isEmpty { bytes[at] = pixels[at % pixels.count] }
    attempt { read(try CIFAR.open([Scratch.write(bytes, "data_batch_1.bin")], name: "cifar")) }
  },
  Target("npy") { (bytes: UnsafeRawBufferPointer) in
    attempt {
      let array = try NPZ.parse(Array(bytes), path: "a.npz:w.npy")
      require(array.shape.reduce(1, *) == array.values.count, "the shape fits")
    }
  },
  Target("npy-made") { choices in
    let type = choices.of(["<f4", "<f2", "<f8", ">f4", "|u1", "<i8", "<f4 "])
    let order = choices.oneIn(8) ? "True" : "False"
    let shape = (0..<choices.below(4)).map { _ in choices.oneIn(8) ? "\(choices.integer())" : "\(choices.below(5))" }
    let separator = choices.of([", ", ",", " ", ",,"])
    var header = Array(
      "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(shape.joined(separator: separator)),), }\n".utf8)
    if choices.oneIn(8) { header.insert(choices.byte(), at: Int(choices.byte()) % header.count) }
    let version = choices.of([1, 2, 3, 0])
    let length = choices.oneIn(16) ? choices.integer() : header.count
    let data = choices.rest()
    let bytes =
      [0x93] + Array("NUMPY".utf8) + [UInt8(version), 0] + little(length, version == 1 ? 2 : 4) + header + data
    attempt {
      let array = try NPZ.parse(bytes, path: "a.npz:w.npy")
      require(array.shape.reduce(1, *) == array.values.count, "the shape fits")
    }
  },
  Target("npz") { (bytes: UnsafeRawBufferPointer) in
    attempt { _ = try NPZ.read("w", from: Scratch.write(bytes, "a.npz")) }
  },
]
