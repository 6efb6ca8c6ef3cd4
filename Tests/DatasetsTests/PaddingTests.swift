import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// Pictures that are not square, in padded squares; and pixel art.
@Suite struct PaddingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func fill(_ channels: Int = 3) throws -> [Image] {
    let images = (0..<3).map { noise(20, 30, channels, seed: $0) }
    for (index, image) in images.enumerated() { try put(try image.pngData(), at: folder.file("in/\(index).png")) }
    return images
  }

  @Test func thePaddingIsRememberedAndComesOff() throws {
    let images = try fill()
    let builder = try DatasetBuilder(width: 20, height: 30)
    let area = PictureArea(x: 6, y: 1, width: 20, height: 30)
    #expect(builder.resolution == 32 && builder.pictureArea == area)
    _ = try builder.build(folder.file("in"), to: folder.file("a.zip"))
    let data = try DatasetSource.open(folder.file("a.zip"))
    #expect((data.resolution, data.channels, data.pictureArea) == (32, 3, area))
    for (index, image) in images.enumerated() {
      let stored = Image(planar: try data.image(at: index), channels: 3, height: 32, width: 32)
      #expect(try stored == image.padded(width: 32, height: 32) && stored.cropped(to: area) == image)
    }
    let description = DatasetDescription(data)
    #expect(description.pictureArea == area)
    #expect(description.lines.contains("pictures     20×30 at (6, 1), the rest is padding"))
    // The folder of the unpacked archive is the same.
    let archive = try ZIPArchive(folder.file("a.zip"))
    for entry in archive.entries {
      try put(try archive.bytes(of: entry, limit: .max), at: folder.file("set/\(entry.name)"))
    }
    let unpacked = try DatasetSource.open(folder.file("set"))
    #expect(unpacked.pictureArea == area)
    #expect(try unpacked.image(at: 2) == data.image(at: 2))
    // Other programs see a table without labels.
    let table = try JSONSerialization.jsonObject(with: Data(try WholeFile.bytes(of: folder.file("set/dataset.json"))))
    #expect((table as? [String: Any])?["labels"] is NSNull)
    // Smaller while reading: the padding shrinks with the picture.
    let small = try DatasetSource.open(folder.file("a.zip"), resolution: 16)
    #expect(small.pictureArea == PictureArea(x: 3, y: 1, width: 10, height: 14))
    #expect(small.fingerprint != data.fingerprint)
  }

  /// Built again from a padded data set: its padding comes off first.
  @Test func aPaddedSourceIsTakenWithoutItsPadding() throws {
    let images = try fill()
    _ = try DatasetBuilder(width: 20, height: 30).build(folder.file("in"), to: folder.file("a.zip"))
    _ = try DatasetBuilder(width: 20, height: 30).build(folder.file("a.zip"), to: folder.file("b.zip"))
    #expect(try WholeFile.bytes(of: folder.file("a.zip")) == WholeFile.bytes(of: folder.file("b.zip")))
    _ = try DatasetBuilder(resolution: 16, resize: .area).build(folder.file("a.zip"), to: folder.file("c.zip"))
    let squares = try DatasetSource.open(folder.file("c.zip"))
    #expect(squares.pictureArea == nil)
    let wanted = try images[1].croppedToCentralSquare().resized(width: 16, height: 16, kernel: .area)
    #expect(try squares.image(at: 1) == wanted.planar)
  }

  @Test func otherShapesAreCroppedOrStretched() throws {
    // Left third 0, middle 100, right 200.
    let wide = Image(width: 48, height: 8, channels: 1, pixels: (0..<384).map { UInt8($0 % 48 / 16 * 100) })
    try put(try wide.pngData(), at: folder.file("in/a.png"))
    for (crop, row) in [
      (DatasetBuilder.Crop.center, [UInt8](repeating: 100, count: 16)),
      (.none, [0, 0, 0, 0, 0, 67, 100, 100, 100, 100, 133, 200, 200, 200, 200, 200]),
    ] {
      let path = folder.file("\(crop.rawValue).zip")
      _ = try DatasetBuilder(width: 16, height: 8, crop: crop, resize: .area).build(folder.file("in"), to: path)
      let data = try DatasetSource.open(path)
      #expect(data.resolution == 16 && data.pictureArea == PictureArea(x: 0, y: 4, width: 16, height: 8))
      let stored = Image(planar: try data.image(at: 0), channels: 1, height: 16, width: 16)
      #expect(try stored.cropped(x: 0, y: 5, width: 16, height: 1).pixels == row)
      #expect(try stored.cropped(x: 0, y: 0, width: 16, height: 4).pixels.allSatisfy { $0 == 0 })
    }
  }

  /// Alpha that is composited on white does not make the padding white; with 4 channels it is transparent.
  @Test(arguments: [1, 3, 4]) func paddingIsBlackOrTransparent(channels: Int) throws {
    let clear = Image(width: 4, height: 8, filledWith: [90, 90, 90, 0])
    try put(try clear.pngData(), at: folder.file("in/a.png"))
    _ = try DatasetBuilder(width: 4, height: 8, channels: channels).build(folder.file("in"), to: folder.file("a.zip"))
    let data = try DatasetSource.open(folder.file("a.zip"))
    let stored = Image(planar: try data.image(at: 0), channels: channels, height: 8, width: 8)
    let row = Array(stored.pixels.prefix(8 * channels))
    let inside = [UInt8](repeating: channels == 4 ? 0 : 255, count: 4 * channels)
    let padding = [UInt8](repeating: 0, count: 2 * channels)
    #expect(row == padding + inside + padding)
  }

  /// Mirroring keeps the picture in its place, also where the padding is uneven.
  @Test func mirroringKeepsThePlace() throws {
    let image = Image(width: 5, height: 8, channels: 1, pixels: (0..<40).map { UInt8($0 + 1) })
    try put(try image.pngData(), at: folder.file("in/a.png"))
    _ = try DatasetBuilder(width: 5, height: 8).build(folder.file("in"), to: folder.file("a.zip"))
    let data = try DatasetSource.open(folder.file("a.zip"))
    #expect(Array(try data.image(at: 0).prefix(8)) == [0, 1, 2, 3, 4, 5, 0, 0])
    let both = MirroredDataset(data)
    #expect(both.pictureArea == data.pictureArea)
    #expect(Array(try both.image(at: 1).prefix(8)) == [0, 5, 4, 3, 2, 1, 0, 0])
    let batch = try BatchLoader(data, seed: 1, mirror: true).next(32)
    let rows = Set((0..<32).map { Array(batch.pixels[$0 * 64..<$0 * 64 + 8]) })
    #expect(rows == [[0, 1, 2, 3, 4, 5, 0, 0], [0, 5, 4, 3, 2, 1, 0, 0]])
  }

  @Test func sizesThatCannotBeAreSaid() throws {
    for (width, height) in [(0, 5), (5, 0), (-1, 5), (1025, 5), (5, 2000)] {
      #expect(throws: DatasetError.badSize(width: width, height: height)) {
        try DatasetBuilder(width: width, height: height)
      }
    }
    #expect(try DatasetBuilder(width: 1, height: 1024).resolution == 1024)
    #expect(try DatasetBuilder(width: 1, height: 1).resolution == 4)
    // A square that is a power of two needs no padding.
    #expect(try DatasetBuilder(width: 16, height: 16).pictureArea == nil)
    #expect(try DatasetBuilder(width: 12, height: 12).pictureArea == PictureArea(width: 12, height: 12, inMiddleOf: 16))
  }

  @Test(arguments: [
    (#""picture_area": [1, 2]"#, "is not {"),
    (#""picture_area": {"x": 0, "y": 0, "width": 0, "height": 8}"#, "is not {"),
    (#""picture_area": {"x": 4, "y": 0, "width": 5, "height": 8}"#, "but a.png is 8×8"),
  ]) func wrongAreasAreSaid(entry: String, sentence: String) throws {
    try put(try noise(8, 8).pngData(), at: folder.file("in/a.png"))
    try put(Array("{\"labels\": null, \(entry)}".utf8), at: folder.file("in/dataset.json"))
    let error = #expect(throws: DatasetError.self) { try DatasetSource.open(folder.file("in")) }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
    #expect(error?.description.contains("dataset.json") == true)
  }

  @Test func oldTablesHaveNoArea() throws {
    try put(try noise(8, 8).pngData(), at: folder.file("in/a.png"))
    let plain = try DatasetSource.open(folder.file("in"))
    for table in [#"{"labels": null}"#, #"{"labels": null, "picture_area": null}"#] {
      try put(Array(table.utf8), at: folder.file("in/dataset.json"))
      let data = try DatasetSource.open(folder.file("in"))
      #expect(data.pictureArea == nil && data.fingerprint == plain.fingerprint)
    }
  }

  /// Builds that were interrupted by an earlier version still resume.
  @Test func theKeyOfSquareBuildsIsThatOfEarlierVersions() throws {
    struct Interruption: Error {}
    _ = try fill()
    #expect(throws: Interruption.self) {
      try DatasetBuilder(resolution: 8).build(folder.file("in"), to: folder.file("a.zip")) { _ in throw Interruption() }
    }
    let key = String(decoding: try WholeFile.bytes(of: folder.file("a.zip.partial/key")), as: UTF8.self)
    #expect(
      key.split(separator: "\n").dropFirst() == [
        "resolution 8", "crop center", "resize lanczos", "channels 3", "compression 3",
      ])
  }

  /// Pixel art of three colors, by a whole factor: its palette and no other color, built or resized while read.
  @Test func pixelArtKeepsItsPalette() throws {
    let palette: [[UInt8]] = [[250, 10, 0], [0, 200, 30], [20, 20, 240]]
    let art = Image(width: 16, height: 16, channels: 3, pixels: (0..<256).flatMap { palette[($0 * $0 / 7 + $0) % 3] })
    let large = try art.resized(width: 64, height: 64, kernel: .nearest)
    for (name, image) in [("large", large), ("small", art)] {
      try put(try image.pngData(), at: folder.file("\(name)/a.png"))
      for side in [16, 32] {
        let wanted = try art.resized(width: side, height: side, kernel: .nearest).planar
        let read = try DatasetSource.open(folder.file(name), resolution: side, resize: .nearest)
        #expect(try read.image(at: 0) == wanted)
        let path = folder.file("\(name)\(side).zip")
        _ = try DatasetBuilder(resolution: side, resize: .nearest).build(folder.file(name), to: path)
        #expect(try DatasetSource.open(path).image(at: 0) == wanted)
      }
    }
    // The kernel is a part of the identity; without a resolution it has no effect.
    let prints = try [nil, Image.Kernel.lanczos, .area, .nearest].map {
      try DatasetSource.open(folder.file("large"), resolution: 16, resize: $0).fingerprint
    }
    #expect(Set(prints).count == 4)
    #expect(
      try DatasetSource.open(folder.file("small"), resize: .nearest).fingerprint
        == DatasetSource.open(folder.file("small")).fingerprint)
  }
}
