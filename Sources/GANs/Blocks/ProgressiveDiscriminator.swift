import Torch

/// Turns images into features at one resolution: a 1×1 convolution with bias and leaky ReLU.
public struct FromRGB {
  /// `[C, imageChannels, 1, 1]`
  public let conv: EqualizedConv2d
  let activation: BiasActivation

  init(_ scope: Scope, imageChannels: Int, channels: Int) {
    conv = EqualizedConv2d(scope, inputs: imageChannels, outputs: channels, kernel: 1)
    activation = BiasActivation(scope, channels: channels)
  }

  /// Images `[N, imageChannels, r, r]` → features `[N, C, r, r]`.
  public func callAsFunction(_ images: Tensor, _ compute: Compute = .default) -> Tensor {
    conv(images, then: activation, compute)
  }
}

/// One resolution of the discriminator: two 3×3 convolutions, then downsampling.
public struct ProgressiveDiscriminatorBlock {
  /// The resolution r.
  public let resolution: Int
  /// The entry for images of this resolution.
  public let fromRGB: FromRGB
  /// 3×3 convolutions; the second downsamples with a filter where ``ProgressiveArchitecture/blur`` is true.
  public let conv0, conv1: EqualizedConv2d
  let activation0, activation1: BiasActivation
  private let blur: Bool

  init(_ scope: Scope, resolution: Int, _ configuration: some ProgressiveArchitecture) {
    let (inputs, outputs) = (configuration.channels(at: resolution), configuration.channels(at: resolution / 2))
    self.resolution = resolution
    blur = configuration.blur
    fromRGB = FromRGB(scope / "from_rgb", imageChannels: configuration.imageChannels, channels: inputs)
    conv0 = EqualizedConv2d(scope / "conv0", inputs: inputs, outputs: inputs)
    activation0 = BiasActivation(scope / "conv0", channels: inputs)
    conv1 = EqualizedConv2d(scope / "conv1", inputs: inputs, outputs: outputs, resampling: blur ? .down : .none)
    activation1 = BiasActivation(scope / "conv1", channels: outputs)
  }

  /// `[N, C, r, r]` → `[N, C', r/2, r/2]`
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let y = conv1(conv0(x, then: activation0, compute), then: activation1, compute)
    // Progressive GAN averages 2×2 squares after the activation; filtered downsampling is part of the convolution.
    return blur ? y : y.averagePooled()
  }
}

/// The end of the discriminator, at 4×4: minibatch standard deviation, convolution, two dense layers.
///
/// With labels the last layer gives C₀ features h; the score is their projection h·c/√C₀ on the mapped labels
/// c = PixelNorm(E·labels) (Miyato & Koyama 2018).
public struct ProgressiveDiscriminatorEpilogue {
  /// The entry for images of 4×4.
  public let fromRGB: FromRGB
  /// 3×3 convolution over the features and the minibatch statistic.
  public let conv: EqualizedConv2d
  /// `[N, C·16]` (channel-major) → `[N, C₀]`, as a 4×4 convolution; then → `[N, 1]`, with labels `[N, C₀]`, gain 1.
  public let dense0, dense1: EqualizedLinear
  /// E: `[N, labelSize]` → `[N, C₀]`; nil without labels.
  public let embedding: EqualizedLinear?
  let activation: BiasActivation
  let group: Int

  init(_ scope: Scope, _ configuration: some ProgressiveArchitecture) {
    let (channels, hidden) = (configuration.channels(at: 4), configuration.channels(stage: 0))
    fromRGB = FromRGB(scope / "from_rgb", imageChannels: configuration.imageChannels, channels: channels)
    conv = EqualizedConv2d(scope / "conv", inputs: channels + 1, outputs: channels)
    activation = BiasActivation(scope / "conv", channels: channels)
    dense0 = EqualizedLinear(scope / "dense0", inputs: channels * 16, outputs: hidden)
    let labels = configuration.labelSize
    dense1 = EqualizedLinear(scope / "dense1", inputs: hidden, outputs: labels > 0 ? hidden : 1, gain: 1)
    embedding =
      labels > 0 ? EqualizedLinear(scope / "embedding", inputs: labels, outputs: hidden, gain: 1, bias: false) : nil
    group = configuration.minibatchGroup
  }

  /// `[N, C, 4, 4]` → scores `[N, 1]`, float32.
  public func callAsFunction(_ x: Tensor, condition: Condition?, _ compute: Compute = .default) -> Tensor {
    let y = conv(appendingMinibatchStandardDeviation(x, groupSize: group), then: activation, compute)
    let flat = y.to(.float32).laidOut(.contiguous).reshaped([x.size(0), -1])
    let h = dense1(dense0(flat).leakyReLU(slope: 0.2))
    guard let embedding else { return h }
    guard let condition, condition.count == x.size(0) else {
      preconditionFailure("a conditional discriminator needs labels for each of \(x.size(0)) images")
    }
    let c = pixelNorm(embedding(condition.vectors))
    return (h * c).sum(over: [1], keepingDimensions: true) / Double(h.size(1)).squareRoot()
  }
}

/// The growing discriminator of PGGAN Table 2 and StyleGAN §2; with the filters of StyleGAN Table 1, B where
/// ``ProgressiveArchitecture/blur`` is true.
public final class ProgressiveDiscriminator<Architecture: ProgressiveArchitecture>: Discriminator {
  /// The architecture.
  public let configuration: Architecture
  /// Every parameter, by name.
  public let store: ParameterStore
  /// From the highest resolution down to 8×8.
  public let blocks: [ProgressiveDiscriminatorBlock]
  /// 4×4 and the score.
  public let epilogue: ProgressiveDiscriminatorEpilogue

  /// A discriminator with fresh weights fixed by `seed`.
  public init(_ configuration: Architecture, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    blocks = configuration.resolutions.dropFirst().reversed().map {
      ProgressiveDiscriminatorBlock(store.root / "b\($0)", resolution: $0, configuration)
    }
    epilogue = ProgressiveDiscriminatorEpilogue(store.root / "b4", configuration)
  }

  /// Scores images: high means real.
  /// - Parameters:
  ///   - images: `[N, imageChannels, r, r]`, −1…1, r = growth.resolution.
  ///   - condition: one for each image; nil for networks without labels.
  ///   - growth: at alpha < 1, features of the half-size image are blended in after the first block.
  /// - Returns: `[N, 1]`, float32, logits.
  public func callAsFunction(
    _ images: Tensor, condition: Condition? = nil, growth: Growth, _ compute: Compute = .default
  ) -> Tensor {
    precondition(
      images.size(3) == growth.resolution, "images of \(images.size(3)) for a growth of \(growth.resolution)")
    let active = blocks.drop { $0.resolution > growth.resolution }
    guard let top = active.first else {
      return epilogue(epilogue.fromRGB(images, compute), condition: condition, compute)
    }
    var x = top(top.fromRGB(images, compute), compute)
    if growth.alpha < 1 {
      let below = active.dropFirst().first?.fromRGB ?? epilogue.fromRGB
      x = below(images.averagePooled(), compute).lerp(to: x, growth.alpha)
    }
    for block in active.dropFirst() { x = block(x, compute) }
    return epilogue(x, condition: condition, compute)
  }
}
