import Files
import Foundation
import Testing
import _TestSupport

@Suite struct OutputsTests {
  /// An input is recognized by what it is, not by its name.
  @Test func inputsAreNeverOutputs() throws {
    try withFolder { folder in
      try Folder.make("\(folder)/sub")
      try AtomicFile.write("mine", to: "\(folder)/photo.png")
      symlink("photo.png", "\(folder)/link.png")
      link("\(folder)/photo.png", "\(folder)/sub/hard.png")
      symlink("../sub", "\(folder)/sub/again")
      for input in ["photo.png", "link.png", "sub/../photo.png", "./photo.png", "sub/hard.png"] {
        let outputs = Outputs(inputs: ["\(folder)/\(input)"])
        for output in [
          "photo.png", "link.png", "./photo.png", "sub/../photo.png", "sub/hard.png", "sub/again/../photo.png",
        ] {
          let error = #expect(throws: OutputError.self) { try outputs.check(["\(folder)/\(output)"]) { _ in true } }
          guard case .isInput = error else {
            Issue.record("\(input), \(output): \(error as Any)")
            continue
          }
        }
        try outputs.check(["\(folder)/new.png"]) { _ in false }
      }
    }
  }

  @Test func onlyWhatMayBeReplacedIs() throws {
    try withFolder { folder in
      try AtomicFile.write("mine", to: "\(folder)/a.png")
      symlink("nowhere", "\(folder)/dangling.png")
      for name in ["a.png", "dangling.png"] {
        #expect(throws: OutputError.exists(path: "\(folder)/\(name)")) {
          try Outputs().check(["\(folder)/new.png", "\(folder)/\(name)"]) { _ in false }
        }
      }
      try Outputs().check(["\(folder)/a.png"]) { $0.hasSuffix("a.png") }
      #expect(throws: FileError(.write, path: folder, code: EISDIR)) { try Outputs().check([folder]) { _ in true } }
    }
  }

  /// Also where the folder does not exist yet, and where only the case of letters or the accents' encoding differ.
  @Test func noTwoOutputsAreTheSameFile() throws {
    try withFolder { folder in
      symlink(".", "\(folder)/here")
      for (a, b) in [
        ("a.png", "a.png"), ("a.png", "./a.png"), ("a.png", "here/a.png"), ("a.png", "A.PNG"),
        ("new/a.png", "new/./a.png"), ("new/sub/a.png", "here/new/sub/a.png"), ("\u{e9}.png", "e\u{301}.png"),
      ] {
        #expect(throws: OutputError.twice(path: "\(folder)/\(b)"), "\(a) \(b)") {
          try Outputs().check(["\(folder)/\(a)", "\(folder)/\(b)"]) { _ in true }
        }
      }
      try Outputs().check(["\(folder)/new/a.png", "\(folder)/a.png", "\(folder)/b.png"]) { _ in false }
      #expect(try names(in: folder) == ["here"])
    }
    var stems = Outputs.Names()
    #expect(["a", "A", "a", "a-2", "b"].map { stems.take($0) } == ["a", "A-2", "a-3", "a-2-2", "b"])
  }

  @Test func dataStayWhatTheyAre() throws {
    try withFolder { folder in
      try Folder.make("\(folder)/photos/cats")
      symlink("photos", "\(folder)/link")
      let outputs = Outputs(data: ["\(folder)/photos"])
      for place in ["photos", "photos/cats", "photos/new/er", "link", "link/cats", "photos/cats/.."] {
        let error = #expect(throws: OutputError.self) { try outputs.check(["\(folder)/\(place)/a.png"]) { _ in true } }
        guard case .insideData = error else {
          Issue.record("\(place): \(error as Any)")
          continue
        }
      }
      try outputs.check(["\(folder)/a.png", "\(folder)/photos2/a.png"]) { _ in false }
    }
  }

  @Test func placesAreCheckedBeforeTheWork() throws {
    try withFolder { folder in
      try AtomicFile.write("mine", to: "\(folder)/file")
      let long = String(repeating: "n", count: 252)
      for (path, code) in [
        ("\(long).png", ENAMETOOLONG), ("new/\(long).png", ENAMETOOLONG), ("\(long)long/a.png", ENAMETOOLONG),
        ("file/a.png", ENOTDIR), ("file/new/a.png", ENOTDIR),
        (String(repeating: "folder/", count: 600) + "a.png", ENAMETOOLONG),
      ] {
        let error = #expect(throws: FileError.self) { try Outputs().check(["\(folder)/\(path)"]) { _ in true } }
        #expect(error?.code == code && error?.operation == .write, "\(path.prefix(40))")
      }
      #expect(throws: FileError(.write, path: "\(folder)/new", code: ENOSPC)) {
        try Outputs().check(["\(folder)/new/a.png"], leastBytes: 1 << 60) { _ in true }
      }
      if getuid() != 0 {
        chmod(folder, 0o555)
        #expect(throws: FileError(.write, path: folder, code: EACCES)) {
          try Outputs().check(["\(folder)/new/a.png"]) { _ in true }
        }
        #expect(throws: FileError.self) { try Folder.makeWritable(folder) }
        chmod(folder, 0o755)
      }
      #expect(try names(in: folder) == ["file"])
      try Folder.makeWritable("\(folder)/new/er")
      #expect(try Folder.names(in: "\(folder)/new/er") == [])
    }
  }
}
