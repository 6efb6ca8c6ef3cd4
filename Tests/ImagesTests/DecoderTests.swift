import Files
import Foundation
import Images
import Testing

/// The fixtures show red, green above and blue, yellow below when upright: see make-fixtures.c.
@Suite struct DecoderTests {
  /// Lossless kinds give exact colours; the others have the tolerance of their compression or of the CMYK gamut.
  @Test(arguments: [
    ("rgb.png", 0), ("palette.png", 0), ("rgb.tiff", 0), ("rgb.webp", 0), ("rgb.bmp", 0), ("rgb16.png", 0),
    ("rgb.jpg", 8), ("exif6.jpg", 8), ("p3.png", 6), ("rgb.avif", 12),
  ])
  func coloursAndOrientation(name: String, tolerance: Int) throws {
    let image = try ImageDecoder.decode(try fixture(name))
    #expect(image.width == 48 && image.height == 32 && image.channels == 3)
    let (high, low) = name == "rgb16.png" ? (255, 1) : (255, 0)
    expect(image, 12, 8, is: [high, low, low], within: tolerance)
    expect(image, 36, 8, is: [low, high, low], within: tolerance)
    expect(image, 12, 24, is: [low, low, high], within: tolerance)
    expect(image, 36, 24, is: [high, high, low], within: tolerance)
  }

  /// The inks of the four colours (0 255 255 0, 60 0 255 0, 238 195 0 0, 4 0 245 0) as the CMYK profile shows them; Adobe's inverted
  /// inks taken literally would show the complements.
  @Test func inksBecomeColours() throws {
    let image = try ImageDecoder.decode(try fixture("cmyk.jpg"))
    #expect(image.width == 48 && image.height == 32 && image.channels == 3)
    expect(image, 12, 8, is: [232, 31, 42], within: 8)
    expect(image, 36, 8, is: [192, 208, 12], within: 8)
    expect(image, 12, 24, is: [46, 70, 143], within: 8)
    expect(image, 36, 24, is: [253, 238, 0], within: 8)
  }

  @Test func alphaIsKept() throws {
    let image = try ImageDecoder.decode(try fixture("rgba.png"))
    #expect(image.channels == 4)
    expect(image, 12, 8, is: [255, 0, 0, 255], within: 0)
    expect(image, 36, 8, is: [0, 255, 0, 128], within: 0)
  }

  @Test func greyStaysGrey() throws {
    let image = try ImageDecoder.decode(try fixture("grey.png"))
    #expect(image.channels == 1)
    expect(image, 36, 24, is: [190], within: 0)
    let withAlpha = try ImageDecoder.decode(try fixture("grey-alpha.png"))
    expect(withAlpha, 36, 8, is: [70, 70, 70, 255], within: 0)
    expect(withAlpha, 12, 24, is: [130, 130, 130, 0], within: 0)
  }

  /// 257·v + 120 rounds to v; taking the high byte would too, but 65,435 is 254.6 and rounds to 255, 200 is 0.8 and rounds to 1.
  @Test func sixteenBitsAreRounded() throws {
    expect(try ImageDecoder.decode(try fixture("grey16.png")), 36, 24, is: [190], within: 0)
    expect(try ImageDecoder.decode(try fixture("rgb16.png")), 12, 8, is: [255, 1, 1], within: 0)
  }

  @Test(arguments: [
    "rgb.png", "palette.png", "rgb.tiff", "rgb.webp", "rgb.bmp", "rgb16.png", "rgb.jpg", "exif6.jpg", "p3.png",
    "rgb.avif", "cmyk.jpg", "rgba.png", "grey.png", "grey-alpha.png", "grey16.png",
  ])
  func headerAgreesWithPixels(name: String) throws {
    let bytes = try fixture(name)
    let (header, image) = (try ImageDecoder.header(of: bytes), try ImageDecoder.decode(bytes))
    #expect(header == .init(width: image.width, height: image.height, channels: image.channels))
  }

