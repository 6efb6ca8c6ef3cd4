import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

@Suite struct BuilderTests {
  /// Two classes of odd sizes and kinds.
  private func fill(_ folder: String, _ count: Int = 30) throws {
    for index in 0..<count {
      let image = noise(20 + index, 50 - index, index % 7 == 0 ? 1 : 3, seed: index)
      let name = "\(index % 2 == 0 ? "even" : "odd")/\(100 + index)"
      try put(
        try index % 3 == 0 ? image.data(.jpeg()) : image.pngData(),
        at: "\(folder)/\(name).\(index % 3 == 0 ? "jpg" : "png")")
    }
  }

  @Test func theArchiveHoldsWhatIsPromised() throws {
    try withFolder { folder in
      try fill("\(folder)/in")
      let out = "\(folder)/out.zip"
      let summary = try DatasetBuilder(resolution: 16).build("\(folder)/in", to: out, threads: 2)
      #expect(summary.images == 30 && summary.skipped == 0 && summary.resumed == 0 && summary.channels == 3)
      #expect(summary.converted == [1: 5] && summary.classes.map(\.images).reduce(0, +) == 30)
      #expect(try names(in: folder) == ["in", "out.zip"])
      let archive = try ZIPArchive(out)
      #expect(archive.entries.first?.name == "00000/img00000000.png" && archive.entries.last?.name == "dataset.json")
      #expect(archive.entries.count == 31 && archive.entries.allSatisfy { $0.size == $0.packedSize })
      let (source, built) = (try DatasetSource.open("\(folder)/in", resolution: 16), try DatasetSource.open(out))
      #expect(
        built.count == 30 && built.labelNames == ["even", "odd"] && built.resolution == 16 && built.channels == 3)
      for index in 0..<30 {
        #expect(built.label(at: index) == source.label(at: index))
        // The loader takes means where factors are whole, the builder Lanczos throughout: compare where they agree.
        let path = try DatasetSource.collection("\(folder)/in").image(at: index)
        let wanted = try path.croppedToCentralSquare().resized(width: 16, height: 16).converted(toChannels: 3)
        #expect(try built.image(at: index) == wanted.planar)
      }
      #expect(try DatasetInspection(of: out).problems.isEmpty)
    }
  }

  @Test func equalInputGivesEqualBytes() throws {
    try withFolder { folder in
      try fill("\(folder)/in")
      let builder = DatasetBuilder(resolution: 8, resize: .area, channels: 1)
      for (name, threads) in [("a", 1), ("b", 4)] {
        _ = try builder.build("\(folder)/in", to: "\(folder)/\(name).zip", threads: threads)
      }
      #expect(try WholeFile.bytes(of: "\(folder)/a.zip") == WholeFile.bytes(of: "\(folder)/b.zip"))
      #expect(try DatasetSource.open("\(folder)/a.zip").channels == 1)
      // An archive that exists is only replaced when that is asked for.
      let error = #expect(throws: DatasetError.self) { try builder.build("\(folder)/in", to: "\(folder)/a.zip") }
      guard case .badOutput = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      _ = try builder.build("\(folder)/in", to: "\(folder)/a.zip", replacing: true)
    }
  }

  /// Interrupted after any number of pictures, and with the end of the file torn as by a power cut: the same bytes in the end.
  @Test func interruptedBuildsGoOn() throws {
    struct Interruption: Error {}
    try withFolder { folder in
      try fill("\(folder)/in")
      try put(Array("text".utf8), at: "\(folder)/in/even/105.png")
      let builder = DatasetBuilder(resolution: 8, skipsBad: true)
      let whole = try builder.build("\(folder)/in", to: "\(folder)/a.zip")
      #expect(whole.images == 30 && whole.skipped == 1 && whole.resumed == 0 && whole.channels == 3)
      let wanted = try WholeFile.bytes(of: "\(folder)/a.zip")
      for stop in [1, 3, 7, 30, 31] {
        for torn in [0, 1, 50] {
          let out = "\(folder)/b.zip"
          #expect(throws: Interruption.self) {
            try builder.build("\(folder)/in", to: out, threads: 2) { if $0.done == stop { throw Interruption() } }
          }
          #expect(!FileManager.default.fileExists(atPath: out))
          let growing = DatasetBuilder.partialFolder(of: out) + "/archive"
          let bytes = try WholeFile.bytes(of: growing)
          try FileHandle(forWritingTo: URL(fileURLWithPath: growing)).truncate(
            atOffset: UInt64(max(0, bytes.count - torn)))
          if torn == 1 {
            // The journal may have lost more than the archive.
            let journal = DatasetBuilder.partialFolder(of: out) + "/journal"
            let size = try WholeFile.bytes(of: journal).count
            #expect(truncate(journal, off_t(max(0, size - 7))) == 0)
          }
          let summary = try builder.build("\(folder)/in", to: out)
          #expect(torn > 0 ? summary.resumed < stop : summary.resumed == stop)
          #expect(summary.images == 30 && summary.skipped == 1)
          #expect(try WholeFile.bytes(of: out) == wanted)
          #expect(!FileManager.default.fileExists(atPath: DatasetBuilder.partialFolder(of: out)))
          try FileManager.default.removeItem(atPath: out)
        }
      }
      // Other options, or other pictures, begin anew.
      #expect(throws: Interruption.self) {
        try builder.build("\(folder)/in", to: "\(folder)/b.zip") { if $0.done == 9 { throw Interruption() } }
      }
      let other = try DatasetBuilder(resolution: 4, skipsBad: true).build("\(folder)/in", to: "\(folder)/b.zip")
      #expect(other.resumed == 0 && other.images == 30)
    }
  }

  /// Checksums do not include names: a damaged one must not become the name of a picture in the finished archive.
  @Test(arguments: [30, 36, 49]) func namesInInterruptedBuildsAreChecked(at: Int) throws {
    struct Interruption: Error {}
    try withFolder { folder in
      try fill("\(folder)/in", 4)
      let builder = DatasetBuilder(resolution: 8)
      _ = try builder.build("\(folder)/in", to: "\(folder)/a.zip")
      let out = "\(folder)/b.zip"
      #expect(throws: Interruption.self) {
        try builder.build("\(folder)/in", to: out) { if $0.done == 3 { throw Interruption() } }
      }
      let growing = DatasetBuilder.partialFolder(of: out) + "/archive"
      var bytes = try WholeFile.bytes(of: growing)
      bytes[at] ^= 1
      try AtomicFile.write(bytes, to: growing)
      #expect(try builder.build("\(folder)/in", to: out).resumed == 0)
      #expect(try WholeFile.bytes(of: out) == WholeFile.bytes(of: "\(folder)/a.zip"))
    }
  }

  @Test func badPicturesStopOrAreSkipped() throws {
    try withFolder { folder in
      try fill("\(folder)/in", 4)
      try put(Array("text".utf8), at: "\(folder)/in/odd/200.png")
      #expect(throws: ImageError.notAnImage(name: "\(folder)/in/odd/200.png")) {
        try DatasetBuilder(resolution: 8).build("\(folder)/in", to: "\(folder)/a.zip")
      }
      var skipped: [String] = []
      let summary = try DatasetBuilder(resolution: 8, skipsBad: true).build("\(folder)/in", to: "\(folder)/a.zip") {
        if let error = $0.skipped { skipped.append("\(error)") }
      }
      #expect(summary.images == 4 && summary.skipped == 1 && skipped.count == 1 && skipped[0].contains("odd/200.png"))
      #expect(try DatasetSource.open("\(folder)/a.zip").count == 4)
    }
  }

  /// Colors under alpha 0 never come out of a data set, and the builder tells what it does with alpha.
  @Test func alphaIsToldAndHiddenColorsAreBlack() throws {
    try withFolder { folder in
      // Left half opaque blue, right half transparent over red.
      let pixels = (0..<256).flatMap { $0 % 16 < 8 ? [0, 0, 255, 255] : [255, 0, 0, 0] as [UInt8] }
      let clear = Image(width: 16, height: 16, channels: 4, pixels: pixels)
      for name in ["a", "b"] { try put(try clear.pngData(), at: "\(folder)/in/\(name).png") }
      for side in [16, 8, 4] {
        let image = try DatasetSource.open("\(folder)/in", resolution: side).image(at: 0)
        let area = side * side
        for at in 0..<area {
          let samples = (0..<4).map { image[$0 * area + at] }
          #expect(samples == (at % side < side / 2 ? [0, 0, 255, 255] : [0, 0, 0, 0]))
        }
      }
      #expect(try DatasetSource.open("\(folder)/in").image(at: 0)[15] == 0)
      let kept = try DatasetBuilder(resolution: 16).build("\(folder)/in", to: "\(folder)/4.zip")
      #expect(kept.channels == 4 && kept.conversions.isEmpty)
      let stored = try DatasetSource.collection("\(folder)/4.zip").image(at: 0)
      #expect(stored.channels == 4 && Array(stored.pixels[60..<64]) == [0, 0, 0, 0])

      try put(try noise(16, 16, 1).pngData(), at: "\(folder)/in/grey.png")
      try put(try noise(16, 16, 3).pngData(), at: "\(folder)/in/rgb.png")
      func conversions(_ channels: Int?) throws -> [String] {
        let path = "\(folder)/\(channels ?? 0).zip"
        return try DatasetBuilder(resolution: 16, channels: channels).build("\(folder)/in", to: path, replacing: true)
          .conversions
      }
      #expect(try conversions(nil) == ["alpha of 2 images is composited on white", "1 image in gray became color"])
      #expect(try conversions(1) == ["2 images with alpha became gray on white", "1 image in color became gray"])
      #expect(try conversions(4) == ["2 images without alpha became opaque"])
    }
  }

  @Test func stretchingKeepsTheBorders() throws {
    try withFolder { folder in
      let halves = Image(width: 32, height: 8, channels: 1, pixels: (0..<256).map { $0 % 32 < 16 ? 0 : 255 })
      try put(try halves.pngData(), at: "\(folder)/in/a.png")
      _ = try DatasetBuilder(resolution: 8, crop: .none, resize: .area).build("\(folder)/in", to: "\(folder)/a.zip")
      #expect(try DatasetSource.open("\(folder)/a.zip").image(at: 0) == (0..<64).map { $0 % 8 < 4 ? 0 : 255 })
    }
  }

  @Test func outputThatCannotBeIsSaid() throws {
    try withFolder { folder in
      try fill("\(folder)/in", 2)
      #expect(throws: FileError(.write, path: "\(folder)/no/a.zip.partial", code: ENOENT)) {
        try DatasetBuilder(resolution: 8).build("\(folder)/in", to: "\(folder)/no/a.zip")
      }
      #expect(throws: DatasetError.self) {
        try DatasetBuilder(resolution: 8).build("\(folder)/in", to: "\(folder)/a.tar")
      }
      #expect(throws: DatasetError.badResolution(9)) {
        try DatasetBuilder(resolution: 9).build("\(folder)/in", to: "\(folder)/a.zip")
      }
      #expect(try names(in: folder) == ["in"])
    }
  }
}

