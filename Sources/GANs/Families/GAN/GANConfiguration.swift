import Torch

/// The architecture of the first GAN (Goodfellow et al. 2014): fully connected, with the usual layer sizes.
public struct GANConfiguration: NetworkConfiguration {
  /// The side of the images; 28 for MNIST and Fashion-MNIST.
  public var resolution: Int
  /// 1 (grayscale), 3 (RGB) or 4 (RGBA).
  public var imageChannels: Int
  /// Pixels cropped from each side of the data's images: 2 where 28×28 images were padded to 32×32.
  public var border: Int
  /// Size of z.
  public var zSize: Int
  /// ε of batch normalization. The usual code sets 0.8, which was meant to be the momentum.
  public var batchNormEpsilon: Double
  /// Size of the label vector; 0: no labels.
  public var labelSize = 0
  /// Whether colors are multiplied by alpha; nil: they are not.
  public var premultiplied: Bool?

  /// An architecture.
  public init(
    resolution: Int = 28, imageChannels: Int = 1, border: Int = 0, zSize: Int = 100, batchNormEpsilon: Double = 0.8
  ) {
    (self.resolution, self.imageChannels, self.border) = (resolution, imageChannels, border)
    (self.zSize, self.batchNormEpsilon) = (zSize, batchNormEpsilon)
  }

  /// Sizes of G's layers: z with labels, hidden layers, pixels.
  var generatorWidths: [Int] { [zSize + labelSize, 128, 256, 512, 1024, pixels] }
  /// Sizes of D's layers: pixels with labels, hidden layers, the score.
  var discriminatorWidths: [Int] { [pixels + labelSize, 512, 256, 1] }
  private var pixels: Int { imageChannels * resolution * resolution }

  /// Checks every field.
  public func validate() throws(ConfigurationError) {
    try require((4...256).contains(resolution), .resolution, resolution, "4 to 256")
    try require([1, 3, 4].contains(imageChannels), .imageChannels, imageChannels, "1, 3 or 4")
    try require((0...64).contains(border), "border", border, "0 to 64")
    try require((1...8192).contains(zSize), "zSize", zSize, "1 to 8192")
    try require(
      batchNormEpsilon > 0 && batchNormEpsilon <= 10, "batchNormEpsilon", batchNormEpsilon, "above 0 and at most 10")
    try requireLabelSize()
  }

  /// The values of all of D's layers for one image.
  public func activationCount(at resolution: Int) -> Int { discriminatorWidths.reduce(0, +) }

  /// Latents and layers.
  public var summary: [String] {
    [
      "generator " + generatorWidths.map(String.init).joined(separator: "–")
        + ", batch normalization ε \(batchNormEpsilon)",
      "discriminator " + discriminatorWidths.map(String.init).joined(separator: "–"),
    ] + (labelSize > 0 ? ["\(labelSize) labels"] : [])
  }

  // MARK: Files

  /// Reads a configuration. Old files lack the label size.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      resolution: try integer(.resolution), imageChannels: try integer(.imageChannels), border: try integer(.border),
      zSize: try integer(.zSize), batchNormEpsilon: try values.decode(Double.self, forKey: .batchNormEpsilon))
    labelSize = try values.decode(.labelSize, or: 0)
    premultiplied = try values.decodeIfPresent(Bool.self, forKey: .premultiplied)
  }

  // MARK: Networks

  /// A generator with fresh weights.
  public func makeGenerator(seed: UInt64, device: Device) -> any Generator {
    GANGenerator(self, seed: seed, device: device)
  }

  /// A discriminator with fresh weights.
  public func makeDiscriminator(seed: UInt64, device: Device) -> any Discriminator {
    GANDiscriminator(self, seed: seed, device: device)
  }
}
