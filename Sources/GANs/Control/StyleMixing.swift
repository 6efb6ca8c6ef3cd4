import Images
import Torch

/// Layers of the synthesis network by the scale they control (StyleGAN Fig. 3).
public enum StyleBand: String, CaseIterable, Sendable {
  /// 4²–8² of 1024: pose, outline.
  case coarse
  /// 16²–32² of 1024: parts.
  case middle
  /// 64²–1024² of 1024: color, texture.
  case fine

  /// The layers of this band in a network of `count` layers: in proportion to the paper's 4, 4 and 10 of 18, rounded to
  /// pairs of layers.
  public func layers(of count: Int) -> Range<Int> {
    func boundary(_ eighteenths: Int) -> Int {
      2 * max(1, Int((Double(count / 2) * Double(eighteenths) / 18).rounded()))
    }
    let first = min(boundary(4), count - 2)
    let second = min(max(boundary(8), first + 2), count)
    return switch self {
    case .coarse: 0..<first
    case .middle: first..<second
    case .fine: second..<count
    }
  }
}

extension Renderer {
  /// Style mixing (StyleGAN Fig. 3): each image takes the styles of `layers` from its column and the others from its row.
  /// The first column and row show the sources.
  /// - Parameters:
  ///   - rows: R styles, of seeds, saved latents or projected photographs.
  ///   - columns: C styles.
  /// - Returns: `(R + 1) · (C + 1)` images, row by row; the first is blank.
  public func styleMixing(rows: Styles, columns: Styles, layers: Set<Int>) -> [Image] {
    let columnImages = images(columns)
    let first = columnImages[0]
    let blank = Image(
      width: first.width, height: first.height, channels: first.channels,
      pixels: [UInt8](repeating: 255, count: first.pixels.count))
    var grid = [blank] + columnImages
    for (i, image) in images(rows).enumerated() {
      grid.append(image)
      grid += images(rows[i..<i + 1].repeated(columns.count).copying(layers, from: columns))
    }
    return grid
  }

  /// Style mixing of seeds.
  public func styleMixing(rows: [UInt32], columns: [UInt32], layers: Set<Int>) -> [Image] {
    styleMixing(rows: styles(codes(seeds: rows)), columns: styles(codes(seeds: columns)), layers: layers)
  }
}
