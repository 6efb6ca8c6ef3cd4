import Images
import Torch

/// Layers of the synthesis network by the scale they control (StyleGAN Fig. 3).
public enum StyleBand: String, CaseIterable, Sendable {
  /// 4²–8² of 1024: pose, outline.
  case coarse
  /// 16²–32² of 1024: parts.
  case middle
  /// 64²–1024² of 1024: colour, texture.
  case fine

  /// The layers of this band in a network of `count` layers: the paper's 4, 4 and 10 of 18, in proportion, whole
  /// resolutions.
  public func layers(of count: Int) -> Range<Int> {
    func boundary(_ eighteenths: Int) -> Int {
      let resolutions = Double(count / 2)
      return 2 * max(1, Int((resolutions * Double(eighteenths) / 18).rounded()))
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
  /// Style mixing (StyleGAN Fig. 3): rows × columns of pictures, each with the styles of its row, but those of
  /// `layers` from its column. The first column and row show the rows' and columns' own pictures.
  /// - Parameters:
  ///   - rows: R codes that give most styles: of seeds, of saved latents, of projected photographs.
  ///   - columns: C codes that give the styles of `layers`.
  /// - Returns: `(R + 1) · (C + 1)` pictures, row by row; the first is blank.
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
