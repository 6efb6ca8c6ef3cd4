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

/// A sample type of ``tiff(_:white:)``.
protocol TIFFSample {
  /// SampleFormat: 1 unsigned, 2 signed, 3 floating-point.
  static var format: Int { get }
}
extension UInt16: TIFFSample { static var format: Int { 1 } }
extension Int16: TIFFSample { static var format: Int { 2 } }
extension UInt32: TIFFSample { static var format: Int { 1 } }
extension Int32: TIFFSample { static var format: Int { 2 } }
extension Float: TIFFSample { static var format: Int { 3 } }
extension Double: TIFFSample { static var format: Int { 3 } }

/// A TIFF without compression, one row high.
/// - Parameter samples: `[width, channels]`.
/// - Parameter channels: 1 (gray), 3 (color) or 4 (with alpha).
/// - Parameter whiteIsZero: PhotometricInterpretation 0.
func tiff<Sample: TIFFSample>(_ samples: [Sample], channels: Int = 1, whiteIsZero: Bool = false) -> [UInt8] {
  func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  let data = samples.withUnsafeBytes(Array.init)
  let size = MemoryLayout<Sample>.size
  // Tag and value; the lists of several bits and formats lie behind the directory.
  let lists = 8 + 2 + 12 * 11 + 4
  let perChannel = { (value: Int, at: Int) in channels == 1 ? value : channels == 2 ? value << 16 | value : at }
  let entries = [
    (256, samples.count / channels), (257, 1), (258, perChannel(8 * size, lists)), (259, 1),
    (262, channels > 1 ? 2 : whiteIsZero ? 0 : 1), (273, lists + 4 * channels), (277, channels), (278, 1),
    (279, data.count), (338, channels == 4 ? 2 : 0), (339, perChannel(Sample.format, lists + 2 * channels)),
  ]
  var file: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + bytes(entries.count, 2)
  for (tag, value) in entries {
    let isLong = [273, 279].contains(tag)
    let count = [258, 339].contains(tag) ? channels : tag == 338 && channels < 4 ? 0 : 1
    file += bytes(tag, 2) + bytes(isLong ? 4 : 3, 2) + bytes(count, 4) + bytes(value, 4)
  }
  file += bytes(0, 4)
  for value in [8 * size, Sample.format] { for _ in 0..<channels { file += bytes(value, 2) } }
  return file + data
}
