import Torch

/// f: Z → W, the mapping network (StyleGAN §2, Fig. 1b): pixel norm, then fully connected layers with leaky ReLU.
///
/// With labels, x = [PixelNorm(z), PixelNorm(E·labels)] goes into the first layer.
public struct MappingNetwork {
  /// The layers; without layers w is the normalized z.
  public let layers: [EqualizedLinear]
  /// E: `[N, labelSize]` → `[N, zSize]`; nil without labels.
  public let embedding: EqualizedLinear?
  /// The moving average of w, `[wSize]`.
  public let wAverage: Buffer

  init(_ scope: Scope, _ configuration: StyleGANConfiguration) {
    let isConditional = configuration.labelSize > 0
    let (count, hidden) = (configuration.mappingLayers, configuration.mappingWidth ?? configuration.wSize)
    layers = (0..<count).map { i in
      EqualizedLinear(
        scope / "dense\(i)", inputs: i > 0 ? hidden : configuration.zSize * (isConditional ? 2 : 1),
        outputs: i < count - 1 ? hidden : configuration.wSize,
        learningRateMultiplier: configuration.mappingLearningRateMultiplier)
    }
    wAverage = scope.buffer("w_avg", [configuration.wSize], .constant(0))
    embedding =
      isConditional
      ? EqualizedLinear(
        scope / "embedding", inputs: configuration.labelSize, outputs: configuration.zSize, gain: 1, bias: false) : nil
  }

  /// Maps latents.
  /// - Parameters:
  ///   - z: `[N, zSize]`, samples of N(0, I).
  ///   - condition: one for each latent; nil for a network without labels.
  /// - Returns: w, `[N, wSize]`.
  public func callAsFunction(_ z: Tensor, condition: Condition? = nil) -> Tensor {
    var x = pixelNorm(z)
    if let embedding {
      guard let condition, condition.count == z.size(0) else {
        preconditionFailure("a conditional generator needs labels for each of \(z.size(0)) latents")
      }
      x = .concatenated([x, pixelNorm(embedding(condition.vectors))], along: 1)
    }
    return layers.reduce(x) { x, layer in layer(x).leakyReLU(slope: 0.2) }
  }
}
