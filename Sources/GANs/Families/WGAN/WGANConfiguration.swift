/// The architecture of WGAN (Arjovsky et al. 2017, §4): DCGAN's networks; the critic's score is its output as it is.
public struct WGANConfiguration: DCGANArchitecture {
  /// Output resolution: a power of two, 8…256.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of z.
  public var zSize: Int
  /// n: there are 8n feature maps at 4×4, and half as many at each doubling.
  public var features: Int

  /// An architecture.
  public init(resolution: Int, imageChannels: Int = 3, zSize: Int = 100, features: Int = 64) {
    (self.resolution, self.imageChannels) = (resolution, imageChannels)
    (self.zSize, self.features) = (zSize, features)
  }
}
