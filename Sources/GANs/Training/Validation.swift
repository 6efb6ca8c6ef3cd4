import Datasets
import Files
import Torch

/// Scores held-out images beside images of the training, to see whether D overfits (Karras et al. 2020, "Training Generative
/// Adversarial Networks with Limited Data", Eq. 1).
///
/// r_v = (E[D_train] − E[D_validation])/(E[D_train] − E[D_generated]) and r_t = E[sign D_train]: near 0 without overfitting,
/// near 1 where D knows the training images by heart. At each tick D scores the same images of both parts, at most
/// ``limit`` of each; E[D_generated] and r_t are means over the tick. Nothing is drawn at random, and no augmentation is
/// applied. With fewer than ``leastCount`` of each the error of r_v is unknown, and r_v is left out.
struct Validation {
  /// The largest number of scored images of each part.
  static let limit = 256
  /// The least number of scored images of each part for r_v.
  static let leastCount = 8

  let split: ValidationSplit
  private let dataset: any ImageDataset

  /// - Throws: ``ConfigurationError`` where there is only one image.
  init?(_ options: TrainingOptions, _ dataset: any ImageDataset) throws(ConfigurationError) {
    guard let share = options.validation else { return nil }
    guard let split = ValidationSplit(dataset, share: share, seed: options.seed) else {
      throw ConfigurationError(
        "\(field: .validation) needs at least 2 images, and \(dataset.name) has one: leave it out")
    }
    (self.split, self.dataset) = (split, dataset)
  }

  /// The scored images of each part.
  private var scored: (training: ArraySlice<Int>, held: ArraySlice<Int>) {
    let count = min(Self.limit, split.trainingOrder.count)
    return (split.trainingOrder.prefix(count), split.heldOrder.prefix(count))
  }

  /// The file of a run with the numbers of its held-out images.
  private struct Record: Codable {
    let share: Double
    let fingerprint: String
    let heldOut: [Int]
  }

  /// What is held out, for the start of a training.
  var summary: String {
    let (held, all) = (split.held.count, split.held.count + split.training.count)
    return "held out: \(held) of \(all) images"
      + (held < Self.leastCount ? "; too few to see overfitting: hold out \(Self.leastCount) or more" : "")
  }

  /// Writes the numbers of the held-out images into the folder of a run.
  func write(to directory: RunDirectory, _ options: TrainingOptions) throws {
    let record = Record(
      share: options.validation ?? 0, fingerprint: dataset.fingerprint, heldOut: split.held.indices)
    try AtomicFile.write(try JSON.compact(record), to: directory.validationRecord)
  }

  /// The values for the statistics of a tick.
  /// - Parameters:
  ///   - means: the means of the tick.
  ///   - batch: the size of a minibatch.
  ///   - score: D without augmentation: scores `[N, 1]` of images with their classes.
  /// - Throws: errors of reading.
  func values(
    _ means: [String: Double], batch: Int, score: (ImageBatch) -> Tensor
  ) throws -> [String: Double] {
    func scores(_ items: ArraySlice<Int>) throws -> [Double] {
      try chunks(items.count, of: batch).flatMap { range -> [Double] in
        let part = items.dropFirst(range.lowerBound).prefix(range.count)
        var pixels: [UInt8] = []
        for item in part { pixels += try dataset.image(at: item) }
        let labels = part.compactMap { dataset.label(at: $0) }
        let vectors = part.flatMap { dataset.labelVector(at: $0) ?? [] }
        return score(ImageBatch(pixels: pixels, labels: labels, vectors: vectors, count: part.count)).doubles
      }
    }
    let (train, held) = (Sample(try scores(scored.training)), Sample(try scores(scored.held)))
    var values = [
      "Loss/scores/train": train.mean, "Loss/scores/validation": held.mean, "Loss/signs/validation": held.sign,
    ]
    values["Overfitting/r_t"] = means["Loss/signs/real"]
    let isMeasurable = min(scored.training.count, scored.held.count) >= Self.leastCount
    if isMeasurable, let fake = means["Loss/scores/fake"], train.mean > fake {
      let scale = train.mean - fake
      values["Overfitting/r_v"] = (train.mean - held.mean) / scale
      values["Overfitting/r_v_error"] = (train.squaredError + held.squaredError).squareRoot() / scale
    }
    return values
  }

  private struct Sample {
    let mean, sign: Double
    /// The squared standard error of the mean.
    let squaredError: Double

    init(_ scores: [Double]) {
      let count = Double(max(scores.count, 1))
      let mean = scores.reduce(0, +) / count
      self.mean = mean
      sign = scores.reduce(0) { $0 + ($1 > 0 ? 1 : $1 < 0 ? -1 : 0) } / count
      squaredError = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count * max(count - 1, 1))
    }
  }
}
