import Torch

/// A VGG-like network with fixed random weights: a detector for any images that needs no file. Random convolutions
/// distinguish textures and shapes, but not objects. Compare its values only with each other.
///
/// Four blocks of 3×3 convolution (He et al.'s initialization) and ReLU, with 2×2 max pooling between them; images larger
/// than 64 pixels are resized to 64. Features are the means of each block's channels over the image, 352 in all.
public final class RandomVGG: Detector {
  private static let channels = [3, 32, 64, 128, 128]
  private let store: ParameterStore
  private let weights: [Parameter]

  /// "random-vgg"
  public let name = "random-vgg"
  /// The name and version.
  public let identity = "random-vgg 1"
  /// Features and perceptual features.
  public let outputs: Set<DetectorOutput> = [.features, .perceptual]
  /// Empty: it has no classes.
  public let classNames: [String] = []

  /// The detector.
  public init(device: Device = .cpu) {
    let store = ParameterStore(seed: 0x5667_6721, device: device)
    self.store = store
    weights = zip(Self.channels, Self.channels.dropFirst()).enumerated().map { i, sizes in
      (store.root / "conv\(i)").parameter(
        "weight", [sizes.1, sizes.0, 3, 3], .normal(deviation: (2 / Double(9 * sizes.0)).squareRoot()))
    }
    store.setRequiresGradient(false)
  }

  /// Features or perceptual features.
  public func callAsFunction(_ images: Tensor, _ output: DetectorOutput) -> Tensor {
    withoutGradients {
      let x = DetectorInput.channels(images.to(store.device).to(.float32), 3)
      var y = (x.size(2) > 64 ? DetectorInput.resized(x, 64) : x) / 127.5 - 1
      var layers: [Tensor] = []
      for (i, weight) in weights.enumerated() {
        if i > 0 { y = y.maxPooled(kernel: 2, stride: 2) }
        y = y.laidOut(.channelsLast).conv2d(weight.value, padding: 1).relu()
        layers.append(y)
      }
      let result =
        output == .perceptual
        ? DetectorInput.perceptual(layers) : .concatenated(layers.map { $0.mean(over: [2, 3]) }, along: 1)
      return result.to(.cpu)
    }
  }
}
