import Torch

/// The input of g at 4×4: a learned constant (StyleGAN Table 1, D) or a dense layer from w, then the first epilogue.
public struct SynthesisInput {
  /// The source of the first features.
  public enum Start {
    /// `[1, C, 4, 4]`, starting at 1.
    case constant(Parameter)
    /// w, `[N, wSize]` → `[N, C·16]`.
    case dense(EqualizedLinear)
  }

  /// The source of the first features.
  public let start: Start
  /// Noise, bias, leaky ReLU and AdaIN.
  public let style0: StyleEpilogue

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
    let channels = configuration.channels(at: 4)
    start =
      configuration.constantInput
      ? .constant(scope.parameter("constant", [1, channels, 4, 4], .constant(1)))
      : .dense(
        EqualizedLinear(
          scope / "dense", inputs: configuration.wSize, outputs: channels * 16, gain: configuration.denseGain,
          bias: false))
    style0 = StyleEpilogue(
      scope / "style0", channels: channels, resolution: 4, latentSize: configuration.wSize, noise: configuration.noise,
      styled: configuration.styles)
  }

  /// Features for w, `[N, wSize]`: `[N, C, 4, 4]`.
  public func callAsFunction(w: Tensor, noise: Tensor?, _ compute: Compute = .default) -> Tensor {
    let features =
      switch start {
      case .constant(let constant): constant.value.expanded([w.size(0), -1, -1, -1])
      case .dense(let dense): dense(w).reshaped([w.size(0), -1, 4, 4])
      }
    return style0(compute.activations(features), w: w, noise: noise, compute)
  }
}

/// One resolution r = 4…1024 of the synthesis network g (StyleGAN Fig. 1b): upsample, then two styled convolutions.
///
/// The 4×4 block has one convolution; its features come from ``SynthesisInput``.
public struct SynthesisBlock {
  /// The resolution r.
  public let resolution: Int
  /// 3×3 convolution from the resolution below; nil at 4×4.
  public let conv0: StyledConvolution?
  /// 3×3 convolution.
  public let conv1: StyledConvolution
  /// 1×1 convolution to image channels, gain 1, with its bias.
  public let toRGB: EqualizedConv2d
  let toRGBBias: Parameter

  init(_ scope: Scope, resolution: Int, _ configuration: StyleGANConfiguration) {
    let outputs = configuration.channels(at: resolution)
    func styled(_ index: Int, _ inputs: Int, _ resampling: Resampling = .none) -> StyledConvolution {
      StyledConvolution(
        scope, index, inputs: inputs, outputs: outputs, resolution: resolution, latentSize: configuration.wSize,
        noise: configuration.noise, styled: configuration.styles, resampling: resampling)
    }
    self.resolution = resolution
    conv0 =
      resolution == 4 ? nil : styled(0, configuration.channels(at: resolution / 2), configuration.blur ? .up : .none)
    conv1 = styled(1, outputs)
    toRGB = EqualizedConv2d(scope / "to_rgb", inputs: outputs, outputs: configuration.imageChannels, kernel: 1, gain: 1)
    toRGBBias = (scope / "to_rgb").parameter("bias", [configuration.imageChannels], .constant(0))
  }

  /// Applies the block.
  /// - Parameters:
  ///   - x: features of the resolution below, `[N, C', r/2, r/2]`; at 4×4 the features of the input.
  ///   - w: this block's two intermediate latents, each `[N, wSize]`; at 4×4 only the second is used.
  ///   - noise: its two noise images, each `[N or 1, 1, r, r]`.
  /// - Returns: features `[N, C, r, r]`.
  public func callAsFunction(
    _ x: Tensor, w: (Tensor, Tensor), noise: (Tensor?, Tensor?), _ compute: Compute = .default
  ) -> Tensor {
    // A convolution without resampling gets doubled pixels (Table 1, A).
    let coarse = conv0.map {
      $0($0.convolution.resampling == .up ? x : x.upsampledNearest(), w: w.0, noise: noise.0, compute)
    }
    return conv1(coarse ?? x, w: w.1, noise: noise.1, compute)
  }

  /// Converts features to an image, `[N, imageChannels, r, r]`, float32, nominally −1…1.
  func image(_ x: Tensor, _ compute: Compute) -> Tensor {
    toRGB(x, compute).to(.float32) + toRGBBias.value.reshaped([1, -1, 1, 1])
  }
}

/// g: W → images, the synthesis network of the style-based generator (StyleGAN §2, Fig. 1b).
public struct SynthesisNetwork {
  /// The input at 4×4.
  public let input: SynthesisInput
  /// One block per resolution, from 4×4.
  public let blocks: [SynthesisBlock]

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
    input = SynthesisInput(scope / "b4", configuration)
    blocks = configuration.resolutions.map { SynthesisBlock(scope / "b\($0)", resolution: $0, configuration) }
  }

  /// The epilogue of each layer, from the first of 4×4.
  var epilogues: [StyleEpilogue] { blocks.flatMap { [$0.conv0?.epilogue ?? input.style0, $0.conv1.epilogue] } }

  /// Draws images.
  /// - Parameters:
  ///   - ws: one w per layer, `[N, L, wSize]`.
  ///   - noise: the source of the noise inputs.
  ///   - growth: at alpha < 1, the upsampled image of the previous block is blended in.
  ///   - eachBlock: called with the features `[N, C, r, r]` of every block.
  /// - Returns: `[N, imageChannels, r, r]`, float32, linear, nominally −1…1, r = growth.resolution.
  public func callAsFunction(
    _ ws: Tensor, noise: NoiseMode, growth: Growth, _ compute: Compute = .default,
    eachBlock: (SynthesisBlock, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    let stored = epilogues.map { $0.noise?.value }
    func w(_ layer: Int) -> Tensor { ws.selected(layer, along: 1) }
    func noiseImage(_ layer: Int) -> Tensor? { noise.image(layer, stored: stored[layer], count: ws.size(0)) }
    var first = noiseImage(0)
    var x = input(w: w(0), noise: first, compute)
    var image: Tensor?
    for (i, block) in blocks.prefix(while: { $0.resolution <= growth.resolution }).enumerated() {
      if i > 0 { first = noiseImage(2 * i) }
      x = block(x, w: (w(2 * i), w(2 * i + 1)), noise: (first, noiseImage(2 * i + 1)), compute)
      eachBlock(block, x)
      if block.resolution == growth.resolution {
        let new = block.image(x, compute)
        return image.map { $0.lerp(to: new, growth.alpha) } ?? new
      }
      if block.resolution * 2 == growth.resolution && growth.alpha < 1 {
        image = block.image(x, compute).upsampledNearest()
      }
    }
    preconditionFailure("a growth of \(growth.resolution) for a network of \(blocks.last?.resolution ?? 0)")
  }
}
