import Torch

/// Where the noise inputs of the synthesis network come from.
public enum NoiseMode {
  /// Fresh N(0, 1) images from a stream: training, stochastic variation.
  case random(RandomStream)
  /// The images stored in the network: the same picture every time.
  case constant
  /// No noise.
  case none
  /// One image `[N or 1, 1, r, r]` a layer, or nil for a layer without.
  case given([Tensor?])
}

/// One resolution of the synthesis network g (StyleGAN Fig. 1b): upsample, then two styled convolutions.
///
/// The block of 4×4 has the learned constant in place of its first convolution; in the generators that came before it
/// (Table 1, A to C), a dense layer from w.
public struct SynthesisBlock {
  /// The resolution r.
  public let resolution: Int
  /// The learned constant, `[1, C, 4, 4]`, starting at 1; only at 4×4.
  public let constant: Parameter?
  /// In its place: w, `[N, wSize]` → `[N, C·16]`.
  public let dense: EqualizedLinear?
  /// Upsampling 3×3 convolution; not at 4×4.
  public let conv0: EqualizedConv2d?
  /// 3×3 convolution.
  public let conv1: EqualizedConv2d
  /// Noise, bias, leaky ReLU and AdaIN after the first and the second convolution.
  public let style0, style1: StyleEpilogue
  /// 1×1 convolution to image channels, gain 1, with its bias.
  public let toRGB: EqualizedConv2d
  let toRGBBias: Parameter
  private let blur: Bool

  init(_ scope: Scope, resolution: Int, _ configuration: StyleGANConfiguration) {
    let outputs = configuration.channels(at: resolution)
    func style(_ name: String) -> StyleEpilogue {
      StyleEpilogue(
        scope / name, channels: outputs, resolution: resolution, latentSize: configuration.wSize,
        noise: configuration.noise, styled: configuration.styles)
    }
    self.resolution = resolution
    blur = configuration.blur
    let isFirst = resolution == 4
    constant =
      isFirst && configuration.constantInput ? scope.parameter("constant", [1, outputs, 4, 4], .constant(1)) : nil
    dense =
      isFirst && !configuration.constantInput
      ? EqualizedLinear(scope / "dense", inputs: configuration.wSize, outputs: outputs * 16, bias: false) : nil
    conv0 =
      isFirst
      ? nil
      : EqualizedConv2d(
        scope / "conv0", inputs: configuration.channels(at: resolution / 2), outputs: outputs,
        resampling: blur ? .up : .none)
    style0 = style("style0")
    conv1 = EqualizedConv2d(scope / "conv1", inputs: outputs, outputs: outputs)
    style1 = style("style1")
    toRGB = EqualizedConv2d(
      scope / "to_rgb", inputs: outputs, outputs: configuration.imageChannels, kernel: 1, gain: 1)
    toRGBBias = (scope / "to_rgb").parameter("bias", [configuration.imageChannels], .constant(0))
  }

  /// Applies the block.
  /// - Parameters:
  ///   - x: features of the resolution below, `[N, C', r/2, r/2]`; nil at 4×4.
  ///   - w: this block's two intermediate latents, each `[N, wSize]`.
  ///   - noise: its two noise images, each `[N or 1, 1, r, r]`.
  /// - Returns: features `[N, C, r, r]`.
  public func callAsFunction(
    _ x: Tensor?, w: (Tensor, Tensor), noise: (Tensor?, Tensor?), _ compute: Compute = .default
  ) -> Tensor {
    let start: Tensor
    if let conv0 {
      start = conv0.withoutBlur(compute.activations(blur ? x! : x!.upsampledNearest()), compute)
    } else if let dense {
      start = compute.activations(dense(w.0).reshaped([w.0.size(0), -1, 4, 4]))
    } else {
      start = compute.activations(constant!.value.expanded([w.0.size(0), -1, -1, -1]))
    }
    let coarse = style0(
      start, w: w.0, noise: noise.0, blurred: conv0 != nil && blur, consuming: conv0 != nil, compute)
    return style1(coarse, after: conv1, w: w.1, noise: noise.1, compute)
  }

  /// The image these features stand for, `[N, imageChannels, r, r]`, float32, nominally −1…1.
  func image(_ x: Tensor, _ compute: Compute) -> Tensor {
    toRGB(x, compute).to(.float32) + toRGBBias.value.reshaped([1, -1, 1, 1])
  }
}

/// g: W → images, the synthesis network of the style-based generator (StyleGAN §2, Fig. 1b).
public struct SynthesisNetwork {
  /// One block a resolution, from 4×4.
  public let blocks: [SynthesisBlock]

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
    blocks = configuration.resolutions.map { SynthesisBlock(scope / "b\($0)", resolution: $0, configuration) }
  }

  /// Draws images.
  /// - Parameters:
  ///   - ws: one w a layer, `[N, L, wSize]`.
  ///   - noise: where the noise inputs come from.
  ///   - growth: how far the network has grown: at alpha < 1, the upsampled image of the block before is mixed in.
  ///   - eachBlock: told the features `[N, C, r, r]` of every block.
  /// - Returns: `[N, imageChannels, r, r]`, float32, linear, nominally −1…1, r = growth.resolution.
  public func callAsFunction(
    _ ws: Tensor, noise: NoiseMode, growth: Growth, _ compute: Compute = .default,
    eachBlock: (SynthesisBlock, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    var x: Tensor?
    var image: Tensor?
    for (i, block) in blocks.prefix(while: { $0.resolution <= growth.resolution }).enumerated() {
      func noiseImage(_ layer: Int, _ style: StyleEpilogue) -> Tensor? {
        switch noise {
        case .none: nil
        case .constant: style.noise?.value
        case .given(let images): images[layer]
        case .random(let stream):
          stream.normal([ws.size(0), 1, block.resolution, block.resolution]).to(ws.device)
        }
      }
      let y = block(
        x, w: (ws.selected(2 * i, along: 1), ws.selected(2 * i + 1, along: 1)),
        noise: (noiseImage(2 * i, block.style0), noiseImage(2 * i + 1, block.style1)), compute)
      eachBlock(block, y)
      if block.resolution == growth.resolution {
        let new = block.image(y, compute)
        image = image.map { $0.lerp(to: new, growth.alpha) } ?? new
      } else if block.resolution * 2 == growth.resolution && growth.alpha < 1 {
        image = block.image(y, compute).upsampledNearest()
      }
      x = y
    }
    return image!
  }
}
