import Foundation
import Torch

/// The inception score (Salimans et al. 2016): exp E KL(p(y|x) ‖ p(y)) of a classifier's probabilities, in equal splits
/// of consecutive images. It is 1 where all images have the same probabilities, and the number of classes where each image
/// is certain and all classes are equally frequent.
public struct InceptionScore {
  private let total: Int
  private let splits: Int
  private var added = 0
  private var sums: [Tensor?]
  private var entropies: [Double]
  private var counts: [Int]

  /// A score of `total` images.
  public init(total: Int, splits: Int = 10) {
    self.total = total
    self.splits = min(splits, total)
    sums = Array(repeating: nil, count: self.splits)
    (entropies, counts) = (Array(repeating: 0, count: self.splits), Array(repeating: 0, count: self.splits))
  }

  /// Adds the next images.
  /// - Parameter probabilities: `[N, classes]`, rows that sum to 1.
  public mutating func add(_ probabilities: Tensor) {
    let p = probabilities.to(.float64)
    var row = 0
    while row < p.size(0) {
      precondition(added < total, "more than the \(total) images of the score")
      let split = Self.split(of: added, total, splits)
      var end = row
      while end < p.size(0), Self.split(of: added + end - row, total, splits) == split { end += 1 }
      let part = p[row..<end]
      // The clamp makes p log p = 0 at p = 0.
      entropies[split] += (part * part.clamped(minimum: 1e-300, maximum: 1).log()).sum().item
      let sum = part.sum(over: [0])
      sums[split] = sums[split].map { $0 + sum } ?? sum
      counts[split] += end - row
      added += end - row
      row = end
    }
  }

  /// Split i holds the images from ⌊i·total/splits⌋ on.
  private static func split(of image: Int, _ total: Int, _ splits: Int) -> Int { ((image + 1) * splits - 1) / total }

  /// The mean and the (biased) standard deviation over splits.
  public var result: (mean: Double, deviation: Double) {
    precondition(added == total, "\(added) of \(total) images were added")
    let scores = zip(zip(sums, entropies), counts).map { part, count in
      let mean = part.0! / Double(count)
      let marginal = (mean * mean.clamped(minimum: 1e-300, maximum: 1).log()).sum().item
      return exp(part.1 / Double(count) - marginal)
    }
    let mean = scores.reduce(0, +) / Double(scores.count)
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count)
    return (mean, variance.squareRoot())
  }
}
