import CVips
import Files

/// Writes animations.
public enum Animation {
  /// The compression of frames.
  public enum Compression: Sendable, Equatable {
    /// Lossless.
    case lossless
    /// Lossy; `quality` 1…100.
    case lossy(quality: Int)
  }

  /// Writes frames atomically as an animated WebP that repeats forever.
  /// - Parameter frames: at least one; all have the same width, height and channels.
  /// - Parameter framesPerSecond: 0.1…1000; frame times are rounded to milliseconds, but the errors do not add up.
  /// - Throws: ``ImageError``, `FileError`.
  public static func writeWebP(
    _ frames: [Image], to path: String, framesPerSecond: Double, compression: Compression = .lossy(quality: 90)
  ) throws {
    try AtomicFile.write(
      try webPData(frames, framesPerSecond: framesPerSecond, compression: compression, name: path), to: path)
  }

  /// Writes frames atomically as an animated GIF that repeats forever: 256 colors a frame, dithered; pixels of alpha from
  /// 128 are opaque, the others transparent.
  /// - Parameter frames: at least one; all have the same width, height and channels.
  /// - Parameter framesPerSecond: 0.1…50; frame times are rounded to hundredths of a second, but the errors do not add up.
  /// - Throws: ``ImageError``, `FileError`.
  public static func writeGIF(_ frames: [Image], to path: String, framesPerSecond: Double) throws {
    try AtomicFile.write(try gifData(frames, framesPerSecond: framesPerSecond, name: path), to: path)
  }

  /// Encodes frames as an animated GIF, see ``writeGIF(_:to:framesPerSecond:)``.
  /// - Throws: ``ImageError``.
  public static func gifData(_ frames: [Image], framesPerSecond: Double, name: String = "the animation") throws
    -> [UInt8]
  {
    // Viewers show shorter frame times as a tenth of a second.
    try data(frames, framesPerSecond, rates: 0.1...50, unit: 10, kind: CV_GIF, effort: 0, name: name)
  }

  /// Encodes frames as an animated WebP; alpha is kept.
  /// - Throws: ``ImageError``.
  public static func webPData(
    _ frames: [Image], framesPerSecond: Double, compression: Compression = .lossy(quality: 90),
    name: String = "the animation"
  ) throws -> [UInt8] {
    let (kind, quality): (cv_format, Int)
    switch compression {
    case .lossless: (kind, quality) = (CV_WEBP_LOSSLESS, 75)
    case .lossy(let value): (kind, quality) = (CV_WEBP, min(max(value, 1), 100))
    }
    return try data(frames, framesPerSecond, rates: 0.1...1000, unit: 1, kind: kind, effort: quality, name: name)
  }

  /// - Parameter unit: frame times are whole multiples of so many milliseconds.
  private static func data(
    _ frames: [Image], _ framesPerSecond: Double, rates: ClosedRange<Double>, unit: Int32, kind: cv_format, effort: Int,
    name: String
  ) throws -> [UInt8] {
    guard let first = frames.first else { throw ImageError.badGeometry("an animation needs at least one frame") }
    guard rates.contains(framesPerSecond) else {
      throw ImageError.badGeometry(
        "\(name) has 0.1 to \(Int(rates.upperBound)) frames a second, not \(framesPerSecond)")
    }
    for (index, frame) in frames.enumerated()
    where (frame.width, frame.height, frame.channels) != (first.width, first.height, first.channels) {
      throw ImageError.badGeometry(
        "frame \(index) of the animation is \(frame.width)×\(frame.height)×\(frame.channels), the first is "
          + "\(first.width)×\(first.height)×\(first.channels); make them alike")
    }
    guard first.width <= 16_383, first.height <= 16_383, first.height * frames.count <= 10_000_000 else {
      throw ImageError.badGeometry(
        "\(frames.count) frames of \(first.width)×\(first.height) do not fit one animation; use fewer or smaller frames"
      )
    }
    let times = (0...frames.count).map { index in
      unit * Int32((Double(index) * 1000 / framesPerSecond / Double(unit)).rounded())
    }
    var delays = zip(times.dropFirst(), times).map { $0 - $1 }
    var pixels = [UInt8]()
    pixels.reserveCapacity(first.pixels.count * frames.count)
    for frame in frames { pixels += frame.pixels }
    return try Image.encoded(name: name) {
      cv_encode(
        pixels, Int32(first.width), Int32(first.height), Int32(first.channels), Int32(frames.count), &delays, kind,
        Int32(effort), $0, $1, $2)
    }
  }
}
