import Torch

/// A network that extracts features of images for metrics.
public protocol Detector: AnyObject {
  /// The name in brackets after every metric: "fashion", "inception-2015-12-05".
  var name: String { get }
  /// Identifies the detector's weights and version; part of the key of cached features.
  var identity: String { get }
  /// The outputs that it can give.
  var outputs: Set<DetectorOutput> { get }
  /// A name for each class of its probabilities, or empty.
  var classNames: [String] { get }

  /// Applies the detector.
  /// - Parameter images: `[N, C, H, W]`, C = 1, 3 or 4, 0…255 (whole numbers, except for `perceptual`).
  /// - Returns: `[N, size]`, float32, without gradients, on the CPU.
  /// - Throws: errors of a detector from a file.
  func callAsFunction(_ images: Tensor, _ output: DetectorOutput) throws -> Tensor
}

/// The kinds of output of a detector.
public enum DetectorOutput: String, Sendable, CaseIterable, Codable {
  /// Features for distances between sets of images.
  case features
  /// Probabilities of the classes; rows sum to 1.
  case probabilities
  /// Features whose squared distance is a perceptual distance of two images (LPIPS or similar).
  case perceptual
}

/// A detector cannot be used.
public struct DetectorError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the detector, the problem and the remedy.
  public let description: String

  /// An error with a sentence of its own.
  public init(_ description: String) { self.description = description }
}

/// Converts images and layers for detectors.
package enum DetectorInput {
  /// Converts the number of channels: gray is repeated, colors become gray (BT.601), alpha composites on white.
  static func channels(_ images: Tensor, _ count: Int) -> Tensor {
    let x = images.onWhite()
    switch (x.size(1), count) {
    case (1, 3): return x.expanded([-1, 3, -1, -1])
    case (3, 1):
      let weights = Tensor([0.299, 0.587, 0.114], shape: [1, 3, 1, 1], device: x.device)
      return (x * weights).sum(over: [1], keepingDimensions: true)
    default: return x
    }
  }

  /// Resizes images: by area when shrinking, else bilinear.
  static func resized(_ images: Tensor, _ side: Int) -> Tensor {
    if images.size(2) == side && images.size(3) == side { return images }
    return min(images.size(2), images.size(3)) >= side
      ? images.resizedByArea(height: side, width: side) : images.resizedBilinear(height: side, width: side)
  }

  /// Resizes images bilinearly as TensorFlow 1 does: pixel i takes its value at i·(old side/new side), between the two
  /// nearest pixels; without half pixels and without smoothing.
  package static func resizedAsInTensorFlow(_ images: Tensor, _ side: Int) -> Tensor {
    func interpolated(_ x: Tensor, along dimension: Int) -> Tensor {
      let old = x.size(dimension)
      let places = (0..<side).map { Double($0) * (Double(old) / Double(side)) }
      let low = places.map { min(Int($0), old - 1) }
      func pixels(_ indices: [Int]) -> Tensor { x.gathered(Tensor(indices).to(x.device), along: dimension) }
      var shape = [1, 1, 1, 1]
      shape[dimension] = side
      let weight = Tensor(zip(places, low).map { $0 - Double($1) }, shape: shape, device: x.device)
      let first = pixels(low)
      return first + (pixels(low.map { min($0 + 1, old - 1) }) - first) * weight
    }
    return interpolated(interpolated(images, along: 2), along: 3)
  }

  /// The activations of several layers as one row per image. The squared distance of two rows is
  /// Σ_layers mean_positions ‖â − b̂‖², where â has length 1 over channels (LPIPS, Zhang et al. 2018, with weights of 1).
  static func perceptual(_ layers: [Tensor]) -> Tensor {
    .concatenated(
      layers.map { x in
        let length = (x.squared().sum(over: [1], keepingDimensions: true) + 1e-10).squareRoot()
        let places = Double(x.size(2) * x.size(3))
        return (x / length / places.squareRoot()).laidOut(.contiguous).reshaped([x.size(0), -1])
      }, along: 1)
  }
}
