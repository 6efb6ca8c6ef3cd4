import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// What is kept of images is what was written, or nothing.
@Suite struct FeatureFileTests {
  private let folder: TemporaryFolder
  private let rows = RandomStream(seed: 4).normal([300, 5])

  init() throws { folder = try TemporaryFolder() }

  /// Written in two parts; closed when nobody holds it.
  private func written() throws -> String {
    let file = try FeatureFile(folder: folder.path, key: "a")
    try file.append(rows[0..<128])
    try file.append(rows[128..<300])
    return file.path
  }

  private func opened() throws -> FeatureFile { try FeatureFile(folder: folder.path, key: "a") }

  @Test func rowsComeBack() throws {
    _ = try written()
    do {
      let file = try opened()
      #expect(file.count == 300 && file.width == 5)
      expectClose(try file.rows(0..<300), rows)
      try file.keep(rows: 100)
      try file.append(rows[200..<250])
    }
    let file = try opened()
    #expect(file.count == 150)
    expectClose(try file.rows(100..<150), rows[200..<250])
  }

  /// One byte of the header (width, count, checksum) or of a row, or a block of zeros.
  @Test(arguments: [0..<1, 8..<16, 9..<10, 16..<17, 22..<23, 31..<32, 32..<33, 6031..<6032, 4096..<6032])
  func damageIsFound(_ range: Range<Int>) throws {
    let path = try written()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.count == 6032)
    for i in range { bytes[i] = range.count == 1 ? bytes[i] ^ 0x40 : 0 }
    try bytes.write(to: URL(fileURLWithPath: path))
    do {
      let file = try opened()
      #expect(file.count == 0 && file.width == nil)
      try file.append(rows.reshaped([100, 15]))
    }
    #expect(try opened().count == 100)
  }

  /// A file that is cut loses all; rows that the header does not know of yet do not count.
  @Test func cutAndLonger() throws {
    let path = try written()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try (bytes + Data([1, 2, 3])).write(to: URL(fileURLWithPath: path))
    #expect(try opened().count == 300)
    for length in [6031, 40, 31, 3] {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(try opened().count == 0, "\(length)")
    }
  }

  /// Old features of fakes go, but not those in use, not new ones, and never those of reals.
  @Test func abandonedFakesAreRemoved() throws {
    func make(_ key: String, ofFakes: Bool, days: Double) throws -> FeatureFile {
      let file = try FeatureFile(folder: folder.path, key: key, ofFakes: ofFakes)
      try file.append(rows)
      try FileManager.default.setAttributes(
        [.modificationDate: Date.now.addingTimeInterval(-days * 86_400)], ofItemAtPath: file.path)
      return file
    }
    let used = try make("used", ofFakes: true, days: 9)
    let kept = try [make("new", ofFakes: true, days: 6).path, make("reals", ofFakes: false, days: 9).path]
    let old = try make("old", ofFakes: true, days: 9).path
    FeatureFile.removeAbandonedFakes(in: folder.path)
    for path in kept + [used.path] { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
    #expect(!FileManager.default.fileExists(atPath: old))
  }
}
