import Torch

/// The architecture of WGAN (Arjovsky et al. 2017, §4): DCGAN's networks; the critic's score is its output as it is.
public struct WGANConfiguration: NetworkConfiguration {
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

  /// The networks.
  var networks: DCGANConfiguration {
    DCGANConfiguration(resolution: resolution, imageChannels: imageChannels, zSize: zSize, features: features)
  }

  /// Checks every field.
  public func validate() throws(ConfigurationError) { try networks.validate() }

  /// Trained scalars of the generator.
  public var generatorParameterCount: Int { networks.generatorParameterCount }
  /// Saved scalars of the generator that no optimizer touches.
  public var generatorBufferCount: Int { networks.generatorBufferCount }
  /// Trained scalars of the discriminator.
  public var discriminatorParameterCount: Int { networks.discriminatorParameterCount }
  /// Values that the discriminator keeps of one image.
  public func activationCount(at resolution: Int) -> Int { networks.activationCount(at: resolution) }
  /// Latents and layers.
  public var summary: [String] { networks.summary }

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    DCGANGenerator(networks, of: self, seed: seed, device: device)
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    DCGANDiscriminator(networks, seed: seed, device: device)
  }
}
