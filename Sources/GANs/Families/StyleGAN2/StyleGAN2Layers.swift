import Torch

// Each change of resolution is filtered with [1, 3, 3, 1] in both directions (StyleGAN2 §B). [1, 3, 3, 1] is [1, 2, 1]
// convolved with [1, 1]. So upsampling is nearest-neighbor upsampling, then a binomial blur; downsampling is a binomial
// blur, then 2×2 averages. StyleGAN's kernels (Table 1, B) do both. Around a convolution only the border differs:
// StyleGAN2's filter also reads one pixel outside the image. Therefore a border of zeros is added before and removed
// after.

/// Upsamples images by 2: zeros between pixels, then 4·[1, 3, 3, 1]⊗[1, 3, 3, 1]/64. `[N, C, H, W]` → `[N, C, 2H, 2W]`.
func filteredDouble(_ x: Tensor, _ compute: Compute) -> Tensor { binomialBlur(x.upsampledNearest(), compute) }

/// Downsamples images by 2: [1, 3, 3, 1]⊗[1, 3, 3, 1]/64, then every second pixel. `[N, C, H, W]` → `[N, C, H/2, W/2]`.
func filteredHalf(_ x: Tensor, _ compute: Compute) -> Tensor { binomialBlur(x, compute).averagePooled() }

extension Tensor {
  /// Adds `count` zero pixels on each side; a negative count removes pixels.
  func bordered(byPixels count: Int) -> Tensor {
    if count >= 0 { return padded(top: count, bottom: count, left: count, right: count) }
    return sliced(-count..<size(2) + count, along: 2).sliced(-count..<size(3) + count, along: 3)
  }
}

/// f: Z → W of StyleGAN2: pixel norm, then layers of m·(W x + b), leaky ReLU and √2.
///
/// With labels x = [PixelNorm(z), PixelNorm(E·labels + e)]; the discriminator's mapping network has only labels as
/// input. The √2 is multiplied into the weights of the next layer, which saves an operation.
public struct StyleGAN2MappingNetwork {
  /// The layers; without layers the result is the normalized input.
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
