import Files
import Foundation
import Testing
import _TestSupport

/// Names of files are bytes. Their texts lose nothing, and what is shown cannot harm a terminal.
@Suite struct PathTextTests {
  /// Latin-1, cut UTF-8, overlong forms, surrogates, bytes that look like our own escapes, and plain names.
  static let names: [[UInt8]] = [
    Array("café".utf8), Array("cafe\u{301}".utf8), [0x63, 0x61, 0x66, 0xe9], [0xe9], [0xff, 0xfe], [0xc3],
    [0xc3, 0x28],
    [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc0, 0xaf], [0xed, 0xb3, 0xa9], [0xf4, 0x8f, 0x9f, 0xa9],
    [0xf4, 0x8f, 0x9e, 0xbf],
    [0xf4, 0x90, 0x80, 0x80], [0x80, 0xe9, 0x41, 0xc3, 0xa9, 0x80], Array("日本語 😀.png".utf8), [0x83, 0x65, 0x83, 0x58],
    [],
  ]

  @Test(arguments: names) func bytesComeBack(bytes: [UInt8]) {
    let text = String(path: bytes)
    #expect(text.pathBytes == bytes)
    #expect(text.withPath { [UInt8](UnsafeRawBufferPointer(start: $0, count: strlen($0) + 1)) } == bytes + [0])
    // A text through JSON is the same text.
    let json = try? JSONDecoder().decode([String].self, from: JSONEncoder().encode([text]))
    #expect(json?.first?.pathBytes == bytes)
  }

  @Test func allPairsOfBytesComeBack() {
    var texts = Set<[UInt8]>()
    for first in 0x7f...0xff {
      for second in 0x7f...0xff {
        let bytes = [UInt8(first), UInt8(second)]
        let text = String(path: bytes)
        #expect(text.pathBytes == bytes)
        texts.insert(Array(text.utf8))
      }
    }
    #expect(texts.count == 129 * 129, "two names never have one text")
  }

  @Test(arguments: [
    ([0x63, 0x61, 0x66, 0xe9], #"caf\xE9"#), (Array("a\nb\r\t\u{1b}[31m\u{7f}".utf8), #"a\nb\r\t\x1B[31m\x7F"#),
    (Array("a\u{85}\u{9b}".utf8), #"a\x85\x9B"#), (Array("gpj.\u{202e}exe".utf8), #"gpj.\u{202E}exe"#),
    (Array("a\u{2028}b\u{feff}".utf8), #"a\u{2028}b\u{FEFF}"#),
    (Array("日本 é e\u{301} 👩‍👩‍👧 C:\\x".utf8), "日本 é e\u{301} 👩‍👩‍👧 C:\\x"),
  ])
  func namesAreShownOnOneLine(bytes: [UInt8], wanted: String) {
    let text = String(path: bytes).shown
    #expect(text == wanted && text.shown == text)
  }

  /// Files, folders and links with names that are not UTF-8: made, found, written, renamed and removed.
  @Test(arguments: names.filter { !$0.isEmpty && !$0.contains(0x2f) }) func filesHaveAnyName(bytes: [UInt8]) throws {
    try withFolder { root in
      let name = String(path: bytes)
      let folder = "\(root)/\(name)"
      try Folder.make("\(folder)/in")
      #expect(try Folder.names(in: root).map(\.pathBytes) == [bytes])
      #expect(FileSystem.isFolder(folder) && FileSystem.exists("\(folder)/in"))
      try AtomicFile.write("text", to: "\(folder)/\(name)")
      #expect(try WholeFile.bytes(of: "\(folder)/\(name)") == Array("text".utf8))
      #expect(FileSystem.name(of: "\(folder)/\(name)").pathBytes == bytes)
      #expect(Folder.of("\(folder)/\(name)").pathBytes == folder.pathBytes)
      #expect(try FolderLock(folder) != nil)
      try FileSystem.remove(folder)
      #expect(try Folder.names(in: root).isEmpty)
      let error = #expect(throws: FileError.self) { try WholeFile.bytes(of: folder) }
      #expect(error?.isMissing == true && error?.description.contains("\u{10F7E9}") == false)
    }
  }

  /// A combining accent after a slash belongs to the name, not to the slash.
  @Test func slashesAreBytes() throws {
    try withFolder { root in
      let path = "\(root)/\u{301}a/\u{302}b"
      try Folder.make(path)
      #expect(Array(Folder.of(path).utf8) == Array("\(root)/\u{301}a".utf8))
      #expect(Array(FileSystem.name(of: path).utf8) == Array("\u{302}b".utf8))
      #expect(FileSystem.isFolder(path))
    }
  }

  @Test func namesAndStems() throws {
    try withFolder { root in
      #expect(FileSystem.name(of: "a/b.png") == "b.png" && FileSystem.name(of: "a/b/") == "b")
      #expect(FileSystem.stem(of: "a/b.tar.gz") == "b.tar" && FileSystem.stem(of: "x.y/.b") == ".b")
      try Folder.make("\(root)/photos/sub")
      #expect(
        FileSystem.name(of: "\(root)/photos/.") == "photos" && FileSystem.name(of: "\(root)/photos/sub/..") == "photos")
      #expect(FileSystem.name(of: "/") == "/")
      symlink("nowhere", "\(root)/photos/link")
      try FileSystem.remove("\(root)/photos")
      #expect(!FileSystem.exists("\(root)/photos") && FileSystem.age(of: root)! < 60)
      #expect(throws: FileError.self) { try FileSystem.remove("\(root)/photos") }
    }
  }
}
