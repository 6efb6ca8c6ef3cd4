import Foundation
import Torch

/// The resampling of a batch by an affine map of each image (Karras et al. 2020, Appendix B.2): padded by reflection, doubled
/// with the low-pass filter sym6, sampled bilinearly, and halved with the same filter.
///
/// It is linear in the images. Below 8×8 pixels the margin is wider than the image, which is then reflected more than once.
package struct GeometricResampling {
  /// Taps of sym6, with the sum 1.
  private static let filter: [Double] = {
    let taps = [
      0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
      0.787641141030194, 0.3379294217276218, -0.07263748278646252, -0.021060292512300564, 0.04472490177066578,
      0.0017677118642428036, -0.007800708325034148,
    ]
    let sum = taps.reduce(0, +)
    return taps.map { $0 / sum }
  }()
  /// Pixels that the filters reach beyond the image.
  private static let reach = 3

  private let width, height: Int
  private let margins: (left: Int, top: Int, right: Int, bottom: Int)
  /// `[N, 2, 3]`, float64: from a sampled pixel (x, y, 1) to a pixel of the doubled image.
  private let maps: Tensor

  /// - Parameter maps: G for each image; see ``AugmentationParameters/geometry``.
  package init(_ maps: [AugmentationParameters.PlaneMap], width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    let reach = Self.reach
    let (cx, cy) = (Double(width - 1) / 2, Double(height - 1) / 2)
    // The margins reach the farthest corner of all images, and no farther than the reflection of the whole image.
    var farthest = [Double](repeating: -.infinity, count: 4)
    for map in maps {
      for (x, y) in [(-cx, -cy), (cx, -cy), (cx, cy), (-cx, cy)] {
        let (u, v) = (map[0][0] * x + map[0][1] * y + map[0][2], map[1][0] * x + map[1][1] * y + map[1][2])
        for (side, distance) in [-u, -v, u, v].enumerated() { farthest[side] = max(farthest[side], distance) }
      }
    }
    func margin(_ side: Int, _ center: Double, _ size: Int) -> Int {
      let wanted = farthest[side] + Double(2 * reach) - center
      return Int(min(max(wanted, 0), Double(max(size - 1, 2 * reach))).rounded(.up))
    }
    let (left, right) = (margin(0, cx, width), margin(2, cx, width))
    let (top, bottom) = (margin(1, cy, height), margin(3, cy, height))
    margins = (left, top, right, bottom)
    // A sampled pixel j is at x = j + ½ − W₂/2 from the center, W₂ = 2(W + 6); a doubled pixel u at u + ½ − W₁/2. The doubled
    // image is ½ pixel off, because zeros follow its pixels: x₁ + ½ = 2·G((x + ½)/2).
    let (w1, h1) = (Double(2 * (width + left + right)), Double(2 * (height + top + bottom)))
    let (x0, y0) = (1 - Double(width + 2 * reach), 1 - Double(height + 2 * reach))
    func entries(_ row: [Double], _ shift: Double, _ size: Double) -> [Double] {
      let corner: Double = row[0] * x0 + row[1] * y0
      return [row[0], row[1], corner + 2 * (row[2] + shift) + size / 2 - 1]
    }
    var numbers: [Double] = []
    for map in maps {
      numbers += entries(map[0], Double(left - right) / 2, w1)
      numbers += entries(map[1], Double(top - bottom) / 2, h1)
    }
    self.maps = Tensor(numbers, shape: [maps.count, 2, 3], dtype: .float64)
  }

  /// The resampled images.
  /// - Parameter images: `[N, C, H, W]`
  /// - Returns: the same shape; float32 if the fused kernel has made it.
  package func callAsFunction(_ images: Tensor) -> Tensor {
    images.hasFusedKernels ? fused(images) : plain(images)
  }

  /// By the fused kernel, on the CPU.
  package func fused(_ images: Tensor) -> Tensor {
    images.to(.float32).resampledFused(
      maps: maps, filter: Tensor(Self.filter, shape: [12], dtype: .float64), margins: margins)
  }

  /// By operations of libtorch, on any device.
  package func plain(_ images: Tensor) -> Tensor {
    let (n, c) = (images.size(0), images.size(1))
    let padded = images.reflected(
      top: margins.top, bottom: margins.bottom, left: margins.left, right: margins.right)
    let (h1, w1) = (2 * padded.size(2), 2 * padded.size(3))
    let taps = Tensor(Self.filter, shape: [1, 12], dtype: .float64)
    let weight = taps.transposed.matmul(taps).reshaped([1, 1, 12, 12]).to(images.dtype).to(images.device)
    // [N C H W] → [N·C 1 2H 2W]
    let doubled = padded.reshaped([n * c, 1, h1 / 2, w1 / 2]).convTranspose2d(weight * 4, stride: 2)
      .sliced(5..<h1 + 5, along: 2).sliced(5..<w1 + 5, along: 3)
    let sampled = sampled(doubled.reshaped([n, c, h1, w1]))
    let (h2, w2) = (sampled.size(2), sampled.size(3))
    return sampled.reshaped([n * c, 1, h2, w2]).sliced(1..<h2 - 1, along: 2).sliced(1..<w2 - 1, along: 3)
      .conv2d(weight, stride: 2).reshaped([n, c, height, width])
  }

  /// Bilinear samples of the doubled images, 0 outside: `[N, C, 2(H + 6), 2(W + 6)]`.
  private func sampled(_ doubled: Tensor) -> Tensor {
    let (n, c, h1, w1) = (doubled.size(0), doubled.size(1), doubled.size(2), doubled.size(3))
    let (h2, w2) = (2 * (height + 2 * Self.reach), 2 * (width + 2 * Self.reach))
    let device = doubled.device
    // Float32 would move far pixels by 10⁻⁵ of their size.
    let type: DType = device.hasFloat64 ? .float64 : .float32
    let maps = maps.to(type).to(device)
    func entry(_ row: Int, _ column: Int) -> Tensor {
      maps.sliced(row..<row + 1, along: 1).sliced(column..<column + 1, along: 2)
    }
    let j = Tensor.range(from: 0, to: Double(w2), dtype: type, device: device).reshaped([1, 1, w2])
    let i = Tensor.range(from: 0, to: Double(h2), dtype: type, device: device).reshaped([1, h2, 1])
    func place(_ row: Int, _ size: Int) -> (floor: Tensor, fraction: Tensor) {
      let at = (j * entry(row, 0) + i * entry(row, 1) + entry(row, 2)).clamped(minimum: -2, maximum: Double(size) + 1)
      // The conversion truncates, so the places are made positive first.
      let floor = (at + 2).to(.int64).to(type) - 2
      return (floor, at - floor)
    }
    let (x, y) = (place(0, w1), place(1, h1))
    let first = Tensor.range(from: 0, to: Double(n), dtype: type, device: device).reshaped([n, 1, 1]) * Double(h1 * w1)
    // [N C H W] → [C N·H·W]
    let flat = doubled.permuted([1, 0, 2, 3]).reshaped([c, n * h1 * w1])
    var sum: Tensor?
    for (dx, wx) in [(0.0, 1 - x.fraction), (1, x.fraction)] {
      for (dy, wy) in [(0.0, 1 - y.fraction), (1, y.fraction)] {
        let (u, v) = (x.floor + dx, y.floor + dy)
        let weight = wx * wy * u.isWithin(0, w1 - 1) * v.isWithin(0, h1 - 1)
        let index =
          first + v.clamped(minimum: 0, maximum: Double(h1 - 1)) * Double(w1)
          + u.clamped(minimum: 0, maximum: Double(w1 - 1))
        let term =
          flat.gathered(index.to(.int64).reshaped([n * h2 * w2]), along: 1).reshaped([c, n, h2, w2])
          * weight.to(doubled.dtype).unsqueezed(at: 0)
        sum = sum.map { $0 + term } ?? term
      }
    }
    return sum!.permuted([1, 0, 2, 3])
  }
}

extension Device {
  /// Whether its tensors can be float64; Apple's GPUs have none.
  fileprivate var hasFloat64: Bool { !description.hasPrefix("mps") }
}

extension Tensor {
  /// 1 where low ≤ self ≤ high, else 0, in the type of self; for whole numbers.
  fileprivate func isWithin(_ low: Int, _ high: Int) -> Tensor {
    func number(_ value: Double) -> Tensor { Tensor(repeating: value, shape: [1], dtype: dtype, device: device) }
    return number(Double(low) - 0.5).isLess(than: self).to(dtype) * isLess(than: number(Double(high) + 0.5)).to(dtype)
  }

  /// Images padded by reflection without repeated edges, more than once where a margin is larger than the image.
  func reflected(top: Int, bottom: Int, left: Int, right: Int) -> Tensor {
    func table(_ before: Int, _ size: Int, _ after: Int) -> Tensor {
      let period = max(2 * (size - 1), 1)
      let places = (-before..<size + after).map { place in
        let at = ((place % period) + period) % period
        return at < size ? at : period - at
      }
      return Tensor(places, device: device)
    }
    return gathered(table(top, size(2), bottom), along: 2).gathered(table(left, size(3), right), along: 3)
  }
}
