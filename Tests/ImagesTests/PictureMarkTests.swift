import Files
import Foundation
import Images
import Testing
import _TestSupport

@Suite struct PictureMarkTests {
  /// One of each kind; the last two by hand: a GIF of one pixel, and the start of an MP4 file.
  private func files() throws -> [[UInt8]] {
    let frames = (0..<3).map { noise(20, 10, 3, seed: UInt32($0 + 1)) }
    let gif: [UInt8] =
      Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0]
      + [2, 2, 0x44, 1, 0, 0x3b]
    let mp4: [UInt8] = [0, 0, 0, 40] + Array("ftypisom".utf8) + [UInt8](repeating: 0, count: 28)
    return [
      try frames[0].pngData(), try frames[0].data(.losslessWebP), try frames[0].data(.webp()),
      try Animation.webPData(frames, framesPerSecond: 10), gif, mp4,
    ]
  }

  @Test func marksAreTrueUntilAFileIsChanged() throws {
    for bytes in try files() {
      let marked = PictureMark.marked(bytes)
      #expect(marked.count > bytes.count)
      #expect(PictureMark.isTrue(in: marked))
      #expect(!PictureMark.isTrue(in: bytes))
      #expect(PictureMark.marked(bytes) == marked)
      // Any change, also of a single bit, makes the mark untrue.
      for at in stride(from: 0, to: marked.count, by: max(1, marked.count / 97)) {
        var changed = marked
        changed[at] ^= 1
        #expect(!PictureMark.isTrue(in: changed), "byte \(at) of \(marked.count)")
      }
      for cut in [0, 10, 40, marked.count - 1] { #expect(!PictureMark.isTrue(in: Array(marked.prefix(cut)))) }
      #expect(!PictureMark.isTrue(in: marked + [0]))
    }
  }

  /// Decoders see the same picture.
  @Test func marksDoNotChangePictures() throws {
    for bytes in try files().prefix(5) {
      let marked = PictureMark.marked(bytes)
      #expect(try ImageDecoder.header(of: marked) == ImageDecoder.header(of: bytes))
      #expect(try ImageDecoder.decode(marked, pages: .first) == ImageDecoder.decode(bytes, pages: .first))
    }
  }

  @Test func whatCannotBeMarkedStays() throws {
    let jpeg = try noise(20, 10, 3).data(.jpeg())
    #expect(PictureMark.marked(jpeg) == jpeg && !PictureMark.isTrue(in: jpeg))
    try withFolder { folder in
      #expect(!PictureMark.isTrue(at: "\(folder)/none.png"))
      try noise(20, 10, 3).write(to: "\(folder)/a.png")
      #expect(!PictureMark.isTrue(at: "\(folder)/a.png"))
      try PictureMark.write(to: "\(folder)/a.png") { try noise(20, 10, 3).write(to: $0) }
      #expect(PictureMark.isTrue(at: "\(folder)/a.png"))
      #expect(throws: FileError(.write, path: "\(folder)/no/a.png", code: ENOENT)) {
        try PictureMark.write(to: "\(folder)/no/a.png") { try noise(20, 10, 3).write(to: $0) }
      }
      #expect(try names(in: folder) == ["a.png"])
    }
  }
}
