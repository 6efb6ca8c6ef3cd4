import Torch

/// The growth of a progressively grown network (PGGAN §2).
public struct Growth: Codable, Sendable, Equatable {
  /// The resolution of the images, a power of two from 4.
  public var resolution: Int
  /// The fade-in of this resolution, 0 < alpha ≤ 1; at 1 the image of the resolution below has no weight.
  public var alpha: Double

  /// A state of growth.
  public init(resolution: Int, alpha: Double = 1) { (self.resolution, self.alpha) = (resolution, alpha) }

  /// Prepares real images for a network of this growth: α·x + (1 − α)·upsample(downsample(x)). With an alpha channel,
  /// averages of colors are weighted by it.
  /// - Parameter images: `[N, C, R, R]`, R a power-of-two multiple of the resolution r; they are averaged down to r.
  /// - Parameter premultiplied: whether the colors of the result are multiplied by alpha.
  /// - Returns: `[N, C, r, r]`
  public func prepared(_ images: Tensor, premultiplied: Bool = false) -> Tensor {
    let factor = images.size(3) / resolution
    let fades = alpha < 1 && resolution > 4
    guard factor > 1 || fades else { return premultiplied ? images.alphaWeighted() : images }
    let weighted = images.alphaWeighted()
    let x = factor > 1 ? weighted.averagePooled(by: factor) : weighted
    let faded = fades ? halfResolution(x).lerp(to: x, alpha) : x
    return premultiplied ? faded : faded.alphaUnweighted()
  }
}
