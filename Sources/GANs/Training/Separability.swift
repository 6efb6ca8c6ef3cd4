import Datasets
import Files
import Torch

/// The settings of the separability regularizer of G, ``SeparabilityRegularizer``.
public struct Separability: Codable, Sendable, Equatable {
  /// The weight of the penalty, which lies between 0 (a hyperplane in W tells each class) and about 1 (none does).
  public var weight = 0.3
  /// The number of steps between two applications; above 1: lazy, with `interval` times the weight.
  public var interval = 4
  /// The weight of a new minibatch in the memory of latents and answers. The memory holds about 1/decay minibatches.
  public var decay = 0.02
  /// The surrogate of the metric.
  public var design = Design.side
  /// The classifier: "fashion", the path of a file of `stylegan detector train`, or "auto": "fashion" for Fashion-MNIST.
  public var classifier = "auto"
  /// The identity of the classifier's weights at the start of the run; nil before it.
  public var identity: String?

  /// Differentiable surrogates of linear separability, see ``SeparabilityRegularizer``.
  public enum Design: String, Codable, CaseIterable, Sendable {
    /// Σ H(Y|X) / Σ H(Y), with X the soft side of the discriminant's hyperplane: the metric's entropy.
    case side
    /// The share of the answers' variance that no linear function of w explains: 1 − R².
    case variance
    /// Σ E[−log q(Y|w)] / Σ H(Y), with q of a linear discriminant.
    case likelihood
    /// 1 − E[cos] of the angles between a class's gradients with respect to w and their mean.
    case direction
  }

  /// The usual settings, or others.
  public init(
    weight: Double = 0.3, interval: Int = 4, decay: Double = 0.02, design: Design = .side,
    classifier: String = "auto"
  ) {
    (self.weight, self.interval, self.decay) = (weight, interval, decay)
    (self.design, self.classifier) = (design, classifier)
  }

  /// Checks every number.
  /// - Throws: ``ConfigurationError`` naming the first one that is out of range.
  func validate() throws(ConfigurationError) {
    try require(weight > 0 && weight <= 1e6, .separabilityWeight, weight, "above 0 and at most 1000000")
    try require((1...1024).contains(interval), .separabilityInterval, interval, "1 to 1024")
    try require(decay > 0 && decay <= 1, .separabilityDecay, decay, "above 0 and at most 1")
  }
}

extension ConfigurationField {
  public static let separabilityWeight: Self = "separabilityWeight", separabilityDecay: Self = "separabilityDecay"
  public static let separabilityInterval: Self = "separabilityInterval", separabilityDesign: Self = "separabilityDesign"
  /// ``Separability/classifier``
  public static let separabilityClassifier: Self = "separabilityClassifier"
}

extension TrainingOptions {
  /// Chooses the separability regularizer's classifier for the data, where the options leave it open, and notes the identity
  /// of its weights.
  /// - Throws: as ``openSeparabilityClassifier(device:)``; ``ConfigurationError`` where no classifier knows the data.
  public mutating func settleSeparability(for dataset: any ImageDataset) throws {
    guard var separability = objective.separability else { return }
    if separability.classifier == "auto" {
      guard dataset.labelNames == FashionMNIST.labelNames || dataset.name.hasPrefix("fashion-mnist") else {
        throw ConfigurationError(Self.missingClassifier(for: dataset))
      }
      separability.classifier = "fashion"
    }
    objective.separability = separability
    let identity = try openSeparabilityClassifier(device: .cpu)?.identity
    objective.separability?.identity = identity
  }

  /// The way out where no classifier is given.
  private static func missingClassifier(for dataset: any ImageDataset) -> Message {
    let problem: Message =
      "the separability regularizer needs a classifier of the pictures, and the built-in one knows only Fashion-MNIST: "
    let remedy: Message =
      dataset.labelCount > 1
      ? "train one with 'stylegan detector train' on this data and give its file with "
        + "\(field: .separabilityClassifier)"
      : "\(dataset.name) has no classes to train one on, so give one that was trained on similar pictures "
        + "(\(field: .separabilityClassifier)), or sort the pictures into a folder for each class"
    return problem + remedy + ", or use \(field: .separabilityWeight, 0)"
  }

  /// Opens the separability regularizer's classifier; nil without the regularizer.
  /// - Throws: ``DetectorError`` and errors of the file; ``ConfigurationError`` where its weights differ from those at the
  ///   start of the run.
  public func openSeparabilityClassifier(device: Device) throws -> Classifier? {
    guard let separability = objective.separability else { return nil }
    guard separability.classifier != "auto" else {
      throw ConfigurationError("\(field: .separabilityClassifier) is auto, which needs the data")
    }
    let classifier =
      separability.classifier == "fashion"
      ? try Classifier.fashion(device: device) : try Classifier(path: separability.classifier, device: device)
    guard separability.identity == nil || separability.identity == classifier.identity else {
      throw ConfigurationError(
        "\(separability.classifier) is another classifier than at the start of the run, and the training would be another: "
          + "put the first file back")
    }
    return classifier
  }
}

extension Classifier {
  /// Log-odds of the classes up to a constant, differentiable with respect to the images: `[N, classes]`.
  /// - Parameters:
  ///   - images: `[N, C, r, r]`, −1…1, of any side; alpha is composited on white.
  ///   - architecture: of the network that drew them.
  func logits(ofFakes images: Tensor, by architecture: any NetworkConfiguration) -> Tensor {
    let x = DetectorInput.channels(architecture.onWhite(images), description.channels)
    return logits(DetectorInput.resized(x, description.resolution), training: false)
  }
}
