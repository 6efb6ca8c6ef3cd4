import Torch

/// DCGAN's discriminator (Radford et al. 2015, §3), symmetric to the generator.
///
/// 4×4 convolutions with stride 2 halve the side down to 4×4; the last convolution covers 4×4. Leaky ReLU of slope 0.2;
/// batch normalization, where the family has it, except in the first and last layer. The sigmoid at the end is part of
/// the ``Objective``. Weights start as N(0, 0.02²).
///
/// With labels y the score is D(x) + φ(x)·(V·y), where φ(x) is the sum of the last features over 4×4 (the projection of
/// Miyato & Koyama 2018, Fig. 1d). V starts at 0, so labels have no effect on the first scores.
public final class DCGANDiscriminator: Discriminator {
  /// Every parameter, by name.
  public let store: ParameterStore
  /// 4×4 convolutions, from the images to the score.
  public let layers: [Conv2d]
  /// One after each layer except the first and the last; none in a critic without normalization.
  public let norms: [BatchNorm]
  /// V: `[8n, labelSize]`; nil without labels.
  public let embedding: Parameter?

  /// A discriminator with fresh weights fixed by `seed`.
  public init<Architecture: DCGANArchitecture>(_ configuration: Architecture, seed: UInt64, device: Device = .cpu) {
    store = ParameterStore(seed: seed, device: device)
    let sides = Array(configuration.featureResolutions.reversed())
    let widths = [configuration.imageChannels] + sides.map(configuration.channels(at:)) + [1]
    var (layers, norms): ([Conv2d], [BatchNorm]) = ([], [])
    for i in 0...sides.count {
      let isLast = i == sides.count
      // A layer's name has the side of its output.
      let scope = store.root / "b\(isLast ? 1 : sides[i])"
      let isNormalized = Architecture.normalizesDiscriminator && i > 0 && !isLast
      layers.append(
        Conv2d(
          scope / "conv", inputs: widths[i], outputs: widths[i + 1], kernel: 4, stride: isLast ? 1 : 2,
          padding: isLast ? 0 : 1, bias: !isNormalized, initializer: .normal(deviation: 0.02)))
      if isNormalized { norms.append(BatchNorm(scope / "norm", channels: widths[i + 1])) }
    }
    (self.layers, self.norms) = (layers, norms)
    let labels = configuration.labelSize
    embedding =
      labels > 0
      ? (store.root / "embedding").parameter("weight", [widths[sides.count], labels], .constant(0)) : nil
  }

  /// Scores images `[N, imageChannels, r, r]`, with statistics of the batch: `[N, 1]`, float32, logits.
  public func callAsFunction(
    _ images: Tensor, condition: Condition? = nil, growth: Growth, _ compute: Compute = .default
  ) -> Tensor {
    var x = layers[0](compute.activations(images), compute).leakyReLU(slope: 0.2)
    for (i, layer) in layers.dropFirst().dropLast().enumerated() {
      let y = layer(x, compute)
      x = (norms.isEmpty ? y : compute.activations(norms[i](y, training: true))).leakyReLU(slope: 0.2)
    }
    let score = layers.last!(x, compute).to(.float32).reshaped([images.size(0), 1])
    guard let embedding else { return score }
    let features = x.to(.float32).sum(over: [2, 3])  // [N 8n]
    let labels = Condition.labels(
      condition, count: images.size(0), labelSize: embedding.value.size(1), like: features)
    return score + (features * labels.linear(embedding.value)).sum(over: [1], keepingDimensions: true)
  }
}
