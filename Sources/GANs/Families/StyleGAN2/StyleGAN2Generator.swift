import Torch

/// A convolution that a style modulates (StyleGAN2 §2.2).
///
/// Modulation: w'ᵢⱼₖ = sᵢ·wᵢⱼₖ (Eq. 1). Demodulation divides by √(Σᵢₖ w'ᵢⱼₖ² + ε) (Eq. 3). Both factors are equal at
/// all pixels, so the input is scaled by s and the output by the demodulation. One ordinary convolution serves the
/// whole batch.
public struct ModulatedConvolution {
  /// A: w → s − 1, `[N, wSize]` → `[N, inputs]`.
  public let affine: EqualizedLinear
  /// The weight w, with upsampling and its filter if the layer upsamples.
  public let convolution: EqualizedConv2d
  let inputGain: Double
  let demodulates: Bool

  /// Makes the weight in `scope` and A in `scope / "affine"`.
  /// - Parameter inputGain: the gain of the previous layer's activation; it is applied here.
  public init(
    _ scope: Scope, inputs: Int, outputs: Int, kernel: Int = 3, wSize: Int, inputGain: Double = leakyReLUGain,
    demodulates: Bool = true, resampling: Resampling = .none
  ) {
    affine = EqualizedLinear(scope / "affine", inputs: wSize, outputs: inputs, gain: 1)
    convolution = EqualizedConv2d(
      scope, inputs: inputs, outputs: outputs, kernel: kernel, gain: 1, resampling: resampling)
    (self.inputGain, self.demodulates) = (inputGain, demodulates)
  }

  /// Applies the layer.
  /// - Parameters:
  ///   - x: `[N or 1, inputs, H, W]`
  ///   - w: `[N, wSize]`
  /// - Returns: `[N, outputs, r, r]` in the precision of the computation, r = H or, upsampling, 2H.
  public func callAsFunction(_ x: Tensor, w: Tensor, _ compute: Compute = .default) -> Tensor {
    let style = affine(w) + 1  // [N I]
    let type = compute.precision.dtype
    let y = convolved(
      compute.activations(x.to(type) * (style * inputGain).to(type).reshaped([w.size(0), -1, 1, 1])), compute)
    guard demodulates else { return y }
    // [O I k k] → [O I], [N I] → [N O], float32
    let squares = convolution.weight.value.squared().sum(over: [2, 3]) * (convolution.scale * convolution.scale)
    let factor = (style.squared().linear(squares) + 1e-8).reciprocalSquareRoot()
    return y * factor.to(type).reshaped([w.size(0), -1, 1, 1])
  }

  private func convolved(_ x: Tensor, _ compute: Compute) -> Tensor {
    if convolution.resampling == .none { return convolution(x, compute) }
    let doubled = convolution.withoutBlur(compute.activations(x.bordered(byPixels: 1)), compute)
    return binomialBlur(doubled, compute).bordered(byPixels: -2)
  }
}

/// One layer of StyleGAN2's synthesis network (Fig. 2d): modulated convolution, noise, bias, leaky ReLU.
///
/// The √2 after leaky ReLU is the next layer's `inputGain`.
public struct StyleGAN2Layer {
  /// 3×3, demodulated.
  public let convolution: ModulatedConvolution
  /// How much noise all features get, `[1]`, starting at 0.
  public let noiseStrength: Parameter
  /// The stored noise image of `.constant` mode, `[1, 1, r, r]`.
  public let noise: Buffer
  let activation: BiasActivation

  init(
    _ scope: Scope, inputs: Int, outputs: Int, resolution: Int, wSize: Int, inputGain: Double = leakyReLUGain,
    resampling: Resampling = .none
  ) {
    convolution = ModulatedConvolution(
      scope, inputs: inputs, outputs: outputs, wSize: wSize, inputGain: inputGain, resampling: resampling)
    noiseStrength = scope.parameter("noise_strength", [1], .constant(0))
    noise = scope.buffer("noise", [1, 1, resolution, resolution], .normal(deviation: 1))
    activation = BiasActivation(scope, channels: outputs)
  }

  /// Applies the layer.
  /// - Parameters:
  ///   - x: `[N or 1, inputs, H, W]`
  ///   - w: `[N, wSize]`
  ///   - noise: `[N or 1, 1, r, r]`; nil for none.
  /// - Returns: `[N, outputs, r, r]`, without the √2 of its activation.
  public func callAsFunction(_ x: Tensor, w: Tensor, noise: Tensor?, _ compute: Compute = .default) -> Tensor {
    let y = convolution(x, w: w, compute)
    return activation(noise.map { y + ($0 * noiseStrength.value).to(y.dtype) } ?? y, compute)
  }
}

/// One resolution r = 4…1024 of StyleGAN2's synthesis network (Fig. 7b): layers, and a to-RGB layer that adds to the
/// image.
public struct StyleGAN2Block {
  /// The resolution r.
  public let resolution: Int
  /// From the resolution below; nil at 4×4.
  public let conv0: StyleGAN2Layer?
  /// The second layer.
  public let conv1: StyleGAN2Layer
  /// Features to the channels of an image: 1×1, modulated, not demodulated.
  public let toRGB: ModulatedConvolution
  let toRGBBias: Parameter

