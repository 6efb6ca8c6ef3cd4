import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

@Suite struct FolderTests {
  @Test func subfoldersAreClasses() throws {
    try withFolder { folder in
      for (index, name) in ["dog/a.png", "cat/deep/b.png", "cat/a.png", "cat/.hidden.png", "cat/notes.txt"].enumerated()
      {
        try put(try noise(8, 8, seed: index).pngData(), at: "\(folder)/\(name)")
      }
      try put([1], at: "\(folder)/.git/x.png")
      let data = try DatasetSource.open(folder)
      #expect(data.count == 3 && data.resolution == 8 && data.channels == 3)
      #expect(data.labelNames == ["cat", "dog"] && data.labelCount == 2)
      #expect((0..<3).map { data.label(at: $0) } == [0, 0, 1])
      #expect(try data.image(at: 0) == noise(8, 8, seed: 2).planar)
      #expect(try data.image(at: 1) == noise(8, 8, seed: 1).planar)
      #expect(try data.image(at: 2) == noise(8, 8, seed: 0).planar)
      // An image above the classes: no classes.
      try put(try noise(8, 8).pngData(), at: "\(folder)/top.png")
      #expect(try DatasetSource.open(folder).labelCount == 0)
    }
  }

  @Test func shardsAreNoClasses() throws {
    try withFolder { folder in
      for name in ["00000/img00000000.png", "00001/img00001000.png"] {
        try put(try noise(8, 8).pngData(), at: "\(folder)/\(name)")
      }
      #expect(try DatasetSource.open(folder).labelCount == 0)
      try put(
        Array(#"{"labels": [["00001/img00001000.png", 4], ["00000/img00000000.png", 1]]}"#.utf8),
        at: "\(folder)/dataset.json")
      let data = try DatasetSource.open(folder)
      #expect(data.labelCount == 5 && data.label(at: 0) == 1 && data.label(at: 1) == 4)
    }
  }

  @Test func linksAreFollowedButNotInCircles() throws {
    try withFolder { folder in
      try put(try noise(8, 8).pngData(), at: "\(folder)/a/x.png")
      try put(try noise(8, 8).pngData(), at: "\(folder)/b/y.png")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/a/up", withDestinationPath: "..")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/c", withDestinationPath: "a")
      // a, b, c; "a/up" leads to the top, which is being visited.
      #expect(try DatasetSource.open(folder).count == 3)
    }
  }

  @Test func sizesMustBeEqualUnlessResized() throws {
    try withFolder { folder in
      try put(try noise(16, 16).pngData(), at: "\(folder)/a.png")
      try put(try noise(24, 16).pngData(), at: "\(folder)/b.png")
      try put(try noise(64, 40).data(.jpeg()), at: "\(folder)/c.jpg")
      let error = #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
      #expect(error?.description.contains("b.png is 24×16") == true)
      #expect(error?.description.contains("--resolution") == true)
      let data = try DatasetSource.open(folder, resolution: 8)
      #expect(data.resolution == 8)
      // The central square at half its side: means of 2×2.
      let square = try noise(24, 16).cropped(x: 4, y: 0, width: 16, height: 16)
      #expect(try data.image(at: 1) == square.resized(width: 8, height: 8, kernel: .area).planar)
      #expect(try data.image(at: 2).count == 3 * 64)
      for resolution in [0, 3, 12, 2048, -4] {
        #expect(throws: DatasetError.badResolution(resolution)) {
          try DatasetSource.open(folder, resolution: resolution)
        }
      }
      #expect(throws: DatasetError.badChannels(2)) { try DatasetSource.open(folder, resolution: 8, channels: 2) }
      try put(try noise(32, 32).pngData(), at: "\(folder)/b.png")
      #expect(throws: DatasetError.self) { try DatasetSource.open(folder) }
    }
  }

  @Test(arguments: [([1, 1], 1), ([4, 4], 4), ([1, 3], 3), ([3, 4], 3), ([1, 4], 3)])
  func channelsOfMixtures(kinds: [Int], wanted: Int) throws {
    try withFolder { folder in
      for (index, channels) in kinds.enumerated() {
        try put(try noise(8, 8, channels).pngData(), at: "\(folder)/\(index).png")
      }
      let data = try DatasetSource.open(folder)
      #expect(data.channels == wanted)
      #expect(try data.image(at: 0).count == wanted * 64)
      #expect(
        try DatasetSource.open(folder, channels: 1).image(at: 1)
          == noise(8, 8, kinds[1]).converted(toChannels: 1).planar)
    }
  }

  @Test func theFingerprintNoticesChange() throws {
    try withFolder { folder in
      for index in 0..<3 {
        try put(try noise(8, 8, seed: index).data(.png(compression: 0)), at: "\(folder)/\(index).png")
      }
      let first = try DatasetSource.open(folder).fingerprint
      #expect(try DatasetSource.open(folder + "/").fingerprint == first)
      #expect(try DatasetSource.open(folder, channels: 1).fingerprint != first)
      // The same length and, as with every PNG, the same CRC-32.
      try put(try noise(8, 8, seed: 9).data(.png(compression: 0)), at: "\(folder)/1.png")
      #expect(try DatasetSource.open(folder).fingerprint != first)
      try put(try noise(8, 8, seed: 1).data(.png(compression: 0)), at: "\(folder)/1.png")
      #expect(try DatasetSource.open(folder).fingerprint == first)
    }
  }

  @Test func whatIsNoDatasetIsSaid() throws {
    try withFolder { folder in
      #expect(throws: DatasetError.notFound("\(folder)/none")) { try DatasetSource.open("\(folder)/none") }
      #expect(throws: DatasetError.notFound("\"\"")) { try DatasetSource.open("") }
      #expect(throws: DatasetError.noImages(folder)) { try DatasetSource.open(folder) }
      try put(try noise(8, 8).pngData(), at: "\(folder)/a.png")
      #expect(throws: DatasetError.unknownKind(path: "\(folder)/a.png", reason: "it is a single image")) {
        try DatasetSource.open("\(folder)/a.png")
      }
      try put(Array("text".utf8), at: "\(folder)/b.zip")
      try put([], at: "\(folder)/c.zip")
      try put(Array("text".utf8), at: "\(folder)/d")
      for name in ["b.zip", "c.zip", "d"] {
        #expect(throws: DatasetError.self) { try DatasetSource.open("\(folder)/\(name)") }
      }
      try put(Array("text".utf8), at: "\(folder)/a.png")
      #expect(throws: ImageError.notAnImage(name: "\(folder)/a.png")) { try DatasetSource.open(folder) }
    }
  }
}

