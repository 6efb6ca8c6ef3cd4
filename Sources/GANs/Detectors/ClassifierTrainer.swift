import Datasets
import Foundation
import Torch

/// Trains a ``Classifier`` on a labeled data set: cross-entropy, Adam, cosine decay of the learning rate.
public struct ClassifierTrainer {
  /// Passes over the data.
  public var epochs: Int
  /// The largest number of steps; nil: no limit besides the epochs.
  public var steps: Int?
  /// Images per step.
  public var batch = 128
  /// Adam's learning rate at the start.
  public var learningRate = 2e-3
  /// Whether images are mirrored left to right at random.
  public var mirror = true
  /// Fixes the initial weights and the order of the images.
  public var seed: UInt64

  /// A trainer.
  public init(epochs: Int = 8, seed: UInt64 = 0) { (self.epochs, self.seed) = (epochs, seed) }

  /// Trains.
  /// - Parameters:
  ///   - dataset: with labels.
  ///   - test: the data to measure the accuracy; nil: every tenth image of `dataset`, held out from training.
  ///   - progress: takes the images shown, those to show in all, and the loss.
  ///   - shouldStop: called after each step.
  /// - Returns: the detector, with its accuracy in its description; nil after a stop.
  /// - Throws: ``DetectorError`` where the data has no labels; errors of reading.
  public func callAsFunction(
    _ dataset: any ImageDataset, test: (any ImageDataset)? = nil, name: String, device: Device = .cpu,
    progress: (Int, Int, Double) -> Void = { _, _, _ in }, shouldStop: () -> Bool = { false }
  ) throws -> Classifier? {
    guard dataset.labelCount >= 2 else {
      throw DetectorError(
        "\(dataset.name) has no labels to train a detector on; give data with classes (a folder for each, IDX, CIFAR)")
    }
    if let test, test.labelCount != dataset.labelCount {
      throw DetectorError("\(test.name) has \(test.labelCount) classes, but \(dataset.name) has \(dataset.labelCount)")
    }
    let classifier = Classifier(
      .init(
        resolution: min(dataset.resolution, 64), channels: dataset.channels == 1 ? 1 : 3, classes: dataset.labelCount,
        classNames: dataset.labelNames, dataset: dataset.name), name: name, seed: seed, device: device)
    let adam = Adam(classifier.store.parameters, learningRate: learningRate, beta1: 0.9, beta2: 0.999)
    let random = RandomStream(seed: seed &+ 1)
    let shown = test == nil ? (0..<dataset.count).filter { $0 % 10 != 9 } : Array(0..<dataset.count)
    let steps = min(max(1, shown.count / batch) * epochs, steps ?? .max)
    var order: [Int] = []
    for step in 0..<steps {
      if order.count < min(batch, shown.count) {
        let keys = random.uniform([shown.count], dtype: .float64).doubles
        order = shown.indices.sorted { keys[$0] < keys[$1] }.map { shown[$0] }
      }
      let part = Array(order.suffix(batch))
      order.removeLast(part.count)
      var images = try Self.images(dataset, part, classifier)
      if mirror, random.uniform() < 0.5 { images = images.flipped([3]) }
      let loss = Classifier.crossEntropy(classifier.logits(images, training: true), part.map { dataset.label(at: $0)! })
      adam.learningRate = learningRate * (1 + cos(Double.pi * Double(step) / Double(steps))) / 2
      adam.step(gradients(of: loss, withRespectTo: classifier.store.parameters.map(\.value)))
      progress((step + 1) * batch, steps * batch, loss.item)
      if shouldStop() { return nil }
    }
    classifier.store.setRequiresGradient(false)
    let held = test.map { Array(0..<$0.count) } ?? (0..<dataset.count).filter { $0 % 10 == 9 }
    if !held.isEmpty { classifier.description.accuracy = try Self.accuracy(classifier, test ?? dataset, held) }
    return classifier
  }

  /// The share of images whose class is the most probable one.
  private static func accuracy(_ classifier: Classifier, _ dataset: any ImageDataset, _ items: [Int]) throws -> Double {
    var right = 0
    for range in chunks(items.count, of: 256) {
      let part = Array(items[range])
      let found = classifier.classes(try images(dataset, part, classifier))
      right += zip(found, part).count { $0 == dataset.label(at: $1)! }
    }
    return Double(right) / Double(items.count)
  }

  private static func images(_ dataset: any ImageDataset, _ items: [Int], _ classifier: Classifier) throws -> Tensor {
    var pixels: [UInt8] = []
    for item in items { pixels += try dataset.image(at: item) }
    let raw = ImageBatch(pixels: pixels, labels: [], count: items.count)
      .tensor(channels: dataset.channels, resolution: dataset.resolution, device: classifier.store.device)
      .onWhite(black: -1, white: 1)
    return DetectorInput.resized(
      DetectorInput.channels(raw, classifier.description.channels), classifier.description.resolution)
  }
}