  init(_ scope: Scope, resolution: Int, _ configuration: StyleGAN2Configuration) {
    let (outputs, wSize, isFirst) = (configuration.channels(at: resolution), configuration.wSize, resolution == 4)
    self.resolution = resolution
    conv0 =
      isFirst
      ? nil
      : StyleGAN2Layer(
        scope / "conv0", inputs: configuration.channels(at: resolution / 2), outputs: outputs, resolution: resolution,
        wSize: wSize, resampling: .up)
    conv1 = StyleGAN2Layer(
      scope / "conv1", inputs: outputs, outputs: outputs, resolution: resolution, wSize: wSize,
      inputGain: isFirst ? 1 : leakyReLUGain)
    toRGB = ModulatedConvolution(
      scope / "to_rgb", inputs: outputs, outputs: configuration.imageChannels, kernel: 1, wSize: wSize,
      demodulates: false)
    toRGBBias = (scope / "to_rgb").parameter("bias", [configuration.imageChannels], .constant(0))
  }

  /// The layers of the block in order.
  var layers: [StyleGAN2Layer] { [conv0, conv1].compactMap { $0 } }

  /// The block's contribution to the image, `[N, imageChannels, r, r]`, float32.
  func image(_ x: Tensor, w: Tensor, _ compute: Compute) -> Tensor {
    toRGB(x, w: w, compute).to(.float32) + toRGBBias.value.reshaped([1, -1, 1, 1])
  }
}

/// The generator of StyleGAN2, configuration F (Karras et al. 2020, Fig. 2d and 7b): no AdaIN and no growing; the image
/// is the sum of the to-RGB outputs of all resolutions.
public final class StyleGAN2Generator: StyleBasedGenerator {
  /// The architecture.
  public let configuration: StyleGAN2Configuration
  /// Every parameter, by name.
  public let store: ParameterStore
  /// f: Z → W
  public let mapping: StyleGAN2MappingNetwork
  /// The moving average of w, `[wSize]`.
  public let wAverage: Buffer
  /// The learned constant input, `[1, C, 4, 4]`, initialized from N(0, 1).
  public let constant: Parameter
  /// One block for each resolution, from 4×4.
  public let blocks: [StyleGAN2Block]
  /// One entry for each w. Layer 0 is the convolution at 4×4; layers 2k − 1 and 2k are the two convolutions of block k.
  /// The to-RGB layer of a block uses the w of the next block's first convolution. The last w is used only by the last
  /// to-RGB layer, which has no noise. `styleWeight` belongs to the convolution; for the last entry, to the to-RGB
  /// layer.
  public let layers: [SynthesisLayer]

  /// A generator with fresh weights fixed by `seed`.
  public init(_ configuration: StyleGAN2Configuration, seed: UInt64, device: Device = .cpu) {
    self.configuration = configuration
    store = ParameterStore(seed: seed, device: device)
    let (mappingScope, synthesis) = (store.root / "mapping", store.root / "synthesis")
    mapping = StyleGAN2MappingNetwork(
      mappingScope, zSize: configuration.zSize, outputs: configuration.wSize, depth: configuration.mappingLayers,
      configuration)
    wAverage = mappingScope.buffer("w_avg", [configuration.wSize], .constant(0))
    constant = (synthesis / "b4").parameter(
      "constant", [1, configuration.channels(at: 4), 4, 4], .normal(deviation: 1))
    blocks = configuration.blockResolutions.map { StyleGAN2Block(synthesis / "b\($0)", resolution: $0, configuration) }
    let last = SynthesisLayer(
      resolution: configuration.resolution, noise: nil, styleWeight: blocks.last?.toRGB.affine.weight.value)
    layers =
      blocks.flatMap { block in
        block.layers.map {
          SynthesisLayer(
            resolution: block.resolution, noise: $0.noise.value, styleWeight: $0.convolution.affine.weight.value)
        }
      } + [last]
  }

  /// Its configuration.
  public var architecture: any NetworkConfiguration { configuration }
  /// Size of w.
  public var wSize: Int { configuration.wSize }

  /// f: `[N, zSize]` → w, `[N, wSize]`.
  public func map(_ z: Tensor, condition: Condition? = nil) -> Tensor {
    mapping(z, condition: condition, count: z.size(0))
  }

  /// g: one w for each layer, `[N, L, wSize]` → images `[N, imageChannels, r, r]`. The image of each block is added to
  /// the upsampled sum of the blocks before, in float32.
  public func synthesize(_ ws: Tensor, noise: NoiseMode, growth: Growth, _ compute: Compute = .default) -> Tensor {
    precondition(growth == architecture.grown, "StyleGAN2 does not grow, so it has no \(growth)")
    var (x, image, next) = (constant.value, nil as Tensor?, 0)
    for block in blocks {
      for layer in block.layers {
        x = layer(
          x, w: ws.selected(next, along: 1),
          noise: noise.image(next, stored: layer.noise.value, count: ws.size(0)), compute)
        next += 1
      }
      let new = block.image(x, w: ws.selected(next, along: 1), compute)
      image = image.map { filteredDouble($0, compute) + new } ?? new
    }
    return image!
  }
}
