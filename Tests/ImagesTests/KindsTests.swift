import Foundation
import Images
import Testing

/// Kinds of files and samples: PNM, JPEG 2000, numbers wider than 16 bits, color profiles, gray in three channels.
@Suite struct KindsTests {
  /// Samples are scaled by 255 through the maximum that the header names; comments may stand before it.
  @Test(
    arguments: [
      ("P5\n4 1\n15\n", [0, 5, 10, 15], [0, 85, 170, 255]),
      ("P5 4 1 # a comment\n# 65535\n100\n", [0, 25, 50, 100], [0, 64, 128, 255]),
      ("P5\n4 1\n255\n", [0, 1, 254, 255], [0, 1, 254, 255]),
      ("P5\n2 1\n1000\n", [0, 250, 3, 232], [64, 255]),
      ("P5\n2 1\n65535\n", [1, 1, 255, 255], [1, 255]),
      ("P2\n3 1\n7\n0 3 7\n", [], [0, 109, 255]),
      ("P4\n8 1\n", [0b1010_0001], [0, 255, 0, 255, 255, 255, 255, 0]),
      ("P1\n3 1\n1 0 1\n", [], [0, 255, 0]),
    ] as [(String, [UInt8], [UInt8])])
  func greyMaps(header: String, samples: [UInt8], expected: [UInt8]) throws {
    let file = Array(header.utf8) + samples
    let image = try ImageDecoder.decode(file)
    #expect(image.channels == 1 && image.pixels == expected)
    let wanted = ImageDecoder.Header(width: image.width, height: 1, channels: 1)
    #expect(try ImageDecoder.header(of: file) == wanted)
  }

