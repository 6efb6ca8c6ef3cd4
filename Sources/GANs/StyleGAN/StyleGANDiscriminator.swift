import Torch

/// One resolution of the discriminator: two 3×3 convolutions, the second of which halves the resolution.
public struct DiscriminatorBlock {
  /// The resolution r.
  public let resolution: Int
  /// 1×1 convolution from image channels, for images of this resolution.
  public let fromRGB: EqualizedConv2d
  let fromRGBActivation: BiasActivation
  /// 3×3 convolution.
  public let conv0: EqualizedConv2d
  let activation0: BiasActivation
  /// Downsampling 3×3 convolution.
  public let conv1: EqualizedConv2d
  let activation1: BiasActivation
  private let blur: Bool

  init(_ scope: Scope, resolution: Int, _ configuration: StyleGANConfiguration) {
    let (inputs, outputs) = (configuration.channels(at: resolution), configuration.channels(at: resolution / 2))
    self.resolution = resolution
    fromRGB = EqualizedConv2d(scope / "from_rgb", inputs: configuration.imageChannels, outputs: inputs, kernel: 1)
    fromRGBActivation = BiasActivation(scope / "from_rgb", channels: inputs)
    conv0 = EqualizedConv2d(scope / "conv0", inputs: inputs, outputs: inputs)
    activation0 = BiasActivation(scope / "conv0", channels: inputs)
    conv1 = EqualizedConv2d(
      scope / "conv1", inputs: inputs, outputs: outputs, resampling: configuration.blur ? .down : .none)
    activation1 = BiasActivation(scope / "conv1", channels: outputs)
    blur = configuration.blur
  }

  /// Features `[N, C, r, r]` of images `[N, imageChannels, r, r]`.
  func features(of images: Tensor, _ compute: Compute) -> Tensor {
    fromRGBActivation(fromRGB(images, compute), compute)
  }

  /// `[N, C, r, r]` → `[N, C', r/2, r/2]`
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let y = activation1(conv1(activation0(conv0(x, compute), compute), compute), compute)
    // Without filtered resampling as in Progressive GAN: the mean of 2×2 squares after the activation.
    return blur ? y : y.averagePooled()
  }
}

/// The end of the discriminator, at 4×4: minibatch standard deviation, convolution, two dense layers.
public struct DiscriminatorEpilogue {
  /// 1×1 convolution from image channels, for images of 4×4.
  public let fromRGB: EqualizedConv2d
  let fromRGBActivation: BiasActivation
  /// 3×3 convolution over features and the one statistic.
  public let conv: EqualizedConv2d
  let activation: BiasActivation
  /// `[N, C·16]` (channel-major) → `[N, C₀]`
  public let dense0: EqualizedLinear
  /// `[N, C₀]` → `[N, 1]`, gain 1.
  public let dense1: EqualizedLinear
  let group: Int

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
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

/// The discriminator of Progressive GAN and StyleGAN (PGGAN Table 2; StyleGAN §2 keeps it).
public final class StyleGANDiscriminator: Discriminator {
  /// The architecture.
  public let configuration: StyleGANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// From the highest resolution down to 8×8.
  public let blocks: [DiscriminatorBlock]
  /// 4×4 and the score.
  public let epilogue: DiscriminatorEpilogue

  /// A discriminator with fresh weights fixed by `seed`.
  public init(_ configuration: StyleGANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    blocks = configuration.resolutions.dropFirst().reversed().map {
      DiscriminatorBlock(store.root / "b\($0)", resolution: $0, configuration)
    }
    epilogue = DiscriminatorEpilogue(store.root / "b4", configuration)
  }

  /// Scores images: high means real.
  /// - Parameters:
  ///   - images: `[N, imageChannels, r, r]`, −1…1, r = growth.resolution.
  ///   - growth: at alpha < 1, features of the half-size image are mixed in after the first block.
  /// - Returns: `[N, 1]`, float32, logits.
  public func callAsFunction(_ images: Tensor, growth: Growth, _ compute: Compute = .default) -> Tensor {
    precondition(
      images.size(3) == growth.resolution, "images of \(images.size(3)) for a growth of \(growth.resolution)")
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
