import Torch

// The filter around each change of resolution is [1, 3, 3, 1] in both directions (StyleGAN2 §B), which is [1, 2, 1] after
// [1, 1]. So doubling with it is nearest-neighbour doubling and then a binomial blur, and halving with it is a binomial blur
// and then the mean of 2×2 squares: StyleGAN's resampling (Table 1, B) and its kernels. Only at the border there is a
// difference around a convolution: StyleGAN2's filters see what the convolution, or the blur, leaves one pixel outside of
// the image. Zeros around the image make room for that pixel, and are cut off again.

/// Images of twice the resolution: zeros between pixels, then 4·[1, 3, 3, 1]⊗[1, 3, 3, 1]/64.
/// `[N, C, H, W]` → `[N, C, 2H, 2W]`.
func filteredDouble(_ x: Tensor, _ compute: Compute) -> Tensor { binomialBlur(x.upsampledNearest(), compute) }

/// Images of half the resolution: [1, 3, 3, 1]⊗[1, 3, 3, 1]/64, then every second pixel.
/// `[N, C, H, W]` → `[N, C, H/2, W/2]`.
func filteredHalf(_ x: Tensor, _ compute: Compute) -> Tensor { binomialBlur(x, compute).averagePooled() }

extension Tensor {
  /// `count` pixels more on each side, of zeros; below 0: fewer pixels.
  func bordered(byPixels count: Int) -> Tensor {
    if count >= 0 { return padded(top: count, bottom: count, left: count, right: count) }
    return sliced(-count..<size(2) + count, along: 2).sliced(-count..<size(3) + count, along: 3)
  }
}

/// f: Z → W (StyleGAN §2), as StyleGAN2 has it: pixel norm, then layers of m·(W x + b), leaky ReLU and √2.
///
/// With labels x = [PixelNorm(z), PixelNorm(E·labels + e)]; the discriminator's has labels only. As everywhere in these
/// networks the √2 stands in the weights of the next layer, where it costs nothing.
public struct StyleGAN2MappingNetwork {
  /// The layers; none: the result is the normalized input.
  public let layers: [EqualizedLinear]
  /// E and e: `[N, labelSize]` → `[N, outputs]`; nil without labels.
  public let embedding: EqualizedLinear?

  init(_ scope: Scope, zSize: Int, outputs: Int, depth: Int, _ configuration: StyleGAN2Configuration) {
    let labels = configuration.labelSize
    embedding = labels > 0 ? EqualizedLinear(scope / "embedding", inputs: labels, outputs: outputs, gain: 1) : nil
    layers = (0..<depth).map { i in
      EqualizedLinear(
        scope / "dense\(i)", inputs: i > 0 ? outputs : zSize + (labels > 0 ? outputs : 0), outputs: outputs,
        gain: i > 0 ? leakyReLUGain : 1, learningRateMultiplier: configuration.mappingLearningRateMultiplier)
    }
  }

  /// Maps latents, labels or both.
  /// - Parameters:
  ///   - z: `[N, zSize]`; nil for a network of labels only.
  ///   - condition: one for each of `count`; nil for a network without labels.
  /// - Returns: `[N, outputs]`.
  public func callAsFunction(_ z: Tensor?, condition: Condition?, count: Int) -> Tensor {
    var parts = z.map { [pixelNorm($0)] } ?? []
    if let embedding {
      guard let condition, condition.count == count else {
        preconditionFailure("a conditional network needs labels for each of \(count)")
      }
      parts.append(pixelNorm(embedding(condition.vectors)))
    }
    let x = parts.count == 1 ? parts[0] : .concatenated(parts, along: 1)
    if layers.isEmpty { return x }
    return layers.reduce(x) { x, layer in layer(x).leakyReLU(slope: 0.2) } * leakyReLUGain
  }
}
