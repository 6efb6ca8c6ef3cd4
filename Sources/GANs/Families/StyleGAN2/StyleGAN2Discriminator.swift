import Torch

/// One resolution of the residual discriminator (Fig. 7c): two convolutions, of which the second downsamples, plus a
/// skip connection (filtered downsampling and a 1×1 convolution). The sum is divided by √2.
public struct StyleGAN2DiscriminatorBlock {
  /// 3×3 convolutions.
  public let conv0, conv1: EqualizedConv2d
  /// 1×1, without bias or activation.
  public let skip: EqualizedConv2d
  let activation0, activation1: BiasActivation

  /// - Parameter inputGain: the gain of the previous layer's activation; it is applied here.
  init(_ scope: Scope, inputs: Int, outputs: Int, inputGain: Double) {
    conv0 = EqualizedConv2d(scope / "conv0", inputs: inputs, outputs: inputs, gain: inputGain)
    activation0 = BiasActivation(scope / "conv0", channels: inputs)
    conv1 = EqualizedConv2d(scope / "conv1", inputs: inputs, outputs: outputs, resampling: .down)
    activation1 = BiasActivation(scope / "conv1", channels: outputs)
    skip = EqualizedConv2d(
      scope / "skip", inputs: inputs, outputs: outputs, kernel: 1, gain: inputGain * 0.5.squareRoot())
  }

  /// `[N, C, r, r]` → `[N, C', r/2, r/2]`. The √2 of the second activation and the √½ of the sum cancel.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let x = compute.activations(x)
    let y = conv1(conv0(x, then: activation0, compute).bordered(byPixels: 2), then: activation1, compute)
    return y.bordered(byPixels: -1) + skip(filteredHalf(x, compute), compute)
  }
}

/// The residual discriminator of StyleGAN2, configuration F (Karras et al. 2020, Fig. 7c). The √2 after each leaky ReLU
/// is multiplied into the weights of the next layer.
///
/// With labels the last layer gives C₄ features h, and the score is their projection h·c/√C₄ on the mapped labels c (Miyato
/// & Koyama 2018).
public final class StyleGAN2Discriminator: Discriminator {
  /// The architecture.
  public let configuration: StyleGAN2Configuration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// 1×1, images to features.
  public let fromRGB: EqualizedConv2d
  /// From the images' resolution down to 8×8.
  public let blocks: [StyleGAN2DiscriminatorBlock]
  /// 3×3, over the features of 4×4 and the minibatch's standard deviation.
  public let conv: EqualizedConv2d
  /// `[N, C₄·16]` (channel-major) → `[N, C₄]`, and to `[N, 1]`, with labels `[N, C₄]`.
  public let dense0, dense1: EqualizedLinear
  /// Labels to c, `[N, C₄]`; nil without labels.
  public let mapping: StyleGAN2MappingNetwork?
  private let fromRGBActivation, activation: BiasActivation

  /// A discriminator with fresh weights fixed by `seed`.
  public init(_ configuration: StyleGAN2Configuration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    let (top, last) = (configuration.channels(at: configuration.resolution), configuration.channels(at: 4))
    fromRGB = EqualizedConv2d(
      store.root / "from_rgb", inputs: configuration.imageChannels, outputs: top, kernel: 1, gain: 1)
    fromRGBActivation = BiasActivation(store.root / "from_rgb", channels: top)
    blocks = configuration.blockResolutions.dropFirst().reversed().map { r in
      StyleGAN2DiscriminatorBlock(
        store.root / "b\(r)", inputs: configuration.channels(at: r), outputs: configuration.channels(at: r / 2),
        inputGain: r == configuration.resolution ? leakyReLUGain : 1)
    }
    let scope = store.root / "b4"
    conv = EqualizedConv2d(scope / "conv", inputs: last + 1, outputs: last, gain: 1)
    activation = BiasActivation(scope / "conv", channels: last)
    dense0 = EqualizedLinear(scope / "dense0", inputs: last * 16, outputs: last)
    dense1 = EqualizedLinear(scope / "dense1", inputs: last, outputs: configuration.labelSize > 0 ? last : 1)
    mapping =
      configuration.labelSize > 0
      ? StyleGAN2MappingNetwork(
        store.root / "mapping", zSize: 0, outputs: last, depth: configuration.labelMappingLayers, configuration) : nil
  }

  /// Scores images: high means real.
  /// - Parameters:
  ///   - images: `[N, imageChannels, r, r]`, −1…1.
  ///   - condition: one for each image; nil for networks without labels.
  /// - Returns: `[N, 1]`, float32, logits.
  public func callAsFunction(
    _ images: Tensor, condition: Condition? = nil, growth: Growth, _ compute: Compute = .default
  ) -> Tensor {
    precondition(
      images.size(3) == configuration.resolution, "images of \(images.size(3)), not \(configuration.resolution)")
    let features = blocks.reduce(fromRGB(images, then: fromRGBActivation, compute)) { $1($0, compute) }
    let withDeviation = appendingMinibatchStandardDeviation(features, groupSize: configuration.minibatchGroup)
    let y = conv(withDeviation, then: activation, compute)
    let flat = y.to(.float32).laidOut(.contiguous).reshaped([images.size(0), -1])
    let h = dense1(dense0(flat).leakyReLU(slope: 0.2))
    guard let mapping else { return h }
    let c = mapping(nil, condition: condition, count: images.size(0))
    return (h * c).sum(over: [1], keepingDimensions: true) / Double(h.size(1)).squareRoot()
  }
}
