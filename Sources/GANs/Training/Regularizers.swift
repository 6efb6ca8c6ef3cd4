import Torch

/// The use of a regularizer in a training step.
public enum Phase: Sendable, Equatable {
  /// Not in this step.
  case none
  /// Together with the loss, in one backward pass.
  case joint
  /// In a separate update, multiplied by a weight ("lazy regularization", StyleGAN2 §3.1).
  case separate(weight: Double)

  /// The phase of a regularizer with an interval k: joint where k = 1, else separate every k-th step with weight k.
  public init(every interval: Int, at step: Int) {
    self = interval == 1 ? .joint : step % interval == 0 ? .separate(weight: Double(interval)) : .none
  }

  /// c = 1/(1 + Σ 1/k) over intervals k > 1; k/(k + 1) for one interval. The optimizer takes 1/k extra steps for each such
  /// regularizer, so its learning rate is multiplied by c and its β are raised to the power c (StyleGAN2 §B).
  static func lazyCorrection(intervals: [Int]) -> Double {
    1 / (1 + intervals.filter { $0 > 1 }.reduce(0) { $0 + 1 / Double($1) })
  }
}

/// A term of G's loss with its own interval, weight and state.
public protocol GeneratorRegularizer: AnyObject {
  /// The key of its value in the statistics: "Loss/pl_penalty".
  var key: String { get }
  /// The number of steps between two applications.
  var interval: Int { get }
  /// Its state by name; saved with the training and loaded in place.
  var state: [(name: String, value: Tensor)] { get }
  /// The number of samples that it needs in a training with minibatches of `batch`.
  func sampleCount(batch: Int) -> Int
  /// The term, differentiable with respect to G. The call updates the state.
  /// - Parameters:
  ///   - generator: G
  ///   - sample: latents and noise of ``sampleCount(batch:)`` fakes.
  ///   - random: for the term's own random numbers.
  ///   - record: takes named values for the statistics.
  func callAsFunction(
    _ generator: any Generator, _ sample: TrainingSample, growth: Growth, random: SamplingStreams, _ compute: Compute,
    record: (String, Tensor) -> Void
  ) -> Tensor
}

extension Objective {
  /// The regularizers of a generator.
  func generatorRegularizers(
    of generator: any Generator, classifier: Classifier?, device: Device
  ) -> [any GeneratorRegularizer] {
    var all: [any GeneratorRegularizer] = []
    if let pathLength { all.append(PathLengthRegularizer(pathLength, device: device)) }
    if let separability, let classifier, let generator = generator as? any StyleBasedGenerator {
      all.append(
        SeparabilityRegularizer(separability, classifier: classifier, wSize: generator.wSize, device: device))
    }
    return all
  }
}

/// The settings of path length regularization (StyleGAN2 §3.2).
public struct PathLength: Codable, Sendable, Equatable {
  /// Its weight; 2 in the paper.
  public var weight = 2.0
  /// The weight of a new length in the moving average a; 0.01 in the paper.
  public var decay = 0.01
  /// The number of steps between two applications; 4 in the paper.
  public var interval = 4
  /// The divisor of the minibatch size; 2 in the paper.
  public var batchShrink = 2

  /// The paper's settings, or other ones.
  public init(weight: Double = 2, decay: Double = 0.01, interval: Int = 4, batchShrink: Int = 2) {
    (self.weight, self.decay, self.interval, self.batchShrink) = (weight, decay, interval, batchShrink)
  }
}

/// Path length regularization: weight·E[(‖J_wᵀ y‖ − a)²], y ~ N(0, I)/√(H·W) (StyleGAN2 §3.2, Eq. 4).
///
/// It makes steps of equal length in W change the image equally. ‖·‖² is summed over the elements of w and averaged
/// over the active layers; a is the moving average of the lengths.
public final class PathLengthRegularizer: GeneratorRegularizer {
  /// "Loss/pl_penalty"
  public let key = "Loss/pl_penalty"
  private let settings: PathLength
  /// a, starting at 0.
  private let mean: Tensor

  /// A regularizer with a = 0.
  public init(_ settings: PathLength, device: Device = .cpu) {
    self.settings = settings
    mean = .zeros([1], device: device)
  }

  /// The number of steps between two applications.
  public var interval: Int { settings.interval }
  /// a, `[1]`.
  public var state: [(name: String, value: Tensor)] { [("path_length.mean", mean)] }
  /// The reduced minibatch size.
  public func sampleCount(batch: Int) -> Int { max(1, batch / settings.batchShrink) }

  /// The term, for any style-based generator.
  public func callAsFunction(
    _ generator: any Generator, _ sample: TrainingSample, growth: Growth, random: SamplingStreams, _ compute: Compute,
    record: (String, Tensor) -> Void
  ) -> Tensor {
    guard let generator = generator as? any StyleBasedGenerator else {
      preconditionFailure("path lengths are measured in W, and this generator has no W")
    }
    var ws = generator.trainingStyles(sample, updatingAverage: false)
    // Without mapping layers w is z, which no parameter computes.
    if !ws.requiresGradient { ws = ws.requiringGradient() }
    let images = generator.synthesize(ws, noise: .given(sample.noise), growth: growth, compute)
    return self(
      ws: ws, activeLayers: generator.activeLayers(at: growth).count, images: images,
      y: random.tensors.normal(images.shape), record: record)
  }

  /// The term of given images.
  /// - Parameters:
  ///   - ws: `[N, L, wSize]`
  ///   - activeLayers: the number of active layers, the first of L.
  ///   - images: `[N, C, H, W]`, computed from ws.
  ///   - y: `[N, C, H, W]`, N(0, I) before its division by √(H·W).
  package func callAsFunction(
    ws: Tensor, activeLayers: Int, images: Tensor, y: Tensor, record: (String, Tensor) -> Void = { _, _ in }
  ) -> Tensor {
    let scale = 1 / Double(images.size(2) * images.size(3)).squareRoot()
    let gradient = gradients(of: (images * y).sum() * scale, withRespectTo: [ws], createGraph: true)[0]
    // [N L w] → [N]; inactive layers have no gradient.
    let lengths = (gradient.squared().sum(over: [1, 2]) / Double(activeLayers) + 1e-12).squareRoot()
    let moved = mean.lerp(to: lengths.mean(), settings.decay)
    withoutGradients { mean.overwrite(with: moved.withoutGraph.reshaped([1])) }
    record("Loss/pl_mean", moved.withoutGraph)
    return (lengths - moved).squared().mean() * settings.weight
  }
}
