import Files
import Foundation
import Testing
import _TestSupport

@Suite struct AtomicFileTests {
  @Test func replacesWholeFiles() throws {
    try withFolder { folder in
      try AtomicFile.write("first", to: "\(folder)/a")
      try AtomicFile.write([1, 2, 3], to: "\(folder)/a")
      #expect(try WholeFile.bytes(of: "\(folder)/a") == [1, 2, 3])
      try AtomicFile.write([UInt8](), to: "\(folder)/b")
      #expect(try WholeFile.bytes(of: "\(folder)/b") == [])
      #expect(try names(in: folder) == ["a", "b"])
      var status = stat()
      #expect(stat("\(folder)/a", &status) == 0 && status.st_mode & 0o600 == 0o600 && status.st_mode & 0o111 == 0)
    }
  }

  @Test func failureLeavesNothing() throws {
    try withFolder { folder in
      #expect(throws: FileError(.write, path: "\(folder)/no/a", code: ENOENT)) {
        try AtomicFile.write("text", to: "\(folder)/no/a")
      }
      #expect(throws: FileError(.write, path: folder, code: EISDIR)) { try AtomicFile.write("text", to: folder) }
      struct Interruption: Error {}
      try AtomicFile.write("old", to: "\(folder)/a")
      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: "\(folder)/a") { descriptor in
          try Array("half of".utf8).withUnsafeBytes { try AtomicFile.writeAll($0, to: descriptor, path: "a") }
          throw Interruption()
        }
      }
      #expect(try WholeFile.bytes(of: "\(folder)/a") == Array("old".utf8))
      #expect(try names(in: folder) == ["a"])
      if getuid() != 0 {
        chmod(folder, 0o555)
        #expect(throws: FileError(.write, path: "\(folder)/a", code: EACCES)) {
          try AtomicFile.write("new", to: "\(folder)/a")
        }
      }
    }
  }

  /// `/dev/full` answers every write with a full disk.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let error = #expect(throws: FileError.self) {
      try [UInt8](repeating: 0, count: 10).withUnsafeBytes {
        try AtomicFile.writeAll($0, to: descriptor, path: "a.png")
      }
    }
    #expect(error?.isDeviceTrouble == true)
    #expect(error?.description == "cannot write a.png: the disk is full; free some space or choose another place")
  }
}

@Suite struct FolderTests {
  @Test func foldersAreMadeWithThoseAbove() throws {
    try withFolder { folder in
      #expect(try Folder.make("\(folder)/a/b") == ["\(folder)/a", "\(folder)/a/b"])
      #expect(try Folder.make("\(folder)/a/b") == [])
      try AtomicFile.write("text", to: "\(folder)/file")
      #expect(throws: FileError(.write, path: "\(folder)/file", code: ENOTDIR)) { try Folder.make("\(folder)/file/c") }
      // The folder above could be made, and is gone again.
      let long = String(repeating: "n", count: 300)
      #expect(throws: FileError(.write, path: "\(folder)/new/\(long)", code: ENAMETOOLONG)) {
        try Folder.make("\(folder)/new/\(long)")
      }
      #expect(try names(in: folder) == ["a", "file"])
      #expect(try Folder.names(in: folder).sorted() == ["a", "file"])
    }
    #expect(["a/b", "a", "/a", "/"].map(Folder.of) == ["a", ".", "/", "/"])
  }

  /// What a killed process left is removed, with the prefix of earlier versions too; a file that is being written stays.
  @Test func staleTemporariesAreRemoved() throws {
    try withFolder { folder in
      for name in [".stylegan-old", ".safetensors-old.tmp", "kept", ".hidden"] {
        try "".write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
      }
      try AtomicFile.write(to: "\(folder)/new") { _ in
        AtomicFile.removeStale(in: folder)
        let left = try names(in: folder)
        #expect(left.count == 3 && left.filter { $0.hasPrefix(AtomicFile.temporaryPrefix) }.count == 1)
      }
      #expect(try names(in: folder) == [".hidden", "kept", "new"])
    }
  }

  @Test func lockedFoldersAreOnes() throws {
    try withFolder { folder in
      var lock = try FolderLock(folder)
      #expect(lock != nil)
      #expect(try FolderLock(folder) == nil)
      lock = nil
      #expect(try FolderLock(folder) != nil)
      #expect(throws: FileError(.read, path: "\(folder)/no", code: ENOENT)) { try FolderLock("\(folder)/no") }
    }
  }
}

@Suite struct WholeFileTests {
  @Test func whatIsNoFileIsRefused() throws {
    try withFolder { folder in
      try AtomicFile.write([1, 2, 3], to: "\(folder)/a")
      #expect(try WholeFile.bytes(of: "\(folder)/a", limit: 3) == [1, 2, 3])
      #expect(throws: FileError(.read, path: "\(folder)/a", code: EFBIG)) {
        try WholeFile.bytes(of: "\(folder)/a", limit: 2)
      }
      #expect(throws: FileError(.read, path: folder, code: EISDIR)) { try WholeFile.bytes(of: folder) }
      mkfifo("\(folder)/pipe", 0o600)
      for path in ["\(folder)/pipe", "/dev/zero"] {
        let error = #expect(throws: FileError(.read, path: path, code: ESPIPE)) { try WholeFile.bytes(of: path) }
        #expect(error?.description == "cannot read \(path): it is not a regular file; name a file")
      }
    }
  }
}

@Suite struct TextTests {
  private struct Value: Codable {
    var b = "a/b"
    var a = [1, 2]
  }

  @Test func jsonHasSortedKeys() throws {
    #expect(try JSON.compact(Value()) == #"{"a":[1,2],"b":"a/b"}"#)
    #expect(try JSON.pretty(Value()).hasPrefix("{\n  \"a\" : ["))
    #expect(throws: EncodingError.self) { try JSON.compact([Double.nan]) }
  }

  /// Pinned: names of feature files and fingerprints of data sets come from it.
  @Test func digestsStayWhatTheyWere() {
    var digest = Digest()
    #expect(digest.hexadecimal == "f52a15e9a9b5e89b")
    digest.add("text")
    digest.add(7)
    [UInt8](0..<11).withUnsafeBytes { digest.add($0) }
    #expect(digest.hexadecimal == "0944b8392adc54ad")
    #expect("7".leftPadded(to: 3) == "007" && "1234".leftPadded(to: 3) == "1234")
  }
}
