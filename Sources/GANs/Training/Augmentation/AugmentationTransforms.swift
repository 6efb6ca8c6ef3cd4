import Foundation
import Torch

// The changes of a batch by its parameters. All are differentiable to any order with respect to the images.

extension AugmentationParameters {
  /// The changed images, in the order geometry, colors, filter, noise, hole.
  ///
  /// Alpha is moved and cut like the colors, but colors, filter and noise leave it as it is. Colors multiplied by alpha are
  /// tinted as the colors before the product, and get noise in proportion to alpha; straight ones under alpha 0 change like all
  /// others, because D sees them.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, −1…1, C = 1, 3 or 4.
  ///   - noise: N(0, 1), `[N, 1 or 3, H, W]`, without alpha; only for a pipe with noise.
  ///   - premultiplied: whether the colors of images with alpha are multiplied by it.
  /// - Returns: the same shape; values may leave −1…1.
  package func applied(to images: Tensor, noise image: Tensor? = nil, premultiplied: Bool = false) -> Tensor {
    var x = images
    if let geometry { x = GeometricResampling(geometry, width: x.size(3), height: x.size(2))(x) }
    if color != nil || taps != nil || noise != nil {
      let alpha = x.size(1) == 4 ? x.sliced(3..<4, along: 1) : nil
      var colors = alpha == nil ? x : x.sliced(0..<3, along: 1)
      // 0…1; nil where it has no part in the colors.
      let opacity = premultiplied ? alpha.map { ($0 + 1) * 0.5 } : nil
      if let color { colors = Self.tinted(colors, color, opacity) }
      if let taps { colors = Self.filtered(colors, taps) }
      if let noise {
        guard let image else { preconditionFailure("noise needs random numbers") }
        let change = image * Self.tensor(noise, [noise.count, 1, 1, 1], like: colors)
        colors = colors + (opacity.map { change * $0 } ?? change)
      }
      x = alpha.map { .concatenated([colors, $0.to(colors.dtype)], along: 1) } ?? colors
    }
    if let holes { x = x * Self.mask(holes, like: x) }
    return x
  }

  private static func tensor(_ values: [Double], _ shape: [Int], like x: Tensor) -> Tensor {
    Tensor(values, shape: shape, dtype: x.dtype, device: x.device)
  }

  /// C·(r, g, b, 1); a gray image is tinted like its mean color.
  ///
  /// With c the color, o the opacity and x = (c + 1)·o − 1, the map c ↦ M·c + b is x ↦ M·x + (b + 1 − M·1)·o + M·1 − 1.
  private static func tinted(_ x: Tensor, _ maps: [[[Double]]], _ opacity: Tensor?) -> Tensor {
    let (n, c) = (x.size(0), x.size(1))
    guard c == 3 else {
      let rows = maps.map { map in (0..<4).map { column in (map[0][column] + map[1][column] + map[2][column]) / 3 } }
      let scale = tensor(rows.map { $0[0] + $0[1] + $0[2] }, [n, 1, 1, 1], like: x)
      return x * scale + tensor(rows.map { $0[3] }, [n, 1, 1, 1], like: x)
    }
    let matrix = tensor(maps.flatMap { $0.flatMap { $0[0..<3] } }, [n, 3, 3], like: x)
    // [N 3 H W] → [N 3 H·W]
    let product = matrix.matmul(x.reshaped([n, 3, -1]))
    let offset = tensor(maps.flatMap { $0.map { $0[3] } }, [n, 3, 1], like: x)
    guard let opacity else { return (product + offset).reshaped(x.shape) }
    let white = matrix.sum(over: [2], keepingDimensions: true)
    return (product + (offset + 1 - white) * opacity.reshaped([n, 1, -1]) + white - 1).reshaped(x.shape)
  }

  /// Each image filtered with its 43 taps in both directions. An image below 22×22 is reflected more than once.
  private static func filtered(_ x: Tensor, _ taps: [[Double]]) -> Tensor {
    let (n, c, length) = (x.size(0), x.size(1), taps[0].count)
    let padded = x.reflected(top: length / 2, bottom: length / 2, left: length / 2, right: length / 2)
    let weights = tensor(taps.flatMap { line in (0..<c).flatMap { _ in line } }, [n * c, 1, 1, length], like: x)
    // [N C H W] → [1 N·C H W], a group for each plane.
    return padded.reshaped([1, n * c, padded.size(2), padded.size(3)]).conv2d(weights, groups: n * c)
      .conv2d(weights.reshaped([n * c, 1, length, 1]), groups: n * c).reshaped(x.shape)
  }

  /// 0 in squares of half the image's side around the holes' centers, 1 elsewhere: `[N, 1, H, W]`.
  private static func mask(_ holes: [(x: Double, y: Double)], like x: Tensor) -> Tensor {
    func inside(_ center: Double, _ size: Int) -> [Double] {
      (0..<size).map { abs((Double($0) + 0.5) / Double(size) - center) < 0.25 ? 1 : 0 }
    }
    let (n, height, width) = (x.size(0), x.size(2), x.size(3))
    let columns = tensor(holes.flatMap { inside($0.x, width) }, [n, 1, 1, width], like: x)
    let rows = tensor(holes.flatMap { inside($0.y, height) }, [n, 1, height, 1], like: x)
    return 1 - rows * columns
  }
}
