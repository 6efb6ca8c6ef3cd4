import Torch

/// One resolution of Progressive GAN's generator: two convolutions, each with bias, leaky ReLU and pixel norm.
///
/// At 4×4 the first is a dense layer from z (a 4×4 convolution of one pixel); at higher resolutions, it follows
/// upsampling. PGGAN Table 2.
public struct PGGANGeneratorBlock {
  /// The resolution r.
  public let resolution: Int
  /// z with labels, `[N, zSize + labelSize]` → `[N, C·16]`; nil above 4×4.
  public let dense: EqualizedLinear?
  /// 3×3 convolution after the upsampling; nil at 4×4.
  public let conv0: EqualizedConv2d?
  /// 3×3 convolution.
  public let conv1: EqualizedConv2d
  /// 1×1 convolution to image channels, gain 1, with its bias.
  public let toRGB: EqualizedConv2d
  let toRGBBias: Parameter
  let activation0, activation1: BiasActivation

  init(_ scope: Scope, resolution: Int, _ configuration: PGGANConfiguration) {
    let channels = configuration.channels(at: resolution)
    self.resolution = resolution
    dense =
      resolution == 4
      ? EqualizedLinear(
        scope / "dense", inputs: configuration.zSize + configuration.labelSize, outputs: channels * 16,
        gain: configuration.denseGain, bias: false)
      : nil
    conv0 =
      resolution == 4
      ? nil : EqualizedConv2d(scope / "conv0", inputs: configuration.channels(at: resolution / 2), outputs: channels)
    activation0 = BiasActivation(scope / "conv0", channels: channels)
    conv1 = EqualizedConv2d(scope / "conv1", inputs: channels, outputs: channels)
    activation1 = BiasActivation(scope / "conv1", channels: channels)
    toRGB = EqualizedConv2d(
      scope / "to_rgb", inputs: channels, outputs: configuration.imageChannels, kernel: 1, gain: 1)
    toRGBBias = (scope / "to_rgb").parameter("bias", [configuration.imageChannels], .constant(0))
  }

  /// Applies the block.
  /// - Parameter x: normalized z and labels, `[N, zSize + labelSize]`, at 4×4; else features of the resolution below, `[N, C', r/2, r/2]`.
  /// - Returns: features `[N, C, r, r]`.
  public func callAsFunction(_ x: Tensor, _ compute: Compute = .default) -> Tensor {
    let start =
      dense.map { compute.activations($0(x).reshaped([x.size(0), -1, 4, 4])) } ?? conv0!(x.upsampledNearest(), compute)
    let y = normalized(activation0(start, compute))
    return normalized(activation1(conv1(y, compute), compute))
  }

  private func normalized(_ x: Tensor) -> Tensor { pixelNorm(x.to(.float32)).to(x.dtype) }

  /// Converts features to an image, `[N, imageChannels, r, r]`, float32, nominally −1…1.
  func image(_ x: Tensor, _ compute: Compute) -> Tensor {
    toRGB(x, compute).to(.float32) + toRGBBias.value.reshaped([1, -1, 1, 1])
  }
}

/// Progressive GAN's generator (Karras et al. 2018, Table 2, Fig. 2).
///
/// With labels y the input is PixelNorm([z, y]), as in the published program. Its D learns to classify (AC-GAN); here D's
/// score is a projection, see ``ProgressiveDiscriminatorEpilogue``.
public final class PGGANGenerator: Generator {
  /// The architecture.
  public let configuration: PGGANConfiguration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// One block per resolution, from 4×4.
  public let blocks: [PGGANGeneratorBlock]

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: PGGANConfiguration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    blocks = configuration.resolutions.map { PGGANGeneratorBlock(store.root / "b\($0)", resolution: $0, configuration) }
  }

  /// Its configuration.
  public var architecture: any NetworkConfiguration { configuration }

  /// Draws images.
  /// - Parameters:
  ///   - z: `[N, zSize]`; it is scaled to the hypersphere first, together with the labels.
  ///   - condition: one for each latent; nil for a network without labels.
  ///   - growth: at alpha < 1, the upsampled image of the previous block is blended in.
  /// - Returns: `[N, imageChannels, r, r]`, float32, linear, nominally −1…1, r = growth.resolution.
  public func callAsFunction(
    _ z: Tensor, condition: Condition? = nil, growth: Growth, _ compute: Compute = .default
  ) -> Tensor {
    var x = pixelNorm(Condition.appended(condition, to: z, labelSize: configuration.labelSize))
    var old: Tensor?
    for block in blocks {
      x = block(x, compute)
      if block.resolution == growth.resolution {
        let new = block.image(x, compute)
        return old.map { $0.lerp(to: new, growth.alpha) } ?? new
      }
      if block.resolution * 2 == growth.resolution && growth.alpha < 1 {
        old = block.image(x, compute).upsampledNearest()
      }
    }
    preconditionFailure("a growth of \(growth.resolution) for a network of \(configuration.resolution)")
  }

  /// Images for latents, without gradients.
  public func images(
    _ z: Tensor, condition: Condition? = nil, truncation: Truncation = .none, noise: NoiseMode = .none,
    growth: Growth? = nil, _ compute: Compute = .default
  ) -> Tensor { withoutGradients { self(z, condition: condition, growth: growth ?? configuration.grown, compute) } }

  /// The fakes of a training step, differentiable.
  public func trainingImages(_ sample: TrainingSample, growth: Growth, updatingAverage: Bool, _ compute: Compute)
    -> Tensor
  { self(sample.z, condition: sample.condition, growth: growth, compute) }
}
