/// A picture in memory: 8-bit sRGB samples, interleaved, rows from top to bottom.
public struct Image: Sendable, Equatable {
  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// 1 (grey), 3 (red, green, blue) or 4 (with alpha, not premultiplied).
  public let channels: Int
  /// Samples 0…255 in the order `[height, width, channels]`.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == width * height * channels, "the number of samples of an image is fixed") }
  }

  /// Wraps interleaved samples.
  ///
  /// - Parameter pixels: `[height, width, channels]`, so `width * height * channels` bytes; anything else is a programmer's
  ///   mistake and traps.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel, not \(width)×\(height)")
    precondition(channels == 1 || channels == 3 || channels == 4, "an image has 1, 3 or 4 channels, not \(channels)")
    precondition(
      pixels.count == width * height * channels,
      "\(width)×\(height)×\(channels) needs \(width * height * channels) samples, not \(pixels.count)")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// A picture of one colour.
  ///
  /// - Parameter colour: one sample for each channel.
  public init(width: Int, height: Int, filledWith colour: [UInt8]) {
    var pixels = [UInt8]()
    pixels.reserveCapacity(width * height * colour.count)
    for _ in 0..<(width * height) { pixels += colour }
    self.init(width: width, height: height, channels: colour.count, pixels: pixels)
  }

  /// Interleaves samples that lie channel after channel, as tensors have them.
  ///
  /// - Parameter planar: `[channels, height, width]`.
  public init(planar: [UInt8], channels: Int, height: Int, width: Int) {
    precondition(
      planar.count == width * height * channels,
      "[\(channels), \(height), \(width)] needs \(width * height * channels) samples, not \(planar.count)")
    let area = width * height
    let pixels =
      channels == 1
      ? planar
      : [UInt8](unsafeUninitializedCapacity: planar.count) { out, count in
        planar.withUnsafeBufferPointer { source in
          for channel in 0..<channels {
            for at in 0..<area { out[at * channels + channel] = source[channel * area + at] }
          }
        }
        count = planar.count
      }
    self.init(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// The samples channel after channel: `[channels, height, width]`.
  public var planar: [UInt8] {
    if channels == 1 { return pixels }
    let area = width * height
    return [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for channel in 0..<channels {
          for at in 0..<area { out[channel * area + at] = source[at * channels + channel] }
        }
      }
      count = pixels.count
    }
  }
}
