import Torch

/// A network that looks at images for metrics.
public protocol Detector: AnyObject {
  /// What stands in brackets behind every value: "fashion", "inception-2015-12-05".
  var name: String { get }
  /// Changes with whatever changes what the detector gives; names cached features.
  var identity: String { get }
  /// What it gives.
  var outputs: Set<DetectorOutput> { get }
  /// A name for each class of its probabilities, or empty.
  var classNames: [String] { get }

  /// Looks at images.
  /// - Parameter images: `[N, C, H, W]`, C = 1, 3 or 4, 0…255 (whole numbers but for `perceptual`).
  /// - Returns: `[N, size]`, float32, without gradients, on the CPU.
  /// - Throws: where a detector from a file fails.
  func callAsFunction(_ images: Tensor, _ output: DetectorOutput) throws -> Tensor
}

/// What a detector is asked for.
public enum DetectorOutput: String, Sendable, CaseIterable, Codable {
  /// What distances of sets are measured on.
  case features
  /// Of each class; rows sum to 1.
  case probabilities
  /// Features whose squared distance says how different two images look (LPIPS or alike).
  case perceptual
}

/// A detector that cannot be used.
public struct DetectorError: Error, Equatable, CustomStringConvertible {
  /// A sentence naming the detector, what is wrong and what to do.
  public let description: String

  /// An error with a sentence of its own.
  public init(_ description: String) { self.description = description }
}

/// Images as a detector takes them.
enum DetectorInput {
  /// In another number of channels: grey is spread to colours, colours are weighed to grey (BT.601), alpha is left out.
  static func channels(_ images: Tensor, _ count: Int) -> Tensor {
    let x = images.size(1) == 4 ? images.sliced(0..<3, along: 1) : images
    switch (x.size(1), count) {
    case (1, 3): return x.expanded([-1, 3, -1, -1])
    case (3, 1):
      let weights = Tensor([0.299, 0.587, 0.114], shape: [1, 3, 1, 1], device: x.device)
      return (x * weights).sum(over: [1], keepingDimensions: true)
    default: return x
    }
  }

  /// At another size: means of areas when shrinking, else bilinear.
  static func resized(_ images: Tensor, _ side: Int) -> Tensor {
    if images.size(2) == side && images.size(3) == side { return images }
    return min(images.size(2), images.size(3)) >= side
      ? images.resizedByArea(height: side, width: side) : images.resizedBilinear(height: side, width: side)
  }

  /// The activations of several layers as one row an image, such that the squared distance of two rows is
  /// Σ_layers mean_positions ‖â − b̂‖², â of length 1 over channels (LPIPS, Zhang et al. 2018, with weights of 1).
  static func perceptual(_ layers: [Tensor]) -> Tensor {
    .concatenated(
      layers.map { x in
        let length = (x.squared().sum(over: [1], keepingDimensions: true) + 1e-10).squareRoot()
        let places = Double(x.size(2) * x.size(3))
        return (x / length / places.squareRoot()).laidOut(.contiguous).reshaped([x.size(0), -1])
      }, along: 1)
  }
}
