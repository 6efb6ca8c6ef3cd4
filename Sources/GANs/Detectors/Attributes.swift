import Torch

/// A binary classifier of image attributes, for linear separability.
public protocol AttributeClassifier {
  /// The name in brackets after the metric.
  var name: String { get }
  /// The names of the attributes.
  var names: [String] { get }
  /// The ranking of the answers.
  var ranking: LinearSeparability.Ranking { get }
  /// Log-odds of each attribute, `[N, attributes]`, on the CPU.
  /// - Parameter images: `[N, C, r, r]`, 0…255.
  func callAsFunction(_ images: Tensor) throws -> Tensor
}

/// The classes of a detector, each against the rest: log p/(1 − p).
struct ClassAttributes: AttributeClassifier {
  private let detector: any Detector
  let ranking = LinearSeparability.Ranking.perAnswer

  init(_ detector: any Detector) { self.detector = detector }

  var name: String { detector.name }
  var names: [String] { detector.classNames }

  func callAsFunction(_ images: Tensor) throws -> Tensor {
    let p = try detector(images, .probabilities).to(.float64)
    return (p.clamped(minimum: 1e-300, maximum: 1) / (1 - p).clamped(minimum: 1e-300, maximum: 1)).log()
  }
}
