import Datasets
import Files
import Foundation
import Images
import Testing
import _TestSupport

/// ZIP archives as other programs write them: odd paths, encryption, rare methods, names that are not UTF-8.
@Suite struct ArchiveTests {
  private func png(_ seed: Int) throws -> [UInt8] { try noise(8, 8, seed: seed).pngData() }

  /// Opens an archive with pictures under these names: their normalized names and labels.
  private func open(_ names: [String], in folder: String) throws -> (
    names: [String], classes: [String], data: any ImageDataset
  ) {
    let path = "\(folder)/a.zip"
    try put(rawZIP(try names.enumerated().map { RawEntry($1, try png($0)) }), at: path)
    let data = try DatasetSource.open(path)
    return (try data.contents().names, data.labelNames, data)
  }

  @Test(arguments: [
    (["./a.png", "./b.png"], ["a.png", "b.png"], []),
    (["./", "./a.png", "b.png", ".//c.png"], ["a.png", "b.png", "c.png"], []),
    (["x/../a.png", "x/./b.png"], ["a.png", "x/b.png"], []),
    (["./cat/a.png", "dog//b.png", "/dog/c.png"], ["cat/a.png", "dog/b.png", "dog/c.png"], ["cat", "dog"]),
    (["../../etc/a.png", "..\\b.png", "/../../c.png"], ["b.png", "c.png", "etc/a.png"], []),
    (["set\\cat\\a.png", "set\\dog\\b.png", "set\\"], ["set/cat/a.png", "set/dog/b.png"], ["cat", "dog"]),
    (["cat/a\\b.png", "dog/c.png"], ["cat/a\\b.png", "dog/c.png"], ["cat", "dog"]),
  ])
  func pathsAreNormalised(written: [String], wanted: [String], classes: [String]) throws {
    try withFolder { folder in
      let found = try open(written, in: folder)
      #expect(found.names == wanted && found.classes == classes)
      #expect(found.data.omissions == DatasetOmissions())
      // Each name still has its own picture.
      let seeds = Dictionary(uniqueKeysWithValues: written.enumerated().map { ($1, $0) })
      for (index, name) in wanted.enumerated() {
        let seed = seeds.first { $0.key.hasSuffix(name.split(separator: "/").last!) && !$0.key.hasSuffix("\\") }!.value
        #expect(try found.data.image(at: index) == noise(8, 8, seed: seed).planar, "\(name)")
      }
    }
  }

  /// Entries of one name, also after normalising: the last one counts, and it is said.
  @Test func theLastOfEqualNamesCounts() throws {
    try withFolder { folder in
      let found = try open(["a.png", "b.png", "./a.png", "b.png"], in: folder)
      #expect(found.names == ["a.png", "b.png"])
      #expect(try found.data.image(at: 0) == noise(8, 8, seed: 2).planar)
      #expect(found.data.omissions.notes.count == 1 && found.data.omissions.notes[0].contains("a.png, b.png"))
    }
  }

  /// Two names that are equal as texts, but not as bytes, are two files.
  @Test func accentsOfTwoKindsAreTwoFiles() throws {
    try withFolder { folder in
      let found = try open(["caf\u{e9}.png", "cafe\u{301}.png"], in: folder)
      #expect(found.data.count == 2)
      #expect(try found.data.image(at: 0) == noise(8, 8, seed: 1).planar)
      #expect(try found.data.image(at: 1) == noise(8, 8, seed: 0).planar)
      let classes = try open(["\u{e9}/a.png", "e\u{301}/b.png", "z/c.png"], in: folder)
      #expect(classes.data.labelCount == 3 && (0..<3).map { classes.data.label(at: $0) } == [0, 1, 2])
    }
  }

  @Test(arguments: [
    (UInt16(0), UInt16(1), "encrypted; unpack it with its password"), (8, 1, "encrypted"), (12, 1, "encrypted"),
    (14, 0, "LZMA"), (9, 0, "Deflate64"), (98, 0, "PPMd"), (1, 0, "Shrink"), (77, 0, "method 77"),
  ])
  func whatCannotBeUnpackedIsSaidOnce(method: UInt16, flags: UInt16, phrase: String) throws {
    try withFolder { folder in
      let path = "\(folder)/a.zip"
      let entries = try (0..<3).map { RawEntry(Array("\($0).png".utf8), try png($0), method: method, flags: flags) }
      try put(rawZIP(entries), at: path)
      for open in [{ _ = try DatasetSource.open(path) }, { _ = try DatasetInspection(of: path) }] {
        let error = #expect(throws: DatasetError.self) { try open() }
        #expect(error?.description.contains(phrase) == true, "\(String(describing: error))")
        #expect(error?.description.contains("damaged") == false && error?.description.contains("folder") == true)
      }
    }
  }

