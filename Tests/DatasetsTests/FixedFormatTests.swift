import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

@Suite struct IDXTests {
  private func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
  private func images(_ count: Int, side: Int = 28, magic: Int = 0x803) -> [UInt8] {
    number(magic) + number(count) + number(side) + number(side) + (0..<(count * side * side)).map { UInt8($0 % 251) }
  }
  private func labels(_ values: [UInt8], magic: Int = 0x801) -> [UInt8] {
    number(magic) + number(values.count) + values
  }

  /// Packs with the program `gzip`, which every system with apt or a shell has.
  private func gzip(_ path: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-f", path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test(arguments: [false, true])
  func imagesGetABorderAndTheirLabels(packed: Bool) throws {
    try withFolder { folder in
      let (file, beside) = ("\(folder)/train-images-idx3-ubyte", "\(folder)/train-labels-idx1-ubyte")
      try put(images(3), at: file)
      try put(labels([7, 0, 9]), at: beside)
      if packed { for path in [file, beside] { try gzip(path) } }
      for spec in [folder, packed ? file + ".gz" : file] {
        let data = try DatasetSource.open(spec)
        #expect(data.count == 3 && data.resolution == 32 && data.channels == 1 && data.labelCount == 10)
        #expect((0..<3).map { data.label(at: $0) } == [7, 0, 9])
        let image = try data.image(at: 1)
        #expect(image[..<(2 * 32 + 2)].allSatisfy { $0 == 0 })
        #expect(Int(image[2 * 32 + 2]) == 784 % 251 && Int(image[29 * 32 + 29]) == 1567 % 251)
        #expect(image[(29 * 32 + 30)...].allSatisfy { $0 == 0 })
      }
      #expect(try DatasetSource.open(folder, resolution: 16).image(at: 0).count == 256)
      let loader = BatchLoader(try DatasetSource.open(folder), seed: 1)
      #expect(Set(try loader.next(3).labels) == [7, 0, 9])
    }
  }

  @Test func labelsAreOptionalAndOtherSizesStay() throws {
    try withFolder { folder in
      try put(images(2, side: 16), at: "\(folder)/digits-idx3-ubyte")
      let data = try DatasetSource.open("\(folder)/digits-idx3-ubyte")
      #expect(data.labelCount == 0 && data.label(at: 0) == nil && data.resolution == 16)
      #expect(try data.image(at: 1) == (256..<512).map { UInt8($0 % 251) })
    }
  }

  @Test func damageIsFound() throws {
    try withFolder { folder in
      let (file, beside) = ("\(folder)/train-images-idx3-ubyte", "\(folder)/train-labels-idx1-ubyte")
      func refused(_ bytes: [UInt8], _ why: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try put(bytes, at: file)
        let error = #expect(throws: DatasetError.self, sourceLocation: sourceLocation) { try DatasetSource.open(file) }
        #expect(error?.description.contains(why) == true, "\(error!)", sourceLocation: sourceLocation)
      }
      let whole = images(3)
      try refused(Array(whole.dropLast()), "it ends after 2351 of 2352 samples")
      try refused(Array(whole[..<10]), "it ends within its header")
      try refused(whole + [0], "it has more than 2352 samples")
      try refused(images(3, magic: 0x804), "it has 4 dimensions, but must have 3")
      try refused(number(0x803) + number(1 << 30) + number(4096) + number(4096), "its header declares")
      try refused(number(0x803) + number(0) + number(28) + number(28), "its header declares")
      try put(labels([1, 2]), at: beside)
      try refused(whole, "there are 2 labels for 3 images")
      try put(labels([1, 2, 3], magic: 0x803), at: beside)
      try refused(whole, "it has 3 dimensions, but must have 1")
      try put(labels([1, 2, 3]).dropLast(), at: beside)
      try refused(whole, "it ends after 2 of 3 samples")
      try put(labels([1, 2, 3]), at: beside)

      try put(whole, at: file)
      try gzip(file)
      let packed = try WholeFile.bytes(of: file + ".gz")
      for cut in [1, 4, 8, packed.count / 2] {
        try put(packed.dropLast(cut), at: file + ".gz")
        #expect(throws: DatasetError.self, "without the last \(cut)") { try DatasetSource.open(file + ".gz") }
      }
      var changed = packed
      changed[packed.count - 6] ^= 1
      try put(changed, at: file + ".gz")
      #expect(throws: DatasetError.self) { try DatasetSource.open(file + ".gz") }
    }
  }
}

@Suite struct CIFARTests {
  private func batch(_ labels: [UInt8], first: Int) -> [UInt8] {
    labels.enumerated().flatMap { index, label in
      [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 / 1024 * 50 + first + index) }
    }
  }

  @Test func batchesFollowEachOther() throws {
    try withFolder { folder in
      let inside = "\(folder)/cifar-10-batches-bin"
      try put(batch([3, 9], first: 0), at: "\(inside)/data_batch_1.bin")
      try put(batch([0], first: 2), at: "\(inside)/data_batch_2.bin")
      try put(batch([8], first: 100), at: "\(inside)/test_batch.bin")
      for spec in [folder, inside] {
        let data = try DatasetSource.open(spec)
        #expect(data.count == 3 && data.resolution == 32 && data.channels == 3)
        #expect((0..<3).map { data.label(at: $0) } == [3, 9, 0])
        #expect(data.labelNames[3] == "cat" && data.labelCount == 10)
        // Planar: red is the number, green 50 more, blue 100 more.
        let image = try data.image(at: 2)
        #expect(image[0] == 2 && image[1023] == 2 && image[1024] == 52 && image[3071] == 102)
      }
      let test = try DatasetSource.open("\(inside)/test_batch.bin")
      #expect(test.count == 1 && test.label(at: 0) == 8)
    }
  }

  @Test func damageIsFound() throws {
    try withFolder { folder in
      let path = "\(folder)/data_batch_1.bin"
      for bytes in [Array(batch([1], first: 0).dropLast()), batch([1, 10], first: 0), []] {
        try put(bytes, at: path)
        #expect(throws: DatasetError.self) { try DatasetSource.open(path) }
        #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
      }
    }
  }
}
