import Torch

/// Augments all images that D sees in a training, and moves p where it is adaptive.
///
/// Every call of D has random numbers of its own: reals, fakes, and the images of a penalty are changed independently. A
/// penalty takes its gradient with respect to the images before the changes.
public final class Augmenter {
  /// The settings.
  public let settings: Augmentation
  /// The probability of each change. Adaptive p has no upper bound; from 1 on every change happens.
  public private(set) var p: Double
  private let random: SamplingStreams
  private let steps: [AugmentationStep]
  private var seen: Seen
  /// Sums of signs that are still on the device.
  private var unread: [Tensor] = []

  /// What happened since p was moved.
  struct Seen: Codable, Equatable {
    /// The sum of the signs of D's scores of reals, and the number of scores.
    var signs = 0.0, scores = 0
    /// Real images shown.
    var images = 0
  }

  /// What an exact resume needs.
  struct State: Codable, Equatable {
    var p: Double
    var seen: Seen

    /// Whether the numbers are consistent; a damaged file may violate this.
    var isPossible: Bool { p.isFinite && p >= 0 && seen.signs.isFinite && seen.scores >= 0 && seen.images >= 0 }
  }

  /// Augmentation from the start of a training.
  /// - Parameter random: the streams of the training; each call draws from them, except where p is 0.
  public convenience init(_ settings: Augmentation, random: SamplingStreams) {
    self.init(settings, random: random, state: nil)
  }

  init(_ settings: Augmentation, random: SamplingStreams, state: State?) {
    (self.settings, self.random, steps) = (settings, random, settings.pipe.steps)
    (p, seen) = (state?.p ?? settings.p ?? 0, state?.seen ?? Seen())
  }

  /// Images as D sees them. Where p is 0 nothing changes and nothing is drawn.
  /// - Parameters:
  ///   - images: `[N, C, H, W]`, C = 1, 3 or 4.
  ///   - premultiplied: whether the colors of images with alpha are multiplied by it.
  /// - Returns: the same shape.
  public func callAsFunction(_ images: Tensor, premultiplied: Bool = false) -> Tensor {
    guard p > 0 else { return images }
    let (n, c, h, w) = (images.size(0), images.size(1), images.size(2), images.size(3))
    let draws = AugmentationDraws(steps, count: n, random: random.choices)
    let parameters = AugmentationParameters(draws, steps, p: p, channels: c, width: w, height: h)
    let noise = parameters.noise.map { _ in random.tensors.normal([n, min(c, 3), h, w]).to(images.dtype) }
    return parameters.applied(to: images, noise: noise, premultiplied: premultiplied)
  }

  /// Takes D's scores of reals, of any shape.
  package func sawRealScores(_ scores: Tensor) {
    guard settings.mode == .adaptive else { return }
    unread.append(scores.withoutGraph.signs().sum().reshaped([1]))
    seen.scores += scores.elementCount
  }

  /// Ends a training step. After every ``Augmentation/interval`` steps adaptive p is moved:
  /// p ← max(p + sign(r − target)·images/(adaptation kimg·1000), 0), with r the mean sign of D's scores of reals since then.
  /// - Parameters:
  ///   - steps: the number of steps so far, with this one.
  ///   - images: real images that the step has shown.
  package func endStep(_ steps: Int, images: Int) {
    guard settings.mode == .adaptive else { return }
    seen.images += images
    guard steps % settings.interval == 0, seen.scores > 0 else { return }
    read()
    let excess = seen.signs / Double(seen.scores) - settings.target
    let direction: Double = excess > 0 ? 1 : excess < 0 ? -1 : 0
    p = max(p + direction * Double(seen.images) / (settings.adaptationKimg * 1000), 0)
    seen = Seen()
  }

  /// Copies the signs from the device, in their order, so that it does not matter when this happens.
  private func read() {
    guard !unread.isEmpty else { return }
    for sum in Tensor.concatenated(unread).to(.cpu).doubles { seen.signs += sum }
    unread = []
  }

  /// What an exact resume needs.
  var state: State {
    read()
    return State(p: p, seen: seen)
  }
}

extension TrainingNetworks {
  /// Shows D augmented images only.
  func use(_ augmenter: Augmenter) {
    let premultiplied = generator.architecture.isPremultiplied
    augmentation = { augmenter($0, premultiplied: premultiplied) }
    sawRealScores = { augmenter.sawRealScores($0) }
  }
}
