import Foundation
import Torch

/// Linear separability of a latent space (StyleGAN §4.2): can a hyperplane tell attributes of the images apart?
///
/// For each attribute, the images of which a classifier is most certain are kept (half of them; 100k of 200k in the
/// paper), a linear SVM is fitted to predict the classifier's answer Y from the latent, and H(Y | X) says how much of
/// the answer remains unknown when the SVM's side X is known. The score is exp Σᵢ H(Yᵢ | Xᵢ), natural logarithms: 1
/// where every attribute is on one side of a hyperplane, doubled by each binary attribute that is independent of it.
public struct LinearSeparability: Sendable {
  /// The share of images kept for an attribute.
  public var keptShare = 0.5
  /// How the classifier's answers are ranked.
  public var ranking: Ranking

  /// What "most certain" means.
  public enum Ranking: Sendable {
    /// By |logit|: the paper's, for attributes that many images have.
    case overall
    /// By |logit| among the images with, and among those without the attribute: for classes against the rest. A rare
    /// class would be absent among the images that are most certain overall.
    case perAnswer
  }

  /// What was measured of an attribute.
  public struct Attribute: Sendable, Codable, Equatable {
    /// The attribute.
    public let name: String
    /// H(Y | X) in nats.
    public let entropy: Double
    /// The share of kept images that the SVM puts where the classifier does.
    public let accuracy: Double
    /// The share of kept images that have the attribute.
    public let positives: Double
  }

  /// A measure.
  public init(ranking: Ranking) { self.ranking = ranking }

  /// Measures one attribute.
  /// - Parameters:
  ///   - latents: `[N, d]`
  ///   - logits: the classifier's log-odds for each image; above 0 it has the attribute.
  public func callAsFunction(_ name: String, latents: Tensor, logits: [Double]) -> Attribute {
    withoutGradients {
      let kept = self.kept(logits)
      let labels = kept.map { logits[$0] > 0 }
      let x = latents.gathered(Tensor(kept), along: 0)
      let predictions = LinearSVM(x, labels: labels).predictions(x)
      let right = zip(predictions, labels).count { $0 == $1 }
      return Attribute(
        name: name, entropy: Self.conditionalEntropy(of: labels, given: predictions),
        accuracy: Double(right) / Double(max(kept.count, 1)),
        positives: Double(labels.count { $0 }) / Double(max(kept.count, 1)))
    }
  }

  /// exp Σ H(Y | X)
  public static func score(_ attributes: [Attribute]) -> Double { exp(attributes.reduce(0) { $0 + $1.entropy }) }

  /// The images kept, in their order.
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
