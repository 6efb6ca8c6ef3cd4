import Foundation
import Torch

/// The separability regularizer: a differentiable variant of ``LinearSeparability`` (StyleGAN §4.2, which leaves it to future
/// work).
///
/// The metric asks how much of a classifier's answer Y is left open by the side X of a linear hyperplane in W, Σ H(Y|X). Here
/// y = p(class | G(w)) are soft answers of a frozen classifier, each class against the rest, and the hyperplanes are linear
/// discriminants in closed form, of a memory of past minibatches (``Separability/decay``). So there is nothing to learn
/// beside G, and no learning rate; a minibatch meets hyperplanes that have not seen it. The penalty is
///
///   weight · n/(n + d) · Σ H(Y|X) / Σ H(Y),
///
/// with n samples in the memory, d = the size of w, and x = σ(a(w)) the soft side of the hyperplane, a the log-odds of the class by its
/// discriminant. The entropies are those of a table of soft counts, E[xy], E[x(1 − y)], …, for each class: the share of
/// the answers that hyperplanes do not tell. It has gradients for f (w moves to its side of the plane) and for g (the picture
/// follows its side). The table is that of the memory, with the gradient of the minibatch's: drawing only one class lowers
/// both sums, and does not pay. Scaling w changes nothing, because the discriminants scale with it.
///
/// ``Separability/Design`` has three other surrogates; the article on separability compares them.
public final class SeparabilityRegularizer: GeneratorRegularizer {
  /// "Loss/ls_penalty"
  public let key = "Loss/ls_penalty"
  private let settings: Separability
  private let classifier: Classifier?
  private let memory: SeparabilityMemory

  /// A regularizer with an empty memory.
  /// - Parameter wSize: d, the size of w.
  public convenience init(_ settings: Separability, classifier: Classifier, wSize: Int, device: Device = .cpu) {
    self.init(settings, classifier: classifier, classes: classifier.description.classes, wSize: wSize, device: device)
  }

  /// A regularizer of given answers, for tests.
  package init(
    _ settings: Separability, classifier: Classifier? = nil, classes: Int, wSize: Int, device: Device = .cpu
  ) {
    (self.settings, self.classifier) = (settings, classifier)
    memory = SeparabilityMemory(dimensions: wSize, classes: classes, decay: settings.decay, device: device)
  }

  /// The number of steps between two applications.
  public var interval: Int { settings.interval }
  /// The memory's sums.
  public var state: [(name: String, value: Tensor)] { memory.state }
  /// The whole minibatch.
  public func sampleCount(batch: Int) -> Int { batch }

  /// The term, for any style-based generator. Styles are not mixed here: each picture has one w.
  public func callAsFunction(
    _ generator: any Generator, _ sample: TrainingSample, growth: Growth, random: SamplingStreams, _ compute: Compute,
    record: (String, Tensor) -> Void
  ) -> Tensor {
    guard let generator = generator as? any StyleBasedGenerator else {
      preconditionFailure("separability is measured in W, and this generator has no W")
    }
    guard let classifier else { preconditionFailure("this regularizer has no classifier") }
    var w = generator.map(sample.z, condition: sample.condition)
    // Without mapping layers w is z, which no parameter computes.
    if !w.requiresGradient { w = w.requiringGradient() }
    let images = generator.synthesize(
      generator.broadcast(w), noise: .given(sample.noise), growth: growth, compute)
    return self(w: w, logits: classifier.logits(ofFakes: images, by: generator.architecture), record: record)
  }

  /// The term of given latents and answers. The call updates the memory.
  /// - Parameters:
  ///   - w: `[N, d]`
  ///   - logits: the classifier's answers, up to a constant for each image, `[N, K]`, computed from w.
  package func callAsFunction(w: Tensor, logits: Tensor, record: (String, Tensor) -> Void = { _, _ in }) -> Tensor {
    let y = Classifier.logProbabilities(logits).exp()
    let trust = withoutGradients { memory.trust(batch: w.size(0)) }
    let share =
      switch settings.design {
      case .likelihood: likelihood(w, y)
      case .side: side(w, y)
      case .variance: variance(w, y)
      case .direction: direction(w, y, logits)
      }
    // An empty memory tells nothing of the answers.
    record("Loss/ls_share", share.withoutGraph * trust + (1 - trust))
    return (share * trust).sum() * settings.weight
  }

  // MARK: Designs