  /// Files that are no archive of ours say what they are, and nothing sound is called damaged.
  @Test(arguments: [
    ("a.7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4], "7-Zip"), ("a.zip", Array("Rar!\u{1a}".utf8), "RAR"),
    ("a.tar.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "tar.gz"), ("a.zip", Array("<!DOCTYPE html>".utf8), "web page"),
    ("a.npy", [0x93] + Array("NUMPY".utf8), "NumPy"), ("a.pkl", [0x80, 4, 0x95, 0], "pickle"),
    ("a-r05.tfrecords", [UInt8](repeating: 1, count: 64), "TFRecord"), ("a.h5", [0x89] + Array("HDF\r\n".utf8), "HDF5"),
    ("a.parquet", Array("PAR1....".utf8), "Parquet"), ("a.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 16], "single image"),
  ])
  func otherFilesAreNamed(name: String, start: [UInt8], phrase: String) throws {
    try withFolder { folder in
      try put(start, at: "\(folder)/\(name)")
      let error = #expect(throws: DatasetError.self) { try DatasetSource.open("\(folder)/\(name)") }
      #expect(error?.description.contains(phrase) == true, "\(String(describing: error))")
      #expect(error?.description.contains("damaged") == false)
    }
  }

  /// IDX files of another type or shape.
  @Test(arguments: [
    ([0, 0, 0x0d, 3], "32-bit floating-point"), ([0, 0, 0x0e, 3], "64-bit floating-point"),
    ([0, 0, 0x0b, 3], "16-bit"),
    ([0, 0, 9, 3], "signed bytes"), ([0, 0, 8, 1], "it holds labels"), ([0, 0, 8, 4], "4 dimensions"),
    ([0, 0, 8, 2], "2 dimensions"),
  ])
  func unusualIDXIsExplained(magic: [UInt8], phrase: String) throws {
    try withFolder { folder in
      for name in ["x.idx3", "x"] {
        try put(magic + [UInt8](repeating: 1, count: 64), at: "\(folder)/\(name)")
        let error = #expect(throws: DatasetError.self) { try DatasetSource.open("\(folder)/\(name)") }
        #expect(error?.description.contains(phrase) == true, "\(String(describing: error))")
        #expect(error?.description.contains("damaged") == false)
      }
    }
  }

  /// Names with bytes that are not UTF-8: in folders, archives and tables of labels, with the classes of both alike.
  @Test(arguments: [[0x63, 0x61, 0x66, 0xe9], [0x83, 0x65, 0x83, 0x58], [0xff], [0xc3, 0x28]] as [[UInt8]])
  func bytesOfNamesAreKept(bytes: [UInt8]) throws {
    try withFolder { folder in
      let name = String(path: bytes)
      for (index, file) in ["\(name)/\(name).png", "\(name)/b.png", "tea/c.png"].enumerated() {
        try put(try png(index), at: "\(folder)/set/\(file)")
      }
      let data = try DatasetSource.open("\(folder)/set")
      #expect(data.count == 3 && Set(data.labelNames.map(\.pathBytes)) == [bytes, Array("tea".utf8)])
      let zip = "\(folder)/\(name).zip"
      try put(
        rawZIP([
          RawEntry(bytes + Array("/".utf8) + bytes + Array(".png".utf8), try png(0)),
          RawEntry(bytes + Array("/b.png".utf8), try png(1)), RawEntry("tea/c.png", try png(2)),
        ]), at: zip)
      let archived = try DatasetSource.open(zip)
      #expect(archived.name == name && archived.labelNames == data.labelNames)
      #expect(try archived.contents().names == data.contents().names)
      for index in 0..<3 { #expect(try archived.image(at: index) == data.image(at: index)) }

      // Built, the names of the classes survive; Python reads them as its own surrogates.
      let built = "\(folder)/built-\(name).zip"
      _ = try DatasetBuilder(resolution: 8).build("\(folder)/set", to: built)
      #expect(try DatasetSource.open(built).labelNames == data.labelNames)
      let archive = try ZIPArchive(built)
      let table = try archive.bytes(of: archive.entries.first { $0.name == "dataset.json" }!)
      #expect(String(validating: table, as: UTF8.self)?.contains("\\udc") == true)
    }
  }

  /// Tables of labels name such files as raw bytes, or as Python writes them.
  @Test(arguments: [
    Array(#""caf"#.utf8) + [0xe9] + Array(#".png""#.utf8), Array(#""caf\udce9.png""#.utf8),
    Array(#""caf\uDCE9.png""#.utf8),
  ])
  func tablesNameAnyFile(name: [UInt8]) throws {
    try withFolder { folder in
      try put(try png(0), at: "\(folder)/\(String(path: [0x63, 0x61, 0x66, 0xe9])).png")
      try put(try png(1), at: "\(folder)/\u{1F600}\u{e9}.png")
      let json = Array(#"{"labels": [["\ud83d\ude00\u00e9.png", 1], ["#.utf8) + name + Array(", 3]]}".utf8)
      try put(json, at: "\(folder)/dataset.json")
      let data = try DatasetSource.open(folder)
      #expect(data.labelCount == 4 && data.label(at: 0) == 3 && data.label(at: 1) == 1)
    }
  }
}
