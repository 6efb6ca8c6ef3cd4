import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// Nothing is left out without a word: pictures are known by content, and the rest is named or counted.
@Suite struct OmissionTests {
  private func image(_ seed: Int = 1) -> Image { noise(8, 8, seed: seed) }

  @Test(arguments: [
    "a.jfif", "a.pjpeg", "a.pjp", "a.JIF", "a", "a.1", "a.picture", "a.bak", "photo.jpg_large", "a.jpg!d", "a.jpg~",
    "a.",
  ])
  func picturesAreKnownByContent(name: String) throws {
    try withFolder { folder in
      try put(try image().data(.jpeg()), at: "\(folder)/\(name)")
      #expect(try DatasetSource.open(folder).count == 1)
      try put(rawZIP([RawEntry(name, try image().data(.jpeg()))]), at: "\(folder)/x.zip")
      #expect(try DatasetSource.open("\(folder)/x.zip").count == 1)
    }
  }

  @Test(arguments: [
    Array("P6 8 8 255\n".utf8), Array("P2\n# by hand\n8 8".utf8), Array("GIF89a".utf8), Array("II*\0".utf8),
    Array("MM\0*".utf8), Array("RIFF....WEBPVP8 ".utf8), Array("....ftypavif".utf8), Array("....ftypheic".utf8),
    [0xff, 0x0a, 0, 0], Array("BM".utf8) + [1, 1, 1, 1, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0, 0],
    [0, 0, 0, 12] + Array("jP  ".utf8),
  ])
  func startsOfPictures(start: [UInt8]) throws {
    try withFolder { folder in
      try put(start, at: "\(folder)/unnamed")
      #expect(try DatasetInspection(of: folder).images == 1)
    }
  }