  /// Σ E[softplus(a) − y·a] / Σ H(m)
  private func likelihood(_ w: Tensor, _ y: Tensor) -> Tensor {
    let plane = withoutGradients { memory.discriminant(batch: w.size(0)) }
    let a = plane.logOdds(w)
    withoutGradients { memory.add(latents: w.withoutGraph, answers: y.withoutGraph) }
    let open = (a.softplus() - y * a).mean(over: [0]).sum()
    return open / floored(Self.entropy(following(memory.shares, y)).sum(), uniform: Self.uniformEntropy(y.size(1)))
  }

  /// Σ H(Y|X) / Σ H(Y) of the memory's table of soft counts, with the gradients of the minibatch's.
  private func side(_ w: Tensor, _ y: Tensor) -> Tensor {
    let plane = withoutGradients { memory.discriminant(batch: w.size(0)) }
    let x = plane.logOdds(w).sigmoid()
    withoutGradients { memory.add(latents: w.withoutGraph, answers: y.withoutGraph, sides: x.withoutGraph) }
    let m = following(memory.shares, y)
    let (right, both) = (following(memory.sides.x, x), following(memory.sides.xy, x * y))
    func term(_ count: Tensor, of row: Tensor) -> Tensor {
      let (count, row) = (count.clamped(minimum: 1e-6, maximum: 1), row.clamped(minimum: 2e-6, maximum: 1))
      return -count * (count / row).log()
    }
    let open =
      term(both, of: right) + term(right - both, of: right) + term(m - both, of: 1 - right)
      + term(1 - right - m + both, of: 1 - right)
    return open.sum() / floored(Self.entropy(m).sum(), uniform: Self.uniformEntropy(y.size(1)))
  }

  /// Σ E[(y − m − u)²] / Σ Var(y)
  private func variance(_ w: Tensor, _ y: Tensor) -> Tensor {
    let plane = withoutGradients { memory.discriminant(batch: w.size(0)) }
    let open = (y - plane.shares - plane.regression(w)).squared().mean(over: [0]).sum()
    withoutGradients { memory.add(latents: w.withoutGraph, answers: y.withoutGraph) }
    let all = following(memory.variances, y.squared() - 2 * memory.shares * y).sum()
    return open / floored(all, uniform: 1 - 1 / Double(y.size(1)))
  }

  /// 1 − E[cos(∇_w l, mean gradient of the class)], l the logit of the most probable class above the mean of the logits.
  private func direction(_ w: Tensor, _ y: Tensor, _ logits: Tensor) -> Tensor {
    let n = logits.size(0)
    let chosen = Condition(
      classes: logits.withoutGraph.indexOfMaximum().integers, of: logits.size(1), device: logits.device
    ).vectors
    let centered = logits - logits.mean(over: [1], keepingDimensions: true)
    let gradient = gradients(of: (centered * chosen).sum(), withRespectTo: [w], createGraph: true)[0]
    let unit = gradient / (gradient.squared().sum(over: [1], keepingDimensions: true) + 1e-24).squareRoot()
    let known = withoutGradients { chosen.matmul(memory.directions) }
    withoutGradients {
      memory.add(
        latents: w.withoutGraph, answers: y.withoutGraph,
        units: chosen.transposed.matmul(unit.withoutGraph) / Double(n))
    }
    return 1 - (unit * known).sum(over: [1]).mean()
  }

  /// H(m) = −m log m − (1 − m) log(1 − m), in nats.
  private static func entropy(_ shares: Tensor) -> Tensor {
    let m = shares.clamped(minimum: 1e-3, maximum: 1 - 1e-3)
    return -(m * m.log() + (1 - m) * (1 - m).log())
  }

  /// Σ H(Y) of K classes that are equally frequent.
  private static func uniformEntropy(_ classes: Int) -> Double {
    let k = Double(classes)
    return log(k) + (k - 1) * log(k / (k - 1))
  }

  /// A denominator, at least a tenth of its value for equally frequent classes. An untrained G draws nearly one class, and
  /// a quotient of two tiny sums would drown its other gradients.
  private func floored(_ sum: Tensor, uniform: Double) -> Tensor { sum.clamped(minimum: 0.1 * uniform, maximum: 1e6) }

  /// The memory's mean with the gradient of the minibatch's.
  private func following(_ mean: Tensor, _ batch: Tensor) -> Tensor {
    let here = batch.mean(over: [0])
    return mean + (here - here.withoutGraph)
  }
}