@Suite struct InspectionTests {
  @Test func everyOffenderIsListedWithItsReason() throws {
    try withFolder { folder in
      for index in 0..<5 { try put(try noise(16, 16, seed: index).pngData(), at: "\(folder)/good\(index).png") }
      let photograph = try noise(64, 64).data(.jpeg())
      try put(Array(photograph[..<(photograph.count / 2)]), at: "\(folder)/cut.jpg")
      try put(Array("text".utf8), at: "\(folder)/text.png")
      try put([], at: "\(folder)/void.png")
      try put(try noise(16, 15, seed: 20).pngData(), at: "\(folder)/low.png")
      try put(try noise(16, 16, 1, seed: 21).pngData(), at: "\(folder)/grey.png")
      try put(try noise(16, 16, seed: 3).pngData(), at: "\(folder)/twin.png")
      try put(
        try Animation.webPData([noise(16, 16), noise(16, 16, seed: 2)], framesPerSecond: 9), at: "\(folder)/moving.webp"
      )
      try put(Array("text".utf8), at: "\(folder)/notes.txt")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/gone.png", withDestinationPath: "nowhere")
      let report = try DatasetInspection(of: folder, threads: 2)
      #expect(report.images == 13 && report.omissions == DatasetOmissions(others: 1) && report.kind == "folder")
      #expect(
        report.problems.map { "\($0.name) \($0.reason.rawValue)" } == [
          "cut.jpg truncated", "gone.png unreadable", "low.png wrong-size", "moving.webp animated",
          "text.png not-an-image",
          "twin.png duplicate", "void.png empty",
        ])
      #expect(report.mixedChannels == 1)
      #expect(report.sizes == ["16×16×3": 6, "16×15×3": 1, "16×16×1": 1])
      // When training will resize and convert, only what is too small is wrong.
      let lenient = try DatasetInspection(of: folder, resolution: 16, channels: 3)
      #expect(lenient.mixedChannels == 0)
      #expect(lenient.problems.filter { $0.reason == .wrongSize }.map(\.name) == ["low.png"])
      #expect(
        try DatasetInspection(of: folder, resolution: 8, channels: 3).problems.count { $0.reason == .wrongSize } == 0)
    }
  }
}
