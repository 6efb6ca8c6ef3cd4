/// The part of a square image that holds the picture; the rest is padding (black, or transparent with alpha).
///
/// Networks draw squares, so pictures of another shape are padded for training and cropped again when drawn. `dataset
/// build --width --height` writes such data sets.
public struct PictureArea: Codable, Sendable, Hashable, CustomStringConvertible {
  /// Pixels to the left of the picture, and above it.
  public let x, y: Int
  /// The size of the picture in pixels, at least 1×1.
  public let width, height: Int

  /// An area at a place; it traps where it has no pixel or begins outside of the image.
  public init(x: Int, y: Int, width: Int, height: Int) {
    precondition(Self.isPossible(x, y, width, height), "\(width)×\(height) at (\(x), \(y)) is no part of an image")
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// An area in the middle of a square of `side`; an odd border is one pixel smaller at the top and left.
  public init(width: Int, height: Int, inMiddleOf side: Int) {
    self.init(x: (side - width) / 2, y: (side - height) / 2, width: width, height: height)
  }

  /// Reads an area.
  /// - Throws: `DecodingError`, also for an impossible area.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    (x, y) = (try values.decode(Int.self, forKey: .x), try values.decode(Int.self, forKey: .y))
    (width, height) = (try values.decode(Int.self, forKey: .width), try values.decode(Int.self, forKey: .height))
    guard Self.isPossible(x, y, width, height) else {
      throw DecodingError.dataCorruptedError(forKey: .width, in: values, debugDescription: "it is no part of an image")
    }
  }

  private static func isPossible(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Bool {
    let sides = 1...32_768
    return x >= 0 && y >= 0 && sides.contains(width) && sides.contains(height) && x <= 32_768 && y <= 32_768
  }

  /// "50×64 at (7, 0)"
  public var description: String { "\(width)×\(height) at (\(x), \(y))" }

  /// Whether it lies in a square of `side`.
  public func fits(in side: Int) -> Bool { x <= side - width && y <= side - height }

  /// The area after the square was resized: without the pixels that are partly padding, but at least one pixel.
  public func resized(from side: Int, to newSide: Int) -> PictureArea {
    func part(_ start: Int, _ length: Int) -> (start: Int, length: Int) {
      let first = (start * newSide + side - 1) / side
      let end = (start + length) * newSide / side
      return first < end ? (first, end - first) : (min((2 * start + length) * newSide / (2 * side), newSide - 1), 1)
    }
    let (across, down) = (part(x, width), part(y, height))
    return PictureArea(x: across.start, y: down.start, width: across.length, height: down.length)
  }

  /// The area in an image of `side` whose border of `border` pixels was cropped; nil where nothing of it is left.
  public func withoutBorder(_ border: Int, of side: Int) -> PictureArea? {
    let across = (x..<x + width).clamped(to: border..<side - border)
    let down = (y..<y + height).clamped(to: border..<side - border)
    guard !across.isEmpty, !down.isEmpty else { return nil }
    return PictureArea(
      x: across.lowerBound - border, y: down.lowerBound - border, width: across.count, height: down.count)
  }
}

extension Image {
  /// The picture without its padding; an image without an area stays as it is.
  /// - Throws: ``ImageError/badGeometry(_:)`` if the area exceeds the image.
  public func cropped(to area: PictureArea?) throws -> Image {
    guard let area else { return self }
    return try cropped(x: area.x, y: area.y, width: area.width, height: area.height)
  }

  /// Crops the largest central part whose sides have the ratio `width` : `height`.
  public func croppedToCenter(width ratioWidth: Int, height ratioHeight: Int) -> Image {
    precondition(ratioWidth > 0 && ratioHeight > 0, "a ratio has positive numbers, not \(ratioWidth):\(ratioHeight)")
    // The whole width, or the whole height; rounded to the nearest pixel.
    let wide = min(width, max(1, (2 * height * ratioWidth + ratioHeight) / (2 * ratioHeight)))
    let high = min(height, max(1, (2 * width * ratioHeight + ratioWidth) / (2 * ratioWidth)))
    return part((width - wide) / 2, (height - high) / 2, wide, high)
  }

  /// A square with this image at a place, and zeros around it: black, or transparent with alpha.
  /// - Parameter area: a part of the square, of this image's size.
  /// - Throws: ``ImageError/badGeometry(_:)`` if the image or the square has another size.
  public func padded(to side: Int, at area: PictureArea) throws -> Image {
    guard (area.width, area.height) == (width, height), area.fits(in: side) else {
      throw ImageError.badGeometry("cannot pad \(width)×\(height) to \(side)×\(side) with the picture \(area)")
    }
    return padded(width: side, height: side, x: area.x, y: area.y)
  }
}
