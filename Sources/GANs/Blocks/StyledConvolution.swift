import Torch

/// One styled layer of the synthesis network (StyleGAN Fig. 1b): convolution, noise B, bias, leaky ReLU, AdaIN by A.
///
/// One kernel may fuse several steps; the result is the same.
public struct StyledConvolution {
  /// A 3×3 convolution, with upsampling and blur if the layer upsamples.
  public let convolution: EqualizedConv2d
  /// Noise, bias, leaky ReLU and AdaIN.
  public let epilogue: StyleEpilogue

  /// Makes the convolution in `scope / "convN"` and the epilogue in `scope / "styleN"`, where N is `index`.
  init(
    _ scope: Scope, _ index: Int, inputs: Int, outputs: Int, resolution: Int, latentSize: Int, noise: Bool,
    styled: Bool, resampling: Resampling = .none
  ) {
    convolution = EqualizedConv2d(scope / "conv\(index)", inputs: inputs, outputs: outputs, resampling: resampling)
    epilogue = StyleEpilogue(
      scope / "style\(index)", channels: outputs, resolution: resolution, latentSize: latentSize, noise: noise,
      styled: styled)
  }

  /// Applies the layer.
  /// - Parameters:
  ///   - x: `[N, inputs, H, W]`
  ///   - w: this layer's intermediate latent, `[N, latent]`.
  ///   - noise: n, `[N or 1, 1, r, r]`; nil for none.
  /// - Returns: `[N, outputs, r, r]` in the precision of the computation; r = H, or 2H with upsampling.
  public func callAsFunction(_ x: Tensor, w: Tensor, noise: Tensor?, _ compute: Compute = .default) -> Tensor {
    let x = compute.activations(x)
    if let affine = epilogue.affine,
      let y = convolution.styled(x, noise: epilogue.scaled(noise), bias: epilogue.bias.value, style: affine(w), compute)
    {
      return y
    }
    // The epilogue's kernel applies the blur after an upsampling convolution.
    return epilogue(
      convolution.withoutBlur(x, compute), w: w, noise: noise, blurred: convolution.resampling == .up, consuming: true,
      compute)
  }
}
