import Images
import Testing

@Suite struct GeometryTests {
  @Test(arguments: [1, 3, 4]) func planarIsTheInverseOfInterleaved(channels: Int) {
    let image = noise(5, 3, channels)
    let planar = image.planar
    #expect(planar[(channels - 1) * 15 + 7] == image.pixels[7 * channels + channels - 1])
    #expect(Image(planar: planar, channels: channels, height: 3, width: 5) == image)
  }

  @Test func areaIsTheMean() throws {
    let image = Image(width: 4, height: 2, channels: 1, pixels: [0, 10, 100, 200, 20, 31, 100, 201])
    // (0 + 10 + 20 + 31)/4 = 15.25; (100 + 200 + 100 + 201)/4 = 150.25.
    #expect(try image.resized(width: 2, height: 1, kernel: .area).pixels == [15, 150])
    // A factor of 4/3: pixel 0 covers source 0 and a third of source 1: (0 + 10/3)/(4/3) = 2.5, rounded up.
    let row = Image(width: 4, height: 1, channels: 1, pixels: [0, 10, 100, 200])
    #expect(try row.resized(width: 3, height: 1, kernel: .area).pixels == [3, 55, 175])
  }

  /// The slow twin: each target pixel averages its square, channel by channel.
  @Test func areaByWholeFactorsEqualsASimpleLoop() throws {
    let image = noise(24, 16, 3)
    let small = try image.resized(width: 6, height: 4, kernel: .area)
    for y in 0..<4 {
      for x in 0..<6 {
        for c in 0..<3 {
          var sum = 0
          for v in 0..<4 { for u in 0..<4 { sum += pixel(image, 4 * x + u, 4 * y + v)[c] } }
          #expect(pixel(small, x, y)[c] == (sum + 8) / 16)
        }
      }
    }
    // The general path, which alpha takes, agrees.
    let opaque = try image.converted(toChannels: 4).resized(width: 6, height: 4, kernel: .area)
    #expect(opaque.converted(toChannels: 3) == small)
  }

  @Test func nearestPicksPixels() throws {
    let image = Image(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4])
    #expect(
      try image.resized(width: 4, height: 4, kernel: .nearest).pixels
        == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
  }

  @Test(arguments: Image.Kernel.allCases) func flatStaysFlat(kernel: Image.Kernel) throws {
    let flat = Image(width: 37, height: 23, filledWith: [10, 130, 250])
    for (width, height) in [(16, 16), (64, 50), (1, 1), (37, 5)] {
      let resized = try flat.resized(width: width, height: height, kernel: kernel)
      #expect(resized == Image(width: width, height: height, filledWith: [10, 130, 250]))
    }
  }

  /// Lanczos keeps what lies far below the new Nyquist frequency: a broad ramp, within rounding, away from the border.
  @Test func lanczosKeepsRamps() throws {
    let ramp = Image(width: 128, height: 8, channels: 1, pixels: (0..<1024).map { UInt8($0 % 128 * 2) })
    let half = try ramp.resized(width: 64, height: 4)
    for x in 4..<60 { expect(half, x, 2, is: [4 * x + 1], within: 1) }
  }

  /// Transparent red beside opaque blue: no red comes through.
  @Test(arguments: [Image.Kernel.lanczos, .area]) func transparentColoursDoNotBleed(kernel: Image.Kernel) throws {
    let pixels = (0..<64).flatMap { $0 % 8 < 4 ? [255, 0, 0, 0] : [0, 0, 255, 255] as [UInt8] }
    let small = try Image(width: 8, height: 8, channels: 4, pixels: pixels).resized(width: 3, height: 3, kernel: kernel)
    for y in 0..<3 {
      for x in 0..<3 where pixel(small, x, y)[3] > 8 {
        expect(small, x, y, is: [0, 0, 255, pixel(small, x, y)[3]], within: 2)
      }
    }
  }

  @Test func partsAndBorders() throws {
    let image = Image(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    #expect(try image.cropped(x: 1, y: 1, width: 2, height: 1).pixels == [5, 6])
    #expect(image.croppedToCentralSquare().pixels == [1, 2, 4, 5])
    #expect(try image.padded(width: 4, height: 3).pixels == [1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0])
    #expect(throws: ImageError.self) { try image.cropped(x: 2, y: 0, width: 2, height: 1) }
    #expect(throws: ImageError.self) { try image.cropped(x: -1, y: 0, width: 2, height: 1) }
    #expect(throws: ImageError.self) { try image.cropped(x: 1, y: 0, width: .max, height: 1) }
    #expect(throws: ImageError.self) { try image.resized(width: 0, height: 1) }
    #expect(throws: ImageError.self) { try image.padded(width: 2, height: 9) }
  }

  @Test func alphaIsCompositedOrHidden() {
    let colours = Image(
      width: 3, height: 1, channels: 4, pixels: [200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 51])
    #expect(colours.composited(on: [0, 10, 255]).pixels == [200, 100, 50, 0, 10, 255, 40, 28, 214])
    #expect(colours.withoutHiddenColors().pixels == [200, 100, 50, 255, 0, 0, 0, 0, 200, 100, 50, 51])
    let plain = noise(3, 2, 3)
    #expect(plain.composited(on: [1, 2, 3]) == plain && plain.withoutHiddenColors() == plain)
  }

  @Test func channels() {
    let colours = Image(width: 2, height: 1, channels: 4, pixels: [200, 100, 50, 255, 200, 100, 50, 0])
    // 0.299·200 + 0.587·100 + 0.114·50 = 124.2; what is transparent becomes white.
    #expect(colours.converted(toChannels: 1).pixels == [124, 255])
    #expect(colours.converted(toChannels: 3).pixels == [200, 100, 50, 255, 255, 255])
    let grey = Image(width: 1, height: 1, channels: 1, pixels: [7])
    #expect(grey.converted(toChannels: 3).pixels == [7, 7, 7])
    #expect(grey.converted(toChannels: 4).pixels == [7, 7, 7, 255])
    for value in UInt8.min...UInt8.max {
      #expect(Image(width: 1, height: 1, filledWith: [value, value, value]).converted(toChannels: 1).pixels == [value])
    }
  }
}
