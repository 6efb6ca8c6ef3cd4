import Torch

/// How far a progressively grown network has grown (PGGAN §2).
public struct Growth: Codable, Sendable, Equatable {
  /// The resolution of the images, a power of two from 4.
  public var resolution: Int
  /// How far this resolution is faded in, 0 < alpha ≤ 1; at 1 the layers before it show no more.
  public var alpha: Double

  /// A state of growth.
  public init(resolution: Int, alpha: Double = 1) {
    self.resolution = resolution
    self.alpha = alpha
  }

  /// Real images as a network of this growth should see them: α·x + (1 − α)·upsample(downsample(x)).
  /// - Parameter images: `[N, C, R, R]` with R a power-of-two multiple of the resolution; averaged down to it.
  /// - Returns: `[N, C, r, r]`
  public func prepared(_ images: Tensor) -> Tensor {
    let factor = images.size(3) / resolution
    let x = factor > 1 ? images.averagePooled(by: factor) : images
    return alpha < 1 && resolution > 4 ? halfResolution(x).lerp(to: x, alpha) : x
  }
}
