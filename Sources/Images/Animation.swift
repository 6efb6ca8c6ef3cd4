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

  /// Encodes frames as an animated WebP.
  /// - Throws: ``ImageError``.
  public static func webPData(
    _ frames: [Image], framesPerSecond: Double, compression: Compression = .lossy(quality: 90),
    name: String = "the animation"
  ) throws -> [UInt8] {
    guard let first = frames.first else { throw ImageError.badGeometry("an animation needs at least one frame") }
    guard (0.1...1000).contains(framesPerSecond) else {
      throw ImageError.badGeometry("an animation has 0.1 to 1000 frames a second, not \(framesPerSecond)")
    }
    for (index, frame) in frames.enumerated()
    where (frame.width, frame.height, frame.channels) != (first.width, first.height, first.channels) {
      throw ImageError.badGeometry(
        "frame \(index) of the animation is \(frame.width)×\(frame.height)×\(frame.channels), the first is "
          + "\(first.width)×\(first.height)×\(first.channels); make them alike")
    }
    guard first.width <= 16_383, first.height <= 16_383, first.height * frames.count <= 10_000_000 else {
      throw ImageError.badGeometry(
        "\(frames.count) frames of \(first.width)×\(first.height) do not fit an animated WebP; use fewer or smaller frames"
      )
    }
    let times = (0...frames.count).map { Int32((Double($0) * 1000 / framesPerSecond).rounded()) }
    var delays = zip(times.dropFirst(), times).map { $0 - $1 }
    var pixels = [UInt8]()
    pixels.reserveCapacity(first.pixels.count * frames.count)
    for frame in frames { pixels += frame.pixels }
    let (kind, quality): (cv_format, Int)
    switch compression {
    case .lossless: (kind, quality) = (CV_WEBP_LOSSLESS, 75)
    case .lossy(let value): (kind, quality) = (CV_WEBP, min(max(value, 1), 100))
    }
    return try Image.encoded(name: name) {
      cv_encode(
        pixels, Int32(first.width), Int32(first.height), Int32(first.channels), Int32(frames.count), &delays, kind,
        Int32(quality), $0, $1, $2)
    }
  }
}
