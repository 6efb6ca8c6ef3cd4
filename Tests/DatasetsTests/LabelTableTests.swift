import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// `dataset.json` as people really have it.
@Suite struct LabelTableTests {
  private func png(_ seed: Int) throws -> [UInt8] { try noise(8, 8, seed: seed).pngData() }
  private let names = ["00000/img00000000.png", "00000/img00000001.png"]

  /// Two pictures and a table in an archive and in a folder; both must agree.
  private func open(_ prefix: String, _ table: String, at place: String? = nil) throws -> any ImageDataset {
    let folder = try TemporaryFolder()
    var entries = try names.enumerated().map { RawEntry(prefix + $1, try png($0)) }
    entries.append(RawEntry((place ?? prefix) + "dataset.json", Array(table.utf8)))
    try put(rawZIP(entries), at: folder.file("a.zip"))
    for entry in entries { try put(entry.bytes, at: folder.file("set/\(String(path: entry.name))")) }
    // Removed with the temporary folder; the pixels are kept by the cache.
    let data = try DatasetSource.open(folder.file("a.zip"))
    let unpacked = try DatasetSource.open(folder.file("set"))
    #expect((0..<2).map { data.label(at: $0) } == (0..<2).map { unpacked.label(at: $0) })
    #expect(data.omissions.notes.count == unpacked.omissions.notes.count)
    return data
  }

  @Test(arguments: ["", "set/", "deep/set/", "./set/"]) func tablesLieAboveTheImages(prefix: String) throws {
    let table = #"{"labels": [["\#(names[0])", 4], ["\#(names[1])", 1]]}"#
    let data = try open(prefix, table)
    #expect(data.labelCount == 5 && data.label(at: 0) == 4 && data.label(at: 1) == 1 && data.omissions.notes.isEmpty)
  }

  @Test(arguments: [
    #"00000\\img00000000.png"#, "./00000/img00000000.png", #".\\00000\\img00000000.png"#, "/00000/img00000000.png",
    "00000//img00000000.png", "x/../00000/img00000000.png",
  ])
  func pathsInTablesAreNormalised(name: String) throws {
    let data = try open("", #"{"labels": [["\#(name)", 2], ["\#(names[1])", 1]]}"#)
    #expect(data.label(at: 0) == 2 && data.label(at: 1) == 1 && data.omissions.notes.isEmpty)
  }

  @Test(arguments: [1, 2, 5]) func surplusEntriesAreSaid(count: Int) throws {
    let more = (0..<count).map { #", ["00000/gone\#($0).png", 1]"# }.joined()
    let data = try open("", #"{"labels": [["\#(names[0])", 0], ["\#(names[1])", 1]\#(more)]}"#)
    #expect(data.labelCount == 2)
    let note = try #require(data.omissions.notes.first)
    #expect(note.contains("labels for \(count) missing file") && note.contains("00000/gone0.png"))
    #expect(note.contains("…") == (count > 3) && note.contains("copy the dataset again"))
  }

  @Test func aTableBesideOtherImagesIsNamed() throws {
    let data = try open("", #"{"labels": [["a.png", 1]]}"#, at: "other/")
    #expect(data.labelCount == 0 && data.omissions.notes.count == 1)
    #expect(data.omissions.notes[0].contains("other/dataset.json is not used"))
  }

  @Test func missingLabelsAreCounted() throws {
    let error = #expect(throws: DatasetError.self) { try open("", #"{"labels": [["images/x.png", 1]]}"#) }
    #expect(error?.description.contains("2 of 2 images have no label (\(names[0]), \(names[1]))") == true)
    #expect(error?.description.contains("its first entry is images/x.png") == true)
  }

  @Test(arguments: [999_999, 5000, 1_000_000_000 - 1]) func absurdLabelsAreRefused(largest: Int) throws {
    let error = #expect(throws: DatasetError.self) {
      try open("", #"{"labels": [["\#(names[0])", 0], ["\#(names[1])", \#(largest)]]}"#)
    }
    #expect(error?.description.contains("the labels reach \(largest), but only 2") == true)
  }

  /// A part of a large set keeps its numbers; the description is short.
  @Test func sparseLabelsAreDescribedBriefly() throws {
    let data = try open("", #"{"labels": [["\#(names[0])", 0], ["\#(names[1])", 999]]}"#)
    let lines = DatasetDescription(data).lines
    #expect(data.labelCount == 1000 && lines.count < 10 && lines.contains("  998 classes have no images"))
  }

  @Test func byteOrderMarksAndUTF16AreRead() throws {
    try withFolder { folder in
      try put(try png(0), at: "\(folder)/a.png")
      let text = #"{"labels": [["a.png", 3]]}"#
      let tables = [[0xef, 0xbb, 0xbf] + Array(text.utf8), Array(text.data(using: .utf16)!)]
      for table in tables {
        try put(table, at: "\(folder)/dataset.json")
        #expect(try DatasetSource.open(folder).label(at: 0) == 3)
      }
    }
  }
}
