import Datasets
import Images
import Torch

extension ImageBatch {
  /// The pixels as input of a network: `[N, C, R, R]`, 0…255 scaled to −1…1.
  public func tensor(channels: Int, resolution: Int, device: Device = .cpu) -> Tensor {
    pixels.withUnsafeBytes {
      Tensor(bytes: $0, shape: [count, channels, resolution, resolution], dtype: .uint8)
    }.to(device).to(.float32) * (2.0 / 255) - 1
  }
}

extension Tensor {
  /// Images without `border` pixels on each side: `[N, C, H, W]` → `[N, C, H − 2b, W − 2b]`.
  func cropped(by border: Int) -> Tensor {
    border == 0
      ? self
      : sliced(border..<size(2) - border, along: 2).sliced(border..<size(3) - border, along: 3).laidOut(.contiguous)
  }

  /// −1…1 as bytes 0…255, rounded and clipped, as in image files; without a graph.
  func quantized() -> Tensor {
    // 128 = 127.5 + 0.5, because the conversion to integers truncates.
    (withoutGraph * 127.5 + 128).clamped(minimum: 0, maximum: 255).to(.uint8)
  }

  /// Images whose colors are multiplied by alpha, so that hidden colors have no weight: (c + 1)·α − 1, where α is 0…1.
  /// Images without alpha stay as they are.
  /// - Returns: `[N, C, H, W]`, −1…1; the alpha channel is clipped to that range.
  func alphaWeighted() -> Tensor {
    guard size(1) == 4 else { return self }
    let opacity = sliced(3..<4, along: 1).clamped(minimum: -1, maximum: 1)
    let colors = (sliced(0..<3, along: 1) + 1) * ((opacity + 1) * 0.5) - 1
    return .concatenated([colors, opacity], along: 1)
  }

  /// The inverse of ``alphaWeighted()``; colors are black (−1) where α is 0.
  func alphaUnweighted() -> Tensor {
    guard size(1) == 4 else { return self }
    let opacity = sliced(3..<4, along: 1)
    // Where α is 0, the weighted colors are 0 too.
    let colors = (sliced(0..<3, along: 1) + 1) / ((opacity + 1) * 0.5).clamped(minimum: 1e-6, maximum: 1) - 1
    return .concatenated([colors, opacity], along: 1)
  }

  /// Images composited on white: c·α + white·(1 − α), where α is 0…1 from black to white. Images without alpha stay as
  /// they are.
  /// - Parameter black: the value of black in all channels, and of transparency.
  /// - Parameter white: the value of white, and of opacity.
  /// - Returns: `[N, 3, H, W]` for C = 4.
  func onWhite(black: Double = 0, white: Double = 255) -> Tensor {
    guard size(1) == 4 else { return self }
    let alpha = sliced(3..<4, along: 1).to(.float32).clamped(minimum: black, maximum: white)
    let opacity = (alpha - black) * (1 / (white - black))
    return (sliced(0..<3, along: 1).to(.float32) - white) * opacity + white
  }

  /// Images with `border` black pixels (−1) added on each side.
  func bordered(by border: Int) -> Tensor {
    border == 0 ? self : (self + 1).padded(top: border, bottom: border, left: border, right: border) - 1
  }
}

extension Image {
  /// The images of a batch, −1…1 rounded to 0…255 and clipped.
  /// - Parameter batch: `[N, C, H, W]`, C = 1, 3 or 4.
  public static func images(of batch: Tensor) -> [Image] {
    let (n, c, h, w) = (batch.size(0), batch.size(1), batch.size(2), batch.size(3))
    let bytes = batch.quantized().laidOut(.contiguous).bytes
    return (0..<n).map {
      Image(planar: Array(bytes[$0 * c * h * w..<($0 + 1) * c * h * w]), channels: c, height: h, width: w)
    }
  }
}

extension Tensor {
  /// Latents of seeds as in the field's usual tools: z = NumPy's `RandomState(seed).randn(1, size)`.
  /// - Returns: `[seeds.count, size]`, float32.
  public static func latents(seeds: [UInt32], size: Int) -> Tensor {
    Tensor(
      seeds.flatMap { seed in
        var state = NumPyRandomState(seed: seed)
        return state.randn(size)
      }, shape: [seeds.count, size])
  }
}