  @Test func pixelMaps() throws {
    let colours: [UInt8] = [0, 15, 5, 10, 1, 2]
    #expect(try ImageDecoder.decode(Array("P6\n2 1\n15\n".utf8) + colours).pixels == [0, 255, 85, 170, 17, 34])
    #expect(try ImageDecoder.decode(Array("P3\n1 1\n3\n1 2 3\n".utf8)).pixels == [85, 170, 255])
    #expect(throws: ImageError.truncated(name: "a.ppm")) {
      try ImageDecoder.decode(Array("P6\n2 2\n255\n".utf8) + colours, name: "a.ppm")
    }
  }

  @Test(arguments: ["quarters.jp2", "quarters.j2k"]) func jpeg2000(name: String) throws {
    let bytes = try fixture(name)
    let image = try ImageDecoder.decode(bytes)
    expect(image, 12, 8, is: [255, 0, 0], within: 0)
    expect(image, 36, 8, is: [0, 255, 0], within: 0)
    expect(image, 36, 24, is: [255, 255, 0], within: 0)
    #expect(try ImageDecoder.header(of: bytes) == .init(width: 48, height: 32, channels: 3))
    for end in [bytes.count / 2, bytes.count - 30, bytes.count - 1] {
      #expect(throws: ImageError.self) { try ImageDecoder.decode(Array(bytes[..<end])) }
    }
  }

  /// Eight bits of a and b are coarse.
  @Test func labBecomesRGB() throws {
    let image = try ImageDecoder.decode(try fixture("quarters-lab.tif"))
    #expect(image.channels == 3)
    expect(image, 12, 8, is: [254, 0, 0], within: 30)
    expect(image, 36, 24, is: [255, 255, 0], within: 30)
  }

  /// These formats store three channels; their palette or codec says that they are gray.
  @Test(arguments: ["grey.bmp", "grey.avif", "grey.jp2"]) func greyIsOneChannel(name: String) throws {
    let bytes = try fixture(name)
    let image = try ImageDecoder.decode(bytes)
    #expect(image.channels == 1)
    #expect(try ImageDecoder.header(of: bytes).channels == 1)
    for (x, y, value) in [(12, 8, 10), (36, 8, 70), (12, 24, 130), (36, 24, 190)] {
      expect(image, x, y, is: [value], within: 3)
    }
    for name in ["rgb.bmp", "rgb.avif"] { #expect(try ImageDecoder.decode(try fixture(name)).channels == 3) }
  }

  /// 0…1 and the whole range of unsigned and signed integers become 0…255.
  @Test func wideNumbersAreScaled() throws {
    let expected: [UInt8] = [0, 64, 128, 255]
    #expect(try ImageDecoder.decode(tiff([0, 0.25, 0.5, 1] as [Float])).pixels == expected)
    #expect(try ImageDecoder.decode(tiff([-0.001, 0.25, 0.5, 1.001] as [Float])).pixels == expected)
    #expect(try ImageDecoder.decode(tiff([0, 1 << 30, 1 << 31, .max] as [UInt32])).pixels == expected)
    #expect(try ImageDecoder.decode(tiff([0, 1 << 29, 1 << 30, .max] as [Int32])).pixels == expected)
    #expect(try ImageDecoder.decode(tiff([0, 16_448, 32_896, .max] as [UInt16])).pixels == expected)
    #expect(try ImageDecoder.decode(tiff([0, 0, 0] as [UInt32])).pixels == [0, 0, 0])
    let colours = tiff([0, 0.5, 1, 1, 0, 0.25] as [Float], channels: 3)
    #expect(try ImageDecoder.decode(colours).pixels == [0, 128, 255, 255, 0, 64])
    let transparent = tiff([0, 0.5, 1, 0.25] as [Float], channels: 4)
    #expect(try ImageDecoder.decode(transparent).pixels == [0, 128, 255, 64])
  }

  /// No range is guessed: 0…255 as floating-point numbers or 32-bit integers would be white or black.
  @Test(
    arguments: [
      (tiff([0, 100, 255] as [Float]), "from 0 to 255"), (tiff([-1, 0, 1] as [Float]), "from -1 to 1"),
      (tiff([0, .nan, 1] as [Float]), "finite"), (tiff([0, 1, .infinity] as [Float]), "finite"),
      (tiff([0, 100, 255] as [UInt32]), "from 0 to 255"), (tiff([0, 100, 65_535] as [Int32]), "from 0 to 65535"),
      (tiff([-1 << 20, 1 << 30] as [Int32]), "from -1.04858e+06 to"), (tiff([0, 100, 255] as [Int16]), "signed"),
      (tiff([0, 0.5, 1] as [Double]), "out of range"), (tiff([0, 0.5, 1] as [Float], whiteIsZero: true), "white is 0"),
    ] as [([UInt8], String)])
  func unknownRangesAreRefused(file: [UInt8], words: String) throws {
    do {
      let image = try ImageDecoder.decode(file, name: "a.tif")
      Issue.record("decoded to \(image.pixels), but the range is unknown")
    } catch ImageError.unsupported("a.tif", let reason) {
      #expect(reason.contains(words))
      #expect(!ImageError.unsupported(name: "a.tif", reason: reason).description.contains("damaged"))
    }
  }

  /// The colors are those of Little CMS, or the stored ones where the profile is for other pixels: see make-pictures.py.
  @Test func profilesThatFitAreUsed() throws {
    let expected = try JSONDecoder().decode([String: [[Int]]].self, from: Data(try fixture("profiles.json")))
    #expect(expected.count == 10)
    for (name, pixels) in expected {
      let image = try ImageDecoder.decode(try fixture(name))
      for pixel in pixels {
        expect(image, pixel[0], pixel[1], is: Array(pixel[2...]), within: 2)
      }
    }
    let plain = try ImageDecoder.decode(try fixture("profile-CMYK-none.tif"))
    for name in ["profile-CMYK-rgb.tif", "profile-CMYK-grey.tif"] {
      #expect(try ImageDecoder.decode(try fixture(name)) == plain)
    }
  }
}