  @Test func theRestIsNamedOrCounted() throws {
    try withFolder { folder in
      for name in ["a.png", "b.png"] { try put(try image().pngData(), at: "\(folder)/\(name)") }
      for name in ["video.mp4", "layers.psd", "unknown", "raw.cr2", "list", "bitmap-not", "P5-words"] {
        try put(
          Array((name == "raw.cr2" ? "II*\0" : name == "P5-words" ? "P5 is a word" : "BM words").utf8),
          at: "\(folder)/\(name)")
      }
      mkfifo("\(folder)/pipe.png", 0o600)
      for name in ["a.txt", "a.json", "notes.csv", ".hidden.png", "__MACOSX/a.png", ".git/x"] {
        try put(Array("text".utf8), at: "\(folder)/\(name)")
      }
      var said: [String] = []
      let data = try DatasetSource.open(folder, notice: { said.append($0) })
      let leftOut = ["P5-words", "bitmap-not", "layers.psd", "list", "pipe.png", "raw.cr2", "unknown", "video.mp4"]
      #expect(data.count == 2 && data.omissions == DatasetOmissions(files: leftOut, others: 6))
      #expect(
        said == [
          "note: 8 files in \(folder) are left out, not pictures of a known format: "
            + "P5-words, bitmap-not, layers.psd, list, pipe.png, …"
        ])
      #expect(DatasetDescription(data).omissions == data.omissions)
      #expect(DatasetDescription(data).lines.contains("other files  6 texts, tables or hidden files"))
      #expect(try DatasetInspection(of: folder).omissions == data.omissions)
      said = []
      _ = try DatasetBuilder(resolution: 8).build(folder, to: "\(folder).zip", notice: { said.append($0) })
      #expect(said.count == 1 && said[0].contains("8 files"))
      unlink("\(folder).zip")
    }
  }

  @Test func aFolderWithoutPicturesSaysWhatItHolds() throws {
    try withFolder { folder in
      for name in ["a.mp4", "b.psd"] { try put(Array("words".utf8), at: "\(folder)/\(name)") }
      let error = #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
      #expect(error?.description.contains("only a.mp4, b.psd") == true)
    }
  }

  /// Broken links, circles, pipes and folders with the names of pictures: skipped and counted, or said.
  @Test(arguments: ["dangling", "circle", "missing folder", "loop folder"])
  func badFilesAreSkippedAndCounted(kind: String) throws {
    try withFolder { folder in
      let set = "\(folder)/set"
      for index in 0..<3 { try put(try image(index).pngData(), at: "\(set)/\(index).png") }
      // A folder named like a picture is a folder.
      try put(try image(3).pngData(), at: "\(set)/folder.png/x.png")
      try Folder.make("\(set)/empty.png")
      let (target, name) =
        switch kind {
        case "dangling": ("nowhere", "b.png")
        case "circle": ("b.png", "b.png")
        case "missing folder": ("nowhere/deep", "sub")
        default: ("sub", "sub")
        }
      symlink(target, "\(set)/\(name)")
      let report = try DatasetInspection(of: set)
      #expect(report.images == 5 && report.problems.map(\.name) == [name])
      #expect(
        report.problems[0].detail.hasPrefix("cannot be read: its link")
          || report.problems[0].detail.contains("link to a file that does not exist"))
      #expect(throws: FileError.self) { try DatasetSource.open(set) }
      #expect(throws: FileError.self) { try DatasetBuilder(resolution: 8).build(set, to: "\(folder)/a.zip") }
      var skipped: [String] = []
      let summary = try DatasetBuilder(resolution: 8, skipsBad: true).build(set, to: "\(folder)/a.zip") {
        if let error = $0.skipped { skipped.append("\(error)") }
      }
      #expect(summary.images == 4 && summary.skipped == 1 && skipped.count == 1)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func withoutPermissionNothingDisappears() throws {
    try withFolder { folder in
      let set = "\(folder)/set"
      for name in ["cat/a.png", "cat/b.png", "dog/c.png", "dog/d.png", "emu/e.png"] {
        try put(try image().pngData(), at: "\(set)/\(name)")
      }
      chmod("\(set)/cat/b.png", 0)
      chmod("\(set)/dog", 0)
      defer { chmod("\(set)/dog", 0o700) }
      #expect(try DatasetInspection(of: set).problems.map(\.name).prefix(2) == ["cat/b.png", "dog"])
      let summary = try DatasetBuilder(resolution: 8, skipsBad: true).build(set, to: "\(folder)/a.zip")
      #expect(summary.images == 2 && summary.skipped == 2)
    }
  }

  /// Damage at the end of files is found when a dataset is opened, without decoding, also where the size is given.
  @Test func truncationIsFoundAtTheStart() throws {
    try withFolder { folder in
      for (name, bytes) in [
        ("a.png", try image().pngData()), ("b.jpg", try noise(64, 64).data(.jpeg())),
        ("c.webp", try noise(64, 64).data(.webp())),
      ] {
        try put(bytes, at: "\(folder)/\(name)")
        _ = try DatasetSource.open(folder, resolution: 8)
        try put(Array(bytes.dropLast(bytes.count / 3)), at: "\(folder)/\(name)")
        let error = #expect(throws: ImageError.self) { try DatasetSource.open(folder, resolution: 8, channels: 3) }
        #expect(error?.description.contains("\(folder)/\(name)") == true)
        // Other data behind the pixels is no damage, as in the photos of many telephones.
        try put(bytes + Array("more behind the pixels".utf8), at: "\(folder)/\(name)")
        _ = try DatasetSource.open(folder, resolution: 8)
        unlink("\(folder)/\(name)")
      }
      for index in 0..<5 { try put(Array(try image(index).pngData().dropLast(20)), at: "\(folder)/\(index).png") }
      let several = #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
      #expect(
        several?.description.contains("\(folder)/0.png") == true && several?.description.contains("4 more") == true)
      try put(rawZIP([RawEntry("a.png", Array(try image().pngData().dropLast(20)))]), at: "\(folder)/x.zip")
      #expect(throws: ImageError.self) { try DatasetSource.open("\(folder)/x.zip", resolution: 8, channels: 3) }
    }
  }
}
