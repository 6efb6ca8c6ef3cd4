/// An image in memory: interleaved 8-bit sRGB samples, rows from top to bottom.
public struct Image: Sendable, Equatable {
  /// The width in pixels, at least 1.
  public let width: Int
  /// The height in pixels, at least 1.
  public let height: Int
  /// 1 (gray), 3 (RGB) or 4 (RGB with alpha, not premultiplied).
  public let channels: Int
  /// Samples 0…255: `[height, width, channels]`.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == width * height * channels, "the number of samples of an image is fixed") }
  }

  /// An image with these samples.
  /// - Parameter pixels: `[height, width, channels]`; another number of samples traps.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel, not \(width)×\(height)")
    precondition(channels == 1 || channels == 3 || channels == 4, "an image has 1, 3 or 4 channels, not \(channels)")
    precondition(
      pixels.count == width * height * channels,
      "\(width)×\(height)×\(channels) needs \(width * height * channels) samples, not \(pixels.count)")
    (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
  }

  /// An image of one color.
  /// - Parameter color: one sample per channel.
  public init(width: Int, height: Int, filledWith color: [UInt8]) {
    var pixels = [UInt8]()
    pixels.reserveCapacity(width * height * color.count)
    for _ in 0..<(width * height) { pixels += color }
    self.init(width: width, height: height, channels: color.count, pixels: pixels)
  }

  /// An image from planar samples, the order of tensors.
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

  /// The planar samples: `[channels, height, width]`.
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
