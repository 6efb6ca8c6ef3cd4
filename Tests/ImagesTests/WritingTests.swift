import Files
import Foundation
import Images
import Testing
import _TestSupport

@Suite struct WritingTests {
  @Test(arguments: [1, 3, 4]) func pngIsExactAndStable(channels: Int) throws {
    let image = noise(33, 17, channels)
    let bytes = try image.pngData()
    #expect(try ImageDecoder.decode(bytes) == image)
    #expect(try image.pngData() == bytes)
  }

  @Test func extensionsChooseTheFormat() throws {
    try withFolder { folder in
      let image = Image(width: 20, height: 10, filledWith: [200, 40, 90])
      for (name, magic) in [
        ("a.png", [0x89, 0x50]), ("a.JPG", [0xff, 0xd8]), ("a.jpeg", [0xff, 0xd8]), ("a.webp", [0x52, 0x49]),
      ] {
        try image.write(to: "\(folder)/\(name)")
        #expect(Array(try WholeFile.bytes(of: "\(folder)/\(name)")[..<2]) == magic.map(UInt8.init))
        expect(try ImageDecoder.decode(contentsOf: "\(folder)/\(name)"), 10, 5, is: [200, 40, 90], within: 6)
      }
      for name in ["a.bmp", "png", "a"] {
        #expect(throws: ImageError.unsupportedExtension(name: "\(folder)/\(name)")) {
          try image.write(to: "\(folder)/\(name)")
        }
      }
      #expect(try names(in: folder) == ["a.JPG", "a.jpeg", "a.png", "a.webp"])
      let transparent = Image(width: 8, height: 8, filledWith: [0, 0, 0, 0])
      try transparent.write(to: "\(folder)/b.jpg")
      expect(try ImageDecoder.decode(contentsOf: "\(folder)/b.jpg"), 4, 4, is: [255, 255, 255], within: 2)
    }
  }

  @Test func animationsMove() throws {
    try withFolder { folder in
      let frames = (0..<5).map { Image(width: 16, height: 12, filledWith: [UInt8($0 * 50), 0, 100]) }
      try Animation.writeWebP(frames, to: "\(folder)/a.webp", framesPerSecond: 30, compression: .lossless)
      let header = try ImageDecoder.header(contentsOf: "\(folder)/a.webp")
      #expect(header == .init(width: 16, height: 12, channels: 3, pages: 5))
      #expect(try ImageDecoder.decode(contentsOf: "\(folder)/a.webp", pages: .first) == frames[0])
      // Five frames at 30 a second last 167 ms: the milliseconds of the ANMF chunks sum to that.
      let bytes = try WholeFile.bytes(of: "\(folder)/a.webp")
      var (at, total) = (12, 0)
      while at + 8 <= bytes.count {
        if bytes[at..<(at + 4)].elementsEqual("ANMF".utf8) {
          total += Int(bytes[at + 20]) | Int(bytes[at + 21]) << 8 | Int(bytes[at + 22]) << 16
        }
        let size = (0..<4).reduce(0) { $0 | Int(bytes[at + 4 + $1]) << (8 * $1) }
        at += 8 + size + size % 2
      }
      #expect(total == 167)
      #expect(throws: ImageError.self) { try Animation.writeWebP([], to: "\(folder)/b.webp", framesPerSecond: 30) }
      #expect(throws: ImageError.self) {
        try Animation.writeWebP([frames[0], noise(4, 4, 3)], to: "\(folder)/b.webp", framesPerSecond: 30)
      }
      #expect(throws: ImageError.self) {
        try Animation.writeWebP(frames, to: "\(folder)/b.webp", framesPerSecond: .nan)
      }
      #expect(try names(in: folder) == ["a.webp"])
    }
  }

  /// Alpha is kept: smoothly in a WebP, as 0 or 255 in a GIF.
  @Test func animationsKeepAlpha() throws {
    let frames = (0..<3).map { frame in
      Image(
        width: 8, height: 4, channels: 4,
        pixels: (0..<32).flatMap {
          $0 % 8 < 4 ? [250, UInt8(frame * 100), 0, 255] : [0, 0, 0, $0 < 16 ? 0 : 60] as [UInt8]
        })
    }
    let webP = try Animation.webPData(frames, framesPerSecond: 20, compression: .lossless)
    #expect(try ImageDecoder.decode(webP, pages: .first).withoutHiddenColors() == frames[0])
    let gif = try Animation.gifData(frames, framesPerSecond: 20)
    #expect(try ImageDecoder.header(of: gif) == .init(width: 8, height: 4, channels: 4, pages: 3))
    let first = try ImageDecoder.decode(gif, pages: .first)
    for y in 0..<4 {
      for x in 0..<8 {
        if x < 4 { expect(first, x, y, is: [250, 0, 0, 255], within: 12) } else { #expect(pixel(first, x, y)[3] == 0) }
      }
    }
  }

  /// Seven frames at 30 a second last 233 ms: 23 hundredths in the graphic control extensions of the GIF.
  @Test func gifsKeepTime() throws {
    let frames = (0..<7).map { Image(width: 16, height: 12, filledWith: [UInt8($0 * 30), 0, 100]) }
    let bytes = try Animation.gifData(frames, framesPerSecond: 30)
    let delays = bytes.indices.dropLast(7).filter { Array(bytes[$0..<$0 + 3]) == [0x21, 0xf9, 4] }.map {
      Int(bytes[$0 + 4]) | Int(bytes[$0 + 5]) << 8
    }
    #expect(delays.count == 7 && delays.reduce(0, +) == 23)
    #expect(throws: ImageError.self) { try Animation.gifData(frames, framesPerSecond: 51) }
    #expect(throws: ImageError.self) { try Animation.gifData([], framesPerSecond: 10) }
    try withFolder { folder in
      try Animation.writeGIF(frames, to: "\(folder)/a.gif", framesPerSecond: 10)
      #expect(try names(in: folder) == ["a.gif"])
    }
  }

  @Test func gridsPutImagesInTheirPlaces() throws {
    let images = (0..<5).map { Image(width: 4, height: 3, filledWith: [UInt8(10 * $0)]) }
    let grid = try ImageGrid.tiled(images, columns: 2, padding: 1, background: 200)
    #expect(grid.width == 11 && grid.height == 13 && grid.channels == 1)
    for index in 0..<5 {
      for (dx, dy) in [(0, 0), (3, 2)] {
        expect(grid, 1 + index % 2 * 5 + dx, 1 + index / 2 * 4 + dy, is: [10 * index], within: 0)
      }
    }
    for (x, y) in [(0, 0), (5, 1), (1, 4), (10, 12), (6, 9), (9, 11)] { expect(grid, x, y, is: [200], within: 0) }
    let mixed = try ImageGrid.tiled([images[0], noise(4, 3, 3)], columns: 5)
    #expect(mixed.channels == 3 && mixed.width == 8)
    #expect(throws: ImageError.self) { try ImageGrid.tiled([], columns: 2) }
    #expect(throws: ImageError.self) { try ImageGrid.tiled(images, columns: 0) }
    #expect(throws: ImageError.self) { try ImageGrid.tiled([images[0], noise(3, 3, 1)], columns: 2) }
  }

  @Test func labelsAreDrawnBesideTheGrid() throws {
    let images = (0..<4).map { _ in Image(width: 40, height: 40, filledWith: [90]) }
    let plain = try ImageGrid.tiled(images, columns: 2, padding: 2)
    let grid = try ImageGrid.labeled(images, rows: ["ψ = 1", "<b>&"], columns: ["seed 7", ""])
    let (left, top) = (grid.width - plain.width, grid.height - plain.height)
    #expect(left > 10 && top > 5)
    #expect(try grid.cropped(x: left, y: top, width: plain.width, height: plain.height) == plain)
    func ink(_ x: Int, _ y: Int, _ width: Int, _ height: Int) throws -> Int {
      try grid.cropped(x: x, y: y, width: width, height: height).pixels.count { $0 < 128 }
    }
    // Both rows and the first column have letters, the second column has none.
    #expect(try ink(0, top, left, 42) > 10)
    #expect(try ink(0, top + 42, left, 42) > 10)
    #expect(try ink(left, 0, 42, top) > 10)
    #expect(try ink(left + 43, 0, plain.width - 43, top) == 0)
    #expect(throws: ImageError.self) { try ImageGrid.labeled(images, rows: ["one"], columns: ["a", "b"]) }
    #expect(throws: ImageError.self) { try ImageGrid.labeled(images, rows: [], columns: []) }
  }
}
