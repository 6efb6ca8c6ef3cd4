import Foundation
import Images
import Testing

/// Pictures inside padded squares, pixel art, and edges on transparent ground.
@Suite struct PictureAreaTests {
  @Test func areasLieInTheMiddle() {
    let area = PictureArea(width: 50, height: 64, inMiddleOf: 64)
    #expect((area.x, area.y) == (7, 0) && area.fits(in: 64) && !area.fits(in: 63))
    // An odd border is one pixel smaller at the left.
    #expect(PictureArea(width: 5, height: 8, inMiddleOf: 8).x == 1)
    #expect(area.description == "50×64 at (7, 0)")
  }

  /// A smaller square: pixels that are partly padding do not count; a larger one: exact.
  @Test func areasAreResized() {
    let area = PictureArea(width: 50, height: 64, inMiddleOf: 64)
    #expect(area.resized(from: 64, to: 64) == area)
    #expect(area.resized(from: 64, to: 32) == PictureArea(x: 4, y: 0, width: 24, height: 32))
    #expect(area.resized(from: 64, to: 128) == PictureArea(x: 14, y: 0, width: 100, height: 128))
    // Never empty, never outside.
    for side in [1, 2, 4, 8] {
      for x in 0..<64 {
        let small = PictureArea(x: x, y: 63 - x, width: 1, height: 1).resized(from: 64, to: side)
        #expect((small.width, small.height) == (1, 1) && small.fits(in: side))
      }
    }
  }

  @Test func bordersAreTakenOff() {
    let area = PictureArea(width: 20, height: 32, inMiddleOf: 32)
    #expect(area.withoutBorder(0, of: 32) == area)
    #expect(area.withoutBorder(2, of: 32) == PictureArea(x: 4, y: 0, width: 20, height: 28))
    #expect(PictureArea(x: 0, y: 0, width: 2, height: 32).withoutBorder(2, of: 32) == nil)
  }

  @Test func impossibleAreasAreRefused() throws {
    func decoded(_ text: String) throws -> PictureArea {
      try JSONDecoder().decode(PictureArea.self, from: Data(text.utf8))
    }
    #expect(try decoded(#"{"x":1,"y":2,"width":3,"height":4}"#) == PictureArea(x: 1, y: 2, width: 3, height: 4))
    for text in [
      #"{"x":-1,"y":0,"width":3,"height":4}"#, #"{"x":0,"y":0,"width":0,"height":4}"#, #"{"x":0,"y":0,"width":4}"#,
      #"{"x":0,"y":0,"width":4,"height":9223372036854775807}"#, #"{"x":0.5,"y":0,"width":4,"height":4}"#,
    ] {
      #expect(throws: DecodingError.self, "\(text)") { try decoded(text) }
    }
  }

  @Test(arguments: [1, 3, 4]) func paddingIsCroppedOff(channels: Int) throws {
    let image = noise(5, 8, channels)
    let area = PictureArea(width: 5, height: 8, inMiddleOf: 8)
    let square = try image.padded(to: 8, at: area)
    #expect(try square == image.padded(width: 8, height: 8) && square.cropped(to: area) == image)
    #expect(pixel(square, 0, 3) == [Int](repeating: 0, count: channels))
    #expect(try image.cropped(to: nil) == image)
    #expect(throws: ImageError.self) { try image.padded(to: 4, at: area) }
    #expect(throws: ImageError.self) { try noise(4, 4, channels).cropped(to: area) }
  }

  @Test func theLargestCentralPartHasTheRatio() {
    let image = Image(width: 6, height: 4, channels: 1, pixels: (0..<24).map(UInt8.init))
    #expect(image.croppedToCenter(width: 1, height: 1) == image.croppedToCentralSquare())
    #expect(image.croppedToCenter(width: 3, height: 2) == image)
    #expect(image.croppedToCenter(width: 3, height: 1).pixels == Array(6..<18).map(UInt8.init))
    #expect(image.croppedToCenter(width: 1, height: 2).pixels == [2, 3, 8, 9, 14, 15, 20, 21].map(UInt8.init))
    // At least one pixel.
    #expect(image.croppedToCenter(width: 1, height: 1000).pixels.count == 4)
    let flat = Image(width: 7, height: 1, filledWith: [9])
    #expect((1...9).allSatisfy { flat.croppedToCenter(width: 1, height: $0).height == 1 })
  }

  /// Three colors, larger or smaller by whole factors: the same three colors, each square of pixels a pixel.
  @Test(arguments: [1, 3, 4]) func pixelArtKeepsItsPalette(channels: Int) throws {
    let palette: [[UInt8]] = [[250, 10, 0, 255], [0, 200, 30, 128], [20, 20, 240, 255]].map {
      Array($0.prefix(channels))
    }
    let small = Image(
      width: 8, height: 8, channels: channels, pixels: (0..<64).flatMap { palette[($0 * $0 / 3 + $0) % 3] })
    for factor in [2, 3, 8] {
      let large = try small.resized(width: 8 * factor, height: 8 * factor, kernel: .nearest)
      for y in 0..<large.height {
        for x in 0..<large.width { #expect(pixel(large, x, y) == pixel(small, x / factor, y / factor)) }
      }
      #expect(try large.resized(width: 8, height: 8, kernel: .nearest) == small)
    }
    // Lanczos makes new colors, so the test can fail.
    let blurred = try small.resized(width: 12, height: 12)
    #expect((0..<144).contains { !palette.contains(Array(blurred.pixels[$0 * channels..<($0 + 1) * channels])) })
  }

  /// A disc of one color on transparent ground that hides another color.
  static func disc(side: Int, color: [UInt8], hidden: [UInt8]) -> Image {
    let middle = Double(side) / 2
    return Image(
      width: side, height: side, channels: 4,
      pixels: (0..<side * side).flatMap { at in
        let (x, y) = (Double(at % side) + 0.5 - middle, Double(at / side) + 0.5 - middle)
        // A soft edge of a pixel.
        let alpha = min(max(middle * 0.7 - (x * x + y * y).squareRoot() + 0.5, 0), 1)
        return (alpha > 0 ? color : hidden) + [UInt8((alpha * 255).rounded())]
      })
  }

  /// Resized by any kernel and factor, each pixel of the edge has the color of the disc: no halo.
  @Test(arguments: Image.Kernel.allCases, [16, 24, 32, 48, 64, 100]) func edgesHaveNoHalo(
    kernel: Image.Kernel, side: Int
  ) throws {
    let color: [UInt8] = [230, 120, 10]
    for hidden: [UInt8] in [[0, 0, 0], [255, 255, 255], [0, 0, 255]] {
      let small = try Self.disc(side: 64, color: color, hidden: hidden).resized(
        width: side, height: side, kernel: kernel)
      var edge = 0
      for y in 0..<side {
        for x in 0..<side where pixel(small, x, y)[3] > 2 {
          let alpha = pixel(small, x, y)[3]
          if alpha < 250 { edge += 1 }
          expect(small, x, y, is: color.map(Int.init) + [alpha], within: 1)
        }
      }
      #expect(edge >= 8)
    }
  }
}
