import Torch

/// The first GAN's discriminator: linear layers from pixels to a score, with leaky ReLU (0.2) between them. The sigmoid at
/// the end is part of the ``Objective``. With labels y the first layer gets [pixels, y] (Mirza & Osindero 2014, §3).
public final class GANDiscriminator: Discriminator {
  /// Every parameter, by name.
  public let store: ParameterStore
  /// From pixels to the score.
  public let layers: [Linear]
  private let labelSize: Int

  /// A discriminator with fresh weights fixed by `seed`.
  public init(_ configuration: GANConfiguration, seed: UInt64, device: Device = .cpu) {
    let store = ParameterStore(seed: seed, device: device)
    self.store = store
    labelSize = configuration.labelSize
    let widths = configuration.discriminatorWidths
    layers = zip(widths, widths.dropFirst()).enumerated().map { i, sizes in
      Linear(store.root / "dense\(i)", inputs: sizes.0, outputs: sizes.1)
    }
  }

  /// Scores images `[N, imageChannels, r, r]`: `[N, 1]`, logits.
  public func callAsFunction(
    _ images: Tensor, condition: Condition? = nil, growth: Growth, _ compute: Compute = .default
  ) -> Tensor {
    let flat = images.laidOut(.contiguous).reshaped([images.size(0), -1])
    let input = Condition.appended(condition, to: flat, labelSize: labelSize)
    let hidden = layers.dropLast().reduce(input) { x, layer in layer(x).leakyReLU(slope: 0.2) }
    return layers.last!(hidden)
  }
}
