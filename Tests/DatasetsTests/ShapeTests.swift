import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// Pixel art, and pictures that are not square.
@Suite struct ShapeTests {
  private let palette: [[UInt8]] = [[0, 0, 0, 0], [250, 10, 10, 255], [10, 200, 40, 255], [30, 30, 220, 255]]

  /// A sprite of a few colors, with other colors hidden under alpha 0.
  private func sprite(_ side: Int, seed: Int) -> Image {
    Image(
      width: side, height: side, channels: 4,
      pixels: (0..<side * side).flatMap { i -> [UInt8] in
        let place = (i / side / 3 * 5 + i % side / 2 * 3 + seed) % 4
        return place == 0 ? [UInt8(i & 255), 99, 77, 0] : palette[place]
      })
  }

  private func colors(_ planar: [UInt8]) -> Set<[UInt8]> {
    let area = planar.count / 4
    return Set((0..<area).map { at in (0..<4).map { planar[$0 * area + at] } })
  }

  @Test func nearestKeepsThePalette() throws {
    try withFolder { folder in
      for seed in 0..<5 { try put(try sprite(24 + seed, seed: seed).pngData(), at: "\(folder)/in/\(seed).png") }
      let nearest = try DatasetSource.open("\(folder)/in", resolution: 16, resize: .nearest)
      let usual = try DatasetSource.open("\(folder)/in", resolution: 16)
      for index in 0..<5 {
        #expect(colors(try nearest.image(at: index)).isSubset(of: palette))
        #expect(!colors(try usual.image(at: index)).isSubset(of: palette))
      }
      // The filter belongs to the identity of the data, the usual one as before.
      let all = try [nil, .nearest, .area, .lanczos].map {
        try DatasetSource.open("\(folder)/in", resolution: 16, resize: $0).fingerprint
      }
      #expect(Set(all).count == 4)
      _ = try DatasetBuilder(resolution: 16, resize: .nearest).build("\(folder)/in", to: "\(folder)/out.zip")
      let built = try DatasetSource.open("\(folder)/out.zip")
      for index in 0..<5 { #expect(try built.image(at: index) == nearest.image(at: index)) }
      #expect(built.shown == nil)
    }
  }

  /// Built with a width and a height, opened, and cropped again: the pictures themselves, in a padding of zeros.
  @Test(arguments: [(12, 16, 3), (16, 9, 3), (5, 8, 4), (16, 16, 1)])
  func otherShapesArePadded(width: Int, height: Int, channels: Int) throws {
    try withFolder { folder in
      for index in 0..<4 {
        try put(
          try noise(width * 3 + index, height * 3, channels, seed: index).pngData(), at: "\(folder)/in/\(index).png")
      }
      let shown = PictureSize(width: width, height: height)
      let summary = try DatasetBuilder(resolution: 16, shown: shown).build("\(folder)/in", to: "\(folder)/out.zip")
      #expect(summary.images == 4 && summary.channels == channels)
      let dataset = try DatasetSource.open("\(folder)/out.zip")
      let isPadded = (width, height) != (16, 16)
      #expect(dataset.shown == (isPadded ? shown : nil) && dataset.resolution == 16)
      for index in 0..<4 {
        let wanted = try DatasetSource.collection("\(folder)/in").image(at: index)
          .croppedCentrally(toShapeOf: width, height).resized(width: width, height: height).withoutHiddenColors()
        let whole = Image(planar: try dataset.image(at: index), channels: channels, height: 16, width: 16)
        #expect(try whole.cropped(x: (16 - width) / 2, y: (16 - height) / 2, width: width, height: height) == wanted)
        #expect(try whole == wanted.padded(width: 16, height: 16))
      }
    }
  }

  /// At another resolution the shown part is scaled, or refused where it is no whole number of pixels.
  @Test func shownPartsAreScaled() throws {
    try withFolder { folder in
      try put(try noise(30, 40).pngData(), at: "\(folder)/in/a.png")
      let size = PictureSize(width: 12, height: 16)
      _ = try DatasetBuilder(resolution: 16, shown: size).build("\(folder)/in", to: "\(folder)/a.zip")
      #expect(try DatasetSource.open("\(folder)/a.zip", resolution: 8).shown == PictureSize(width: 6, height: 8))
      #expect(try DatasetSource.open("\(folder)/a.zip", resolution: 32).shown == PictureSize(width: 24, height: 32))
      #expect(throws: DatasetError.self) { try DatasetSource.open("\(folder)/a.zip", resolution: 4) }
      let survey = try DatasetSurvey(of: "\(folder)/a.zip")
      #expect(survey.allows(side: 8) && !survey.allows(side: 4) && survey.side == 16)
      #expect(throws: DatasetError.self) {
        try DatasetBuilder(resolution: 8, shown: size).build("\(folder)/in", to: "\(folder)/b.zip")
      }
    }
  }

  /// The key of other programs' tables is optional, but not nonsense.
  @Test(arguments: [#"{"width": 0, "height": 4}"#, #"{"width": 4}"#, "7", #""4x4""#])
  func nonsenseIsRefused(_ value: String) throws {
    try withFolder { folder in
      try put(try noise(8, 8).pngData(), at: "\(folder)/a.png")
      try put(Array(#"{"labels": null, "shown": \#(value)}"#.utf8), at: "\(folder)/dataset.json")
      #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
      try put(Array(#"{"labels": null, "shown": null}"#.utf8), at: "\(folder)/dataset.json")
      #expect(try DatasetSource.open(folder).shown == nil)
    }
  }

  @Test func surveysCount() throws {
    try withFolder { folder in
      for (index, side) in [20, 40, 60].enumerated() {
        try put(
          try noise(side, 50, [1, 3, 4][index], seed: index).pngData(), at: "\(folder)/\(index % 2)/\(index).png")
      }
      let survey = try DatasetSurvey(of: folder)
      #expect((survey.images, survey.classes, survey.gray, survey.color, survey.alpha) == (3, 2, 1, 1, 1))
      #expect((survey.shortest, survey.median, survey.longest, survey.side) == (20, 40, 50, nil))
      #expect(survey.channels == 3)
    }
  }
}
