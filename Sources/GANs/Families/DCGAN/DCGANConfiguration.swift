/// The architecture of DCGAN (Radford et al. 2015, §3, Fig. 1), at any power-of-two resolution.
public struct DCGANConfiguration: DCGANArchitecture {
  /// Output resolution: a power of two, 8…256.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Size of z.
  public var zSize: Int
  /// n: 8n feature maps at 4×4, half as many after each doubling.
  public var features: Int
  /// Size of the label vector; 0: no labels.
  public var labelSize = 0
  /// Whether colors are multiplied by alpha; nil: they are not.
  public var premultiplied: Bool?

  /// An architecture.
  public init(resolution: Int, imageChannels: Int = 3, zSize: Int = 100, features: Int = 64) {
    (self.resolution, self.imageChannels, self.zSize, self.features) = (resolution, imageChannels, zSize, features)
  }
}