  @Test(arguments: ["animated.gif", "animated.webp"])
  func animationsAreRefused(name: String) throws {
    let bytes = try fixture(name)
    #expect(throws: ImageError.animated(name: name, pages: 3)) { try ImageDecoder.decode(bytes, name: name) }
    let first = try ImageDecoder.decode(bytes, pages: .first)
    #expect(first.width == 48 && first.height == 32)
    #expect(try ImageDecoder.header(of: bytes).pages == 3)
  }

  /// Cut anywhere before the last tenth, a picture is an error; most of the cuts are told as such.
  @Test(arguments: ["rgb.png", "rgb.jpg", "rgb.webp", "rgb.tiff", "rgb.bmp", "rgb.avif", "exif6.jpg"])
  func truncatedIsAnError(name: String) throws {
    let bytes = try fixture(name)
    for length in stride(from: 1, to: bytes.count * 9 / 10, by: max(1, bytes.count / 40)) {
      #expect(throws: ImageError.self, "\(name) cut to \(length) of \(bytes.count)") {
        try ImageDecoder.decode(Array(bytes[..<length]))
      }
    }
  }

  @Test func reasonsAreTold() throws {
    #expect(throws: ImageError.empty(name: "a.png")) { try ImageDecoder.decode([], name: "a.png") }
    #expect(throws: ImageError.notAnImage(name: "a.png")) {
      try ImageDecoder.decode(Array("only a text".utf8), name: "a.png")
    }
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    #expect(throws: ImageError.notAnImage(name: "a.svg")) { try ImageDecoder.decode(Array(svg.utf8), name: "a.svg") }
    let photograph = try noise(64, 64, 3).data(.jpeg())
    #expect(throws: ImageError.truncated(name: "a.jpg")) {
      try ImageDecoder.decode(Array(photograph[..<(photograph.count / 2)]), name: "a.jpg")
    }
    let png = try noise(64, 64, 3).pngData()
    #expect(throws: ImageError.truncated(name: "a.png")) {
      try ImageDecoder.decode(Array(png[..<(png.count / 2)]), name: "a.png")
    }
    #expect(throws: FileError(.read, path: "/nonexistent/a.png", code: ENOENT)) {
      try ImageDecoder.decode(contentsOf: "/nonexistent/a.png")
    }
  }

  @Test func limitsComeBeforePixels() throws {
    let bytes = try fixture("rgb.png")
    #expect(throws: ImageError.tooLarge(name: "a", width: 48, height: 32, limit: "40 pixels a side")) {
      try ImageDecoder.decode(bytes, name: "a", limits: .init(side: 40))
    }
    #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes, limits: .init(pixels: 48 * 32 - 1)) }
    #expect(throws: Never.self) { try ImageDecoder.decode(bytes, limits: .init(pixels: 48 * 32)) }
    // A header that promises 60,000 × 60,000 pixels: refused without asking for the memory.
    var huge = bytes
    huge.replaceSubrange(16..<24, with: [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60])
    let checksum = crc32(huge[12..<29])
    huge.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) })
    #expect(throws: ImageError.tooLarge(name: "a", width: 60_000, height: 60_000, limit: "32768 pixels a side")) {
      try ImageDecoder.decode(huge, name: "a")
    }
  }

  /// Errors of several threads at once keep their own reasons.
  @Test func threadsDoNotMixReasons() async throws {
    let jpeg = try noise(64, 64, 3).data(.jpeg())
    let cut = Array(jpeg[..<(jpeg.count / 2)])
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask {
          do {
            _ = try ImageDecoder.decode(index % 2 == 0 ? cut : Array("text".utf8), name: "\(index)")
            return false
          } catch {
            let wanted: ImageError = index % 2 == 0 ? .truncated(name: "\(index)") : .notAnImage(name: "\(index)")
            return error as? ImageError == wanted
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
    }
  }
}
