import Torch

/// One resolution of Progressive GAN's discriminator: two 3×3 convolutions, then the mean of 2×2 squares.
public struct PGGANDiscriminatorBlock {
  /// The resolution r.
  public let resolution: Int
  /// 1×1 convolution from image channels, for images of this resolution.
  public let fromRGB: EqualizedConv2d
  /// 3×3 convolutions.
  public let conv0, conv1: EqualizedConv2d
  let fromRGBActivation, activation0, activation1: BiasActivation

  init(_ scope: Scope, resolution: Int, _ configuration: PGGANConfiguration) {
    let (inputs, outputs) = (configuration.channels(at: resolution), configuration.channels(at: resolution / 2))
    self.resolution = resolution
    fromRGB = EqualizedConv2d(scope / "from_rgb", inputs: configuration.imageChannels, outputs: inputs, kernel: 1)
    fromRGBActivation = BiasActivation(scope / "from_rgb", channels: inputs)
    conv0 = EqualizedConv2d(scope / "conv0", inputs: inputs, outputs: inputs)
    activation0 = BiasActivation(scope / "conv0", channels: inputs)
    conv1 = EqualizedConv2d(scope / "conv1", inputs: inputs, outputs: outputs)
    activation1 = BiasActivation(scope / "conv1", channels: outputs)
  }

  /// Features `[N, C, r, r]` of images `[N, imageChannels, r, r]`.
  func features(of images: Tensor, _ compute: Compute) -> Tensor {
    fromRGBActivation(fromRGB(images, compute), compute)
  }

  /// `[N, C, r, r]` → `[N, C', r/2, r/2]`
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    activation1(conv1(activation0(conv0(x, compute), compute), compute), compute).averagePooled()
  }
}

/// The end of the discriminator, at 4×4: minibatch standard deviation, convolution, two dense layers.
public struct PGGANDiscriminatorEpilogue {
  /// 1×1 convolution from image channels, for images of 4×4.
  public let fromRGB: EqualizedConv2d
  /// 3×3 convolution over features and the one statistic.
  public let conv: EqualizedConv2d
  /// `[N, C·16]` (channel-major) → `[N, C₀]`, a 4×4 convolution; and to `[N, 1]`, gain 1.
  public let dense0, dense1: EqualizedLinear
  let fromRGBActivation, activation: BiasActivation
  let group: Int

  init(_ scope: Scope, _ configuration: PGGANConfiguration) {
    let (channels, hidden) = (configuration.channels(at: 4), configuration.channels(stage: 0))
    fromRGB = EqualizedConv2d(scope / "from_rgb", inputs: configuration.imageChannels, outputs: channels, kernel: 1)
    fromRGBActivation = BiasActivation(scope / "from_rgb", channels: channels)
    conv = EqualizedConv2d(scope / "conv", inputs: channels + 1, outputs: channels)
    activation = BiasActivation(scope / "conv", channels: channels)
    dense0 = EqualizedLinear(scope / "dense0", inputs: channels * 16, outputs: hidden)
    dense1 = EqualizedLinear(scope / "dense1", inputs: hidden, outputs: 1, gain: 1)
    group = configuration.minibatchGroup
  }

  /// Features `[N, C, 4, 4]` of images `[N, imageChannels, 4, 4]`.
  func features(of images: Tensor, _ compute: Compute) -> Tensor {
    fromRGBActivation(fromRGB(images, compute), compute)
  }

  /// `[N, C, 4, 4]` → scores `[N, 1]`, float32.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let y = activation(conv(appendingMinibatchStandardDeviation(x, groupSize: group), compute), compute)
    let flat = y.to(.float32).laidOut(.contiguous).reshaped([x.size(0), -1])
    return dense1(dense0(flat).leakyReLU(slope: 0.2))
  }
}

/// Progressive GAN's discriminator (Karras et al. 2018, Table 2).
public final class PGGANDiscriminator: Discriminator {
  /// The architecture.
  public let configuration: PGGANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// From the highest resolution down to 8×8.
  public let blocks: [PGGANDiscriminatorBlock]
  /// 4×4 and the score.
  public let epilogue: PGGANDiscriminatorEpilogue

  /// A discriminator with fresh weights fixed by `seed`.
  public init(_ configuration: PGGANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    blocks = configuration.resolutions.dropFirst().reversed().map {
      PGGANDiscriminatorBlock(store.root / "b\($0)", resolution: $0, configuration)
    }
    epilogue = PGGANDiscriminatorEpilogue(store.root / "b4", configuration)
  }

  /// Scores images: high means real.
  /// - Parameters:
  ///   - images: `[N, imageChannels, r, r]`, −1…1, r = growth.resolution.
  ///   - growth: at alpha < 1, features of the half-size image are mixed in after the first block.
  /// - Returns: `[N, 1]`, float32.
  public func callAsFunction(_ images: Tensor, growth: Growth, _ compute: Compute = .default) -> Tensor {
    let active = blocks.drop { $0.resolution > growth.resolution }
    guard let top = active.first else { return epilogue(epilogue.features(of: images, compute), compute) }
    var x = top(top.features(of: images, compute), compute)
    if growth.alpha < 1 {
      let small = images.averagePooled()
      let old =
        active.dropFirst().first.map { $0.features(of: small, compute) } ?? epilogue.features(of: small, compute)
      x = old.lerp(to: x, growth.alpha)
    }
    for block in active.dropFirst() { x = block(x, compute) }
    return epilogue(x, compute)
  }
}
