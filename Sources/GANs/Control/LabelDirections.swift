import Datasets
import Torch

/// Directions that separate the classes of a labeled data set in W (after InterFaceGAN: Shen et al. 2020, §3; linear
/// separability: StyleGAN §4.2).
public struct LabelDirections {
  /// One direction per class that occurs often enough among the fakes. The rating is the accuracy of the separation on
  /// held-out w: the mean of the accuracies inside and outside the class.
  public let directions: Directions
  /// The share of fakes in each class.
  public let shares: [Double]
  /// The classifier's accuracy on held-out images of the data.
  public let classifierAccuracy: Double
  private let classifier: Classifier
  private let labels: [Int]

  /// Finds the directions: a classifier learns the data and labels the images of random w; then a logistic regression on w
  /// separates each class from the others.
  /// - Parameters:
  ///   - dataset: with labels, of the network's resolution and channels.
  ///   - samples: the number of fakes; half are for fitting, half for rating.
  ///   - classifierSteps: batches of 64, at most one epoch.
  /// - Throws: errors of reading the data.
  public init(
    _ renderer: Renderer, dataset: any ImageDataset, samples: Int = 6000, classifierSteps: Int = 300, seed: UInt64 = 0,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    precondition(dataset.labelCount > 1 && dataset.resolution == renderer.growth.resolution)
    let (generator, device) = (renderer.style, renderer.style.store.device)
    var trainer = ClassifierTrainer(epochs: 1, seed: seed)
    (trainer.batch, trainer.mirror, trainer.steps) = (64, false, classifierSteps)
    // It returns nil only when stopped.
    classifier = try trainer(dataset, name: dataset.name, device: device) { done, all, _ in
      progress(done / trainer.batch, all / trainer.batch)
    }!
    let w = generator.sampledW(samples, condition: renderer.condition, seed: seed)
    let found = Self.classes(Styles(renderer.style.broadcast(w)), renderer, classifier)
    let counts = (0..<dataset.labelCount).map { label in found.filter { $0 == label }.count }
    // A class with few images cannot be separated.
    let labels = counts.indices.filter { counts[$0] >= 40 && counts[$0] <= samples - 40 }
    let half = samples / 2
    let (center, scale) = withoutGradients {
      (w.mean(over: [0], keepingDimensions: true), w.variance(over: [0]).mean().squareRoot().item)
    }
    let x = (w - center) / scale
    let signs = Tensor(
      found.flatMap { label in labels.map { $0 == label ? 1.0 : -1 } }, shape: [samples, labels.count], device: device)
    let weights = Self.separated(x[0..<half], signs[0..<half], seed: seed)
    let ratings = withoutGradients {
      let truth = signs[half..<samples].to(.float64)
      let scores = (x[half..<samples].matmul(weights.vectors) + weights.offsets).to(.float64) * truth
      let right = Tensor.zeros([1, 1], dtype: .float64, device: device).isLess(than: scores).to(.float64)
      func share(_ part: Tensor) -> Tensor {
        (right * part).sum(over: [0]) / part.sum(over: [0]).clamped(minimum: 1, maximum: .infinity)
      }
      return ((share((1 + truth) * 0.5) + share((1 - truth) * 0.5)) * 0.5).doubles
    }
    let vectors = weights.vectors.transposed
    let names = labels.map { dataset.labelNames.isEmpty ? "\($0)" : dataset.labelNames[$0] }
    directions = Directions(
      vectors: vectors / vectors.squared().sum(over: [1], keepingDimensions: true).squareRoot(), names: names,
      ratings: ratings, samples: w)
    shares = labels.map { Double(counts[$0]) / Double(samples) }
    classifierAccuracy = classifier.description.accuracy ?? 0
    self.labels = labels
  }

  /// The share of images in the class of direction `index` after a move along it.
  /// - Parameter strength: in standard deviations of w.
  public func share(_ renderer: Renderer, index: Int, strength: Double, samples: Int = 500, seed: UInt64 = 1) -> Double
  {
    let ws = renderer.style.broadcast(renderer.style.sampledW(samples, condition: renderer.condition, seed: seed))
    let step = directions.vectors[index].reshaped([1, 1, -1]) * (directions.deviations[index] * strength)
    let found = Self.classes(Styles(ws + step), renderer, classifier)
    return Double(found.filter { $0 == labels[index] }.count) / Double(samples)
  }

  private static func classes(_ styles: Styles, _ renderer: Renderer, _ classifier: Classifier) -> [Int] {
    let renderer = renderer.with(noise: .constant)
    return chunks(styles.count, of: 64).flatMap { classifier.classes(renderer.tensor(styles[$0])) }
  }

  /// Fits all logistic regressions at once: minimizes the mean of log(1 + e^(−s·(x·v + b))), where each class and its
  /// complement have equal weight, plus |v|². The penalty shrinks v where w hardly varies, so that moved w stay close to
  /// the distribution of w.
  /// - Returns: `[wSize, K]` and `[1, K]`.
  private static func separated(_ x: Tensor, _ signs: Tensor, seed: UInt64) -> (vectors: Tensor, offsets: Tensor) {
    let (size, count) = (x.size(1), signs.size(1))
    let store = ParameterStore(seed: seed, device: x.device)
    let v = store.root.parameter("v", [size, count], .constant(0))
    let b = store.root.parameter("b", [1, count], .constant(0))
    let optimizer = Adam(store.parameters, learningRate: 0.05, beta1: 0.9, beta2: 0.999)
    let (inside, outside) = ((signs + 1) * 0.5, (1 - signs) * 0.5)
    let importance =
      inside / (inside.sum(over: [0], keepingDimensions: true) + 1) + outside
      / (outside.sum(over: [0], keepingDimensions: true) + 1)
    for _ in 0..<300 {
      let losses = (-signs * (x.matmul(v.value) + b.value)).softplus() * importance
      let loss = losses.sum() + v.value.squared().sum()
      optimizer.step(gradients(of: loss, withRespectTo: store.parameters.map(\.value)))
    }
    return (v.value.withoutGraph.copied(), b.value.withoutGraph.copied())
  }
}
