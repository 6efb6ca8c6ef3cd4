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