@Suite struct ZIPTests {
  private func picture(_ seed: Int) throws -> [UInt8] { try noise(16, 16, seed: seed).pngData() }

  @Test func labelsOfNVIDIA() throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      let images = [("00000/img00000001.png", try picture(1)), ("00000/img00000000.png", try picture(0))]
      try makeZIP(
        path,
        images + [
          ("dataset.json", Array(#"{"labels": [["00000/img00000000.png", 6], ["00000/img00000001.png", 2]]}"#.utf8))
        ])
      let data = try DatasetSource.open(path)
      #expect(data.name == "a" && data.count == 2 && data.labelCount == 7)
      #expect(data.label(at: 0) == 6 && data.label(at: 1) == 2)
      #expect(try data.image(at: 0) == noise(16, 16, seed: 0).planar)
      #expect(try data.image(at: 1) == noise(16, 16, seed: 1).planar)

      try makeZIP(path, images + [("dataset.json", Array(#"{"labels": null}"#.utf8))])
      #expect(try DatasetSource.open(path).labelCount == 0)
      try makeZIP(path, images)
      #expect(try DatasetSource.open(path).labelCount == 0)
      try makeZIP(
        path, [("flowers/rose/a.png", try picture(1)), ("flowers/tulip/b.png", try picture(2)), ("__MACOSX/x.png", [])])
      #expect(try DatasetSource.open(path).labelNames == ["rose", "tulip"])
    }
  }

  @Test(arguments: [
    "[]", "{\"labels\": 7}", "{\"labels\": [[\"a.png\", 1]]}", "{\"labels\": [[\"a.png\", 1], [\"b.png\", [0, 1]]]}",
    "{\"labels\": [[\"a.png\", 1], [\"b.png\", -1]]}", "{\"labels\": [[\"a.png\", 1], [\"b.png\", 0.5]]}",
    "{\"labels\": [[\"a.png\", 1], [\"a.png\", 1]]}",
    "{",
  ])
  func badLabelsAreRefused(json: String) throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      try makeZIP(path, [("a.png", try picture(1)), ("b.png", try picture(2)), ("dataset.json", Array(json.utf8))])
      let error = #expect(throws: DatasetError.self) { try DatasetSource.open(path) }
      guard case .badLabels = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func bombsAreRefused() throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      try makeZIP(path, [("a.png", try picture(1)), ("b.bmp", [UInt8](repeating: 0, count: 8 << 20))])
      let error = #expect(throws: DatasetError.self) { try DatasetSource.open(path) }
      guard case .suspiciousEntry(let name, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(name == "\(path):b.bmp")
    }
  }

  @Test func damageIsFound() throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      try makeZIP(path, (0..<4).map { ("\($0).png", try picture($0)) })
      let whole = try WholeFile.bytes(of: path)
      for length in [whole.count - 1, whole.count / 2, 30, 4] {
        try put(Array(whole[..<length]), at: path)
        #expect(throws: DatasetError.self, "cut to \(length)") { try DatasetSource.open(path) }
      }
      // A byte in the middle of the first picture: its checksum tells.
      var changed = whole
      changed[200] ^= 1
      try put(changed, at: path)
      let data = try DatasetSource.open(path)
      let error = #expect(throws: DatasetError.self) { try data.image(at: 0) }
      #expect(error?.description.contains("\(path):0.png") == true)
      #expect(try data.image(at: 1) == noise(16, 16, seed: 1).planar)
    }
  }

  /// Several threads read one archive through handles of their own.
  @Test func threadsShareAnArchive() async throws {
    let folder = NSTemporaryDirectory() + "datasets-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try makeZIP("\(folder)/a.zip", (0..<50).map { (String(100 + $0) + ".png", try picture($0)) })
    let data = try DatasetSource.open("\(folder)/a.zip", cacheLimit: 0)
    let wanted = (0..<50).map { noise(16, 16, seed: $0).planar }
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<400 { group.addTask { (try? data.image(at: index % 50)) == wanted[index % 50] } }
      for await isRight in group { #expect(isRight) }
    }
  }
}
