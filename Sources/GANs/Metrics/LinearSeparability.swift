import Foundation
import Torch

/// Linear separability of a latent space (StyleGAN §4.2): whether hyperplanes separate attributes of the images.
///
/// For each attribute the half of the images with the most certain answers of a classifier is kept (100k of 200k in the
/// paper). A linear SVM predicts the classifier's answer Y from the latent. H(Y | X) is the remaining entropy of Y, given
/// the SVM's prediction X. The score is exp Σᵢ H(Yᵢ | Xᵢ), with natural logarithms: 1 where hyperplanes separate all
/// attributes; each balanced binary attribute without any separation doubles it.
public struct LinearSeparability: Sendable {
  /// The share of images kept for an attribute.
  public var keptShare = 0.5
  /// The ranking of the classifier's answers.
  public var ranking: Ranking

  /// The definition of the most certain answers.
  public enum Ranking: Sendable {
    /// The largest |logit|: the paper's definition, for frequent attributes.
    case overall
    /// The largest |logit| among images with the attribute, and among those without: for one class against the rest. With
    /// `overall` a rare class could have no images.
    case perAnswer
  }

  /// The result for one attribute.
  public struct Attribute: Sendable, Codable, Equatable {
    /// The name of the attribute.
    public let name: String
    /// H(Y | X) in nats.
    public let entropy: Double
    /// The share of kept images where the SVM agrees with the classifier.
    public let accuracy: Double
    /// The share of kept images that have the attribute.
    public let positives: Double
  }

  /// A measure.
  public init(ranking: Ranking) { self.ranking = ranking }

  /// Measures one attribute.
  /// - Parameters:
  ///   - latents: `[N, d]`
  ///   - logits: the classifier's log-odds for each image; above 0 the image has the attribute.
  public func callAsFunction(_ name: String, latents: Tensor, logits: [Double]) -> Attribute {
    withoutGradients {
      let kept = self.kept(logits)
      let labels = kept.map { logits[$0] > 0 }
      let x = latents.gathered(Tensor(kept), along: 0)
      let predictions = LinearSVM(x, labels: labels).predictions(x)
      return Attribute(
        name: name, entropy: Self.conditionalEntropy(of: labels, given: predictions),
        accuracy: Double(zip(predictions, labels).count { $0 == $1 }) / Double(max(kept.count, 1)),
        positives: Double(labels.count { $0 }) / Double(max(kept.count, 1)))
    }
  }

  /// exp Σ H(Y | X)
  public static func score(_ attributes: [Attribute]) -> Double { exp(attributes.reduce(0) { $0 + $1.entropy }) }

  /// The indices of the kept images, ascending.
  func kept(_ logits: [Double]) -> [Int] {
    func most(_ images: [Int]) -> ArraySlice<Int> {
      let count = Int((Double(images.count) * keptShare).rounded())
      // Ties go to the earlier image.
      return images.sorted { (abs(logits[$0]), $1) > (abs(logits[$1]), $0) }.prefix(count)
    }
    let all = Array(logits.indices)
    switch ranking {
    case .overall: return most(all).sorted()
    case .perAnswer: return (most(all.filter { logits[$0] > 0 }) + most(all.filter { logits[$0] <= 0 })).sorted()
    }
  }

  /// H(Y | X) = −Σ p(x, y) log p(y | x), in nats: at most log 2; 0 where X determines Y.
  public static func conditionalEntropy(of y: [Bool], given x: [Bool]) -> Double {
    precondition(y.count == x.count && !y.isEmpty, "\(y.count) answers for \(x.count) predictions")
    var counts = [[0.0, 0.0], [0.0, 0.0]]
    for (y, x) in zip(y, x) { counts[x ? 1 : 0][y ? 1 : 0] += 1 }
    var entropy = 0.0
    for row in counts {
      for count in row where count > 0 { entropy -= count / Double(y.count) * log(count / (row[0] + row[1])) }
    }
    return entropy
  }
}
