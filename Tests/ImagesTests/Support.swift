import Files
import Foundation
import Images
import Testing

/// A picture of the folder Fixtures.
func fixture(_ name: String) throws -> [UInt8] {
  let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
  return try WholeFile.bytes(of: url.path)
}

/// The samples of a pixel.
func pixel(_ image: Image, _ x: Int, _ y: Int) -> [Int] {
  (0..<image.channels).map { Int(image.pixels[(y * image.width + x) * image.channels + $0]) }
}

/// Checks the samples of a pixel up to `tolerance`.
func expect(
  _ image: Image, _ x: Int, _ y: Int, is wanted: [Int], within tolerance: Int,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = pixel(image, x, y)
  let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
  #expect(
    found.count == wanted.count && worst <= tolerance, "(\(x), \(y)) is \(found), not \(wanted) ± \(tolerance)",
    sourceLocation: sourceLocation)
}

/// Samples without a pattern, the same each time.
func noise(_ width: Int, _ height: Int, _ channels: Int, seed: UInt32 = 1) -> Image {
  var state = seed
  return Image(
    width: width, height: height, channels: channels,
    pixels: (0..<(width * height * channels)).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    })
}
