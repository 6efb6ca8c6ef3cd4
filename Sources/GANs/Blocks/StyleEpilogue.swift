import Torch

/// The steps after each convolution of the synthesis network (StyleGAN Fig. 1b): noise B, bias, leaky ReLU, AdaIN by A.
///
/// In this order: x + strength[c]·n; + bias[c]; leaky ReLU 0.2; instance norm; x·(y_s + 1) + y_b with
/// (y_s, y_b) = A(w). This is Eq. 1 with the scale stored as an offset from 1. In a traditional generator (Table 1, A and
/// B) pixel norm replaces the last two steps.
public struct StyleEpilogue {
  /// A: `[N, latent]` → `[N, 2C]`, y_s then y_b; nil in a traditional generator.
  public let affine: EqualizedLinear?
  /// B: the noise strength of each channel, `[C]`, starting at 0; nil in a network without noise inputs.
  public let noiseStrength: Parameter?
  /// The stored noise image of `.constant` mode, `[1, 1, r, r]`.
  public let noise: Buffer?
  /// `[C]`, starting at 0.
  public let bias: Parameter
  let channels: Int

  /// Makes its parameters in `scope`.
  public init(_ scope: Scope, channels: Int, resolution: Int, latentSize: Int, noise: Bool = true, styled: Bool = true)
  {
    noiseStrength = noise ? scope.parameter("noise_strength", [channels], .constant(0)) : nil
    self.noise = noise ? scope.buffer("noise", [1, 1, resolution, resolution], .normal(deviation: 1)) : nil
    bias = scope.parameter("bias", [channels], .constant(0))
    affine = styled ? EqualizedLinear(scope / "affine", inputs: latentSize, outputs: 2 * channels, gain: 1) : nil
    self.channels = channels
  }

  /// Applies the epilogue.
  /// - Parameters:
  ///   - x: the convolution's output, `[N, C, r, r]`.
  ///   - w: this layer's intermediate latent, `[N, latent]`.
  ///   - noise: n, `[N or 1, 1, r, r]`; nil for none.
  ///   - blurred: whether to blur x first, as after an upsampling convolution.
  ///   - consuming: whether x is not used again, so that the result may reuse its memory.
  /// - Returns: `[N, C, r, r]` in the type of `x`.
  public func callAsFunction(
    _ x: Tensor, w: Tensor, noise: Tensor?, blurred: Bool = false, consuming: Bool = false,
    _ compute: Compute = .default
  ) -> Tensor {
    let style = affine?(w)  // [N 2C]
    if let style, compute.kernels == .fast && x.hasFusedKernels {
      return x.styledEpilogueFused(
        noise: scaled(noise), bias: bias.value, style: style, slope: 0.2, blurred: blurred, consuming: consuming)
    }
    var y = blurred ? binomialBlur(x, compute) : x
    if let noise, let noiseStrength { y = y + (noise * noiseStrength.value.reshaped([1, channels, 1, 1])).to(x.dtype) }
    y = (y + bias.value.reshaped([1, channels, 1, 1]).to(x.dtype)).leakyReLU(slope: 0.2)
    guard let style else { return pixelNorm(y.to(.float32)).to(x.dtype) }
    return adaptiveInstanceNorm(y, style: style)
  }

  /// The noise image with its strength.
  func scaled(_ noise: Tensor?) -> (Tensor, Tensor)? {
    noise.flatMap { image in noiseStrength.map { (image, $0.value) } }
  }
}

/// AdaIN(x, y) = (y_s + 1)·(x − μ(x))/σ(x) + y_b (StyleGAN Eq. 1).
/// - Parameters:
///   - x: `[N, C, H, W]`
///   - style: `[N, 2C]`: y_s, then y_b.
public func adaptiveInstanceNorm(_ x: Tensor, style: Tensor) -> Tensor {
  let (n, c) = (x.size(0), x.size(1))
  let scale = style.sliced(0..<c, along: 1).reshaped([n, c, 1, 1])
  let offset = style.sliced(c..<2 * c, along: 1).reshaped([n, c, 1, 1])
  return (instanceNorm(x.to(.float32)) * (scale + 1) + offset).to(x.dtype)
}
