import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// What changed in a dataset is said exactly, also after the record went through JSON.
@Suite struct ContentsTests {
  private func png(_ seed: Int) throws -> [UInt8] { try noise(8, 8, seed: seed).data(.png(compression: 0)) }

  private func record(_ path: String) throws -> DatasetContents {
    let text = try JSON.compact(try DatasetSource.open(path, resolution: 8).contents())
    return try JSONDecoder().decode(DatasetContents.self, from: Data(text.utf8))
  }

  /// A folder of 200 files: repaired, deleted, added and moved to another class.
  @Test func changesOfAFolder() throws {
    try withFolder { folder in
      func file(_ index: Int) -> String { "\(folder)/\(["cat", "dog"][index % 2])/\(1000 + index).png" }
      for index in 0..<200 { try put(try png(index), at: file(index)) }
      try put(try noise(8, 8, seed: 8).data(.png(compression: 9)) + [0], at: file(8))
      let old = try record(folder)
      func changes() throws -> DatasetChanges { try DatasetSource.open(folder, resolution: 8).changes(since: old) }
      #expect(try changes().isEmpty)

      try put(try png(8), at: file(8))
      #expect(try changes().description == "1 file changed (cat/1008.png)")
      #expect(unlink(file(8)) == 0)
      #expect(try changes().description == "1 file is missing (cat/1008.png)")
      // Without the first file, other files are sampled; the record's samples are compared nevertheless.
      #expect(unlink(file(0)) == 0)
      #expect(try changes().missing == ["cat/1000.png", "cat/1008.png"])
      for index in 300..<305 { try put(try png(index), at: file(index)) }
      try put(try png(777), at: file(6))
      #expect(
        try changes().description
          == "1 file changed (cat/1006.png), 2 are missing (cat/1000.png, cat/1008.png), "
          + "5 are new (cat/1300.png, cat/1302.png, cat/1304.png, …)")
    }
  }

  /// Two names that differ only in how an accent is written are two files.
  @Test func namesAreComparedByTheirBytes() throws {
    try withFolder { folder in
      let (composed, decomposed) = ("\(folder)/caf\u{e9}.png", "\(folder)/cafe\u{301}.png")
      try put(try png(1), at: composed)
      try put(try png(2), at: decomposed)
      let old = try record(folder)
      func changes() throws -> DatasetChanges { try DatasetSource.open(folder, resolution: 8).changes(since: old) }
      #expect(try changes().isEmpty)
      try put(try noise(8, 8, seed: 3).data(.png(compression: 9)) + [0], at: decomposed)
      #expect(try changes().changed.map(\.pathBytes) == ["cafe\u{301}.png".pathBytes])
      #expect(unlink(decomposed) == 0)
      #expect(try changes().missing.map(\.pathBytes) == ["cafe\u{301}.png".pathBytes])
    }
  }

  /// A damaged record must not hide a file behind another of the same name.
  @Test func recordsWithANameTwiceAreRefused() throws {
    try withFolder { folder in
      for name in ["a", "b"] { try put(try png(1), at: "\(folder)/\(name).png") }
      let text = try JSON.compact(try DatasetSource.open(folder, resolution: 8).contents())
      let twice = text.replacingOccurrences(of: "b.png", with: "a.png")
      #expect(twice != text)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(DatasetContents.self, from: Data(twice.utf8)) }
    }
  }

  /// A class that goes away renumbers the others, but does not relabel them; a changed table does.
  @Test func changesOfClasses() throws {
    try withFolder { folder in
      for name in ["a", "b", "c"] { try put(try png(1), at: "\(folder)/\(name)/x.png") }
      let old = try record(folder)
      try FileManager.default.removeItem(atPath: "\(folder)/a")
      #expect(
        try DatasetSource.open(folder).changes(since: old).description == "1 file is missing (a/x.png)")
      try put(Array(#"{"labels": [["b/x.png", 2], ["c/x.png", 0]]}"#.utf8), at: "\(folder)/dataset.json")
      let changes = try DatasetSource.open(folder).changes(since: old)
      #expect(changes.relabeled == ["b/x.png", "c/x.png"])
      #expect(changes.description.contains("2 have another label (b/x.png, c/x.png)"))
    }
  }

  /// A ZIP knows each file's checksum: a change of the same size is seen in every file.
  @Test func changesOfAnArchive() throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      var entries = try (0..<150).map { ("\(1000 + $0).png", try png($0)) }
      try makeZIP(path, entries)
      let old = try record(path)
      entries[77].1 = try png(999)
      entries.remove(at: 3)
      try makeZIP(path, entries)
      #expect(
        try DatasetSource.open(path).changes(since: old).description
          == "1 file changed (1077.png), 1 is missing (1003.png)")
    }
  }

  @Test func changesOfRawPixels() throws {
    try withFolder { folder in
      func write(_ last: UInt8) throws {
        try put(
          [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](repeating: 7, count: 31) + [last],
          at: "\(folder)/t-idx3")
      }
      try write(1)
      let old = try record("\(folder)/t-idx3")
      #expect(try DatasetSource.open("\(folder)/t-idx3", resolution: 8).changes(since: old).isEmpty)
      try write(2)
      #expect(try DatasetSource.open("\(folder)/t-idx3", resolution: 8).changes(since: old).changed.count == 1)
    }
  }

  @Test(arguments: [
    #"{"names": ["a"], "labels": [], "labelNames": [], "stamps": [], "digests": {}}"#,
    #"{"names": ["a"], "labels": [1, 2], "labelNames": [], "stamps": [1], "digests": {}}"#,
    #"{"names": ["a"], "labels": [1], "labelNames": ["x"], "stamps": [1], "digests": {}}"#,
    #"{"names": ["a"], "labels": [], "labelNames": [], "stamps": [1], "digests": {"7": 1}}"#,
  ])
  func damagedRecordsAreRefused(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(DatasetContents.self, from: Data(json.utf8)) }
  }
}
