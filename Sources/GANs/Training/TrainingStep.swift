import Foundation
import Torch

/// The networks in training with their optimizers and regularizers, for every family.
public final class TrainingNetworks {
  /// G
  public let generator: any Generator
  /// The moving average of G, for drawing.
  public let average: any Generator
  /// D
  public let discriminator: any Discriminator
  /// The optimizers of G and D.
  public let generatorOptimizer, discriminatorOptimizer: any Optimizer
  /// The regularizers of G's loss.
  public let generatorRegularizers: [any GeneratorRegularizer]
  /// A differentiable augmentation of all images before D, reals and fakes; nil for no augmentation.
  public var augmentation: ((_ images: Tensor) -> Tensor)?
  /// Takes D's scores of reals, in D's updates and under R1.
  var sawRealScores: ((Tensor) -> Void)?
  let objective: Objective
  let averageHalfLife: Double
  let averageDecay: Double?
  let compute: Compute
  /// R, the final resolution.
  let resolution: Int
  let details: TrainingOptions.StepDetails
  /// Called at the end of each part of an update, for timing.
  var partEnded: ((Part) -> Void)?

  /// Parts of an update: G and D forward, gradients, the optimizer's step, and the rest.
  enum Part { case generator, discriminator, backward, optimizer, rest }

  /// Real images of a step with their labels.
  public struct Reals {
    /// `[N, C, r, r]`
    public let images: Tensor
    /// One for each image; nil for networks without labels.
    public let condition: Condition?

    /// Images, and their labels.
    public init(_ images: Tensor, condition: Condition? = nil) { (self.images, self.condition) = (images, condition) }
  }

  /// Fresh networks.
  /// - Parameter classifier: of ``TrainingOptions/openSeparabilityClassifier(device:)``. Without one there is no separability
  ///   regularizer.
  public convenience init(_ options: TrainingOptions, device: Device = .cpu, classifier: Classifier? = nil) {
    self.init(options, device: device, classifier: classifier, type: .float32)
  }

  /// Fresh networks with weights and optimizers of another type, for tests of the arithmetic.
  package init(_ options: TrainingOptions, device: Device = .cpu, classifier: Classifier? = nil, type: DType) {
    let configuration = options.configuration
    generator = configuration.makeGenerator(seed: options.seed &* 2 &+ 1, device: device)
    average = configuration.makeGenerator(seed: options.seed &* 2 &+ 1, device: device)
    discriminator = configuration.makeDiscriminator(seed: options.seed &* 2 &+ 2, device: device)
    average.store.setRequiresGradient(false)
    if type != .float32 {
      for store in [generator.store, average.store, discriminator.store] { store.convert(to: type) }
    }
    objective = options.objective
    averageHalfLife = options.averageHalfLifeKimg * 1000
    averageDecay = options.averageDecay
    (compute, resolution, details) = (options.compute, configuration.resolution, options.stepDetails)
    generatorRegularizers = objective.generatorRegularizers(of: generator, classifier: classifier, device: device)
    let corrections = objective.lazyCorrections
    generatorOptimizer = options.makeOptimizer(generator.store.parameters, correction: corrections.generator)
    discriminatorOptimizer = options.makeOptimizer(
      discriminator.store.parameters, correction: corrections.discriminator)
  }

  /// Sets the learning rate of both optimizers.
  public func setLearningRate(_ rate: Double) {
    generatorOptimizer.learningRate = rate * objective.lazyCorrections.generator
    discriminatorOptimizer.learningRate = rate * objective.lazyCorrections.discriminator
  }

  /// D's scores of images. All calls of D go through this function.
  /// - Parameter images: `[N, C, r, r]`
  /// - Returns: `[N, 1]`
  public func judge(_ images: Tensor, _ condition: Condition?, growth: Growth) -> Tensor {
    discriminator(augmentation?(images) ?? images, condition: condition, growth: growth, compute)
  }

  /// One update of D on reals and fakes, and a second one for its regularizer in a separate phase. Drawing the fakes moves
  /// w_avg.
  /// - Parameters:
  ///   - reals: real images with their labels.
  ///   - sample: the random inputs of the fakes, and the position of the gradient penalty.
  ///   - fakes: existing fakes without a graph; nil to draw them from the sample.
  ///   - phase: the phase of the regularizer.
  ///   - record: takes the named values of the step, scalars on the device.
  public func updateDiscriminator(
    _ reals: Reals, sample: TrainingSample, fakes: Tensor? = nil, growth: Growth, phase: Phase,
    record: (String, Tensor) -> Void
  ) {
    partEnded?(.rest)
    let phase = objective.isRegularized ? phase : .none
    let fakes =
      fakes
      ?? withoutGradients {
        generator.trainingImages(sample, growth: growth, updatingAverage: details == .published, compute)
      }
    partEnded?(.generator)
    discriminator.store.setRequiresGradient(true)
    let isR1 = objective.regularizer == .r1
    let images = reals.images.requiringGradient(phase == .joint && isR1)
    let realScores = judge(images, reals.condition, growth: growth)
    let fakeScores = judge(fakes, sample.condition, growth: growth)
    partEnded?(.discriminator)
    let scale = objective.gradientScale(at: growth, of: resolution)
    func penalty(_ images: Tensor, _ scores: Tensor) -> Tensor {
      if isR1 {
        let penalty = objective.r1Penalty(reals: images, realScores: scores, scale: scale)
        record("Loss/r1_penalty", penalty)
        return penalty
      }
      guard let position = sample.position else { preconditionFailure("a gradient penalty needs a position") }
      let penalty = objective.gradientPenalty(
        reals: images.withoutGraph, fakes: fakes, position: position, scale: scale
      ) { judge($0, reals.condition, growth: growth) }
      record("Loss/gradient_penalty", penalty)
      return penalty
    }

    var loss = objective.discriminatorLoss(realScores: realScores, fakeScores: fakeScores)
    let (realScore, fakeScore) = (realScores.withoutGraph.mean(), fakeScores.withoutGraph.mean())
    record("Loss/D/loss", loss)
    record("Loss/scores/real", realScore)
    record("Loss/scores/fake", fakeScore)
    record("Loss/signs/real", realScores.withoutGraph.signs().mean())
    sawRealScores?(realScores)
    if objective.loss == .wasserstein { record("Loss/wasserstein", realScore - fakeScore) }
    if objective.drift > 0 {
      let drift = objective.driftTerm(realScores: realScores)
      record("Loss/drift", drift)
      loss = loss + drift
    }
    if phase == .joint { loss = loss + penalty(images, realScores) }
    step(discriminatorOptimizer, loss)
    clip()

    if case .separate(let weight) = phase {
      let images = reals.images.requiringGradient()
      let scores = isR1 ? judge(images, reals.condition, growth: growth) : realScores
      if isR1 { sawRealScores?(scores) }
      step(discriminatorOptimizer, penalty(images, scores) * weight)
    }
  }

  /// WGAN's clipping, where enabled (Arjovsky et al. 2017, Algorithm 1, line 7).
  private func clip() {
    guard let limit = objective.clip else { return }
    withoutGradients {
      for parameter in discriminator.store.parameters { parameter.value.clamp(minimum: -limit, maximum: limit) }
    }
  }

  /// One update of G and w_avg; D does not change.
  /// - Parameters:
  ///   - reals: real images for losses of pairs; nil for other losses.
  ///   - regularizers: the joint regularizers.
  /// - Returns: the fakes of this update, without their graph.
  @discardableResult public func updateGenerator(
    sample: TrainingSample, reals: Reals? = nil, growth: Growth, record: (String, Tensor) -> Void,
    regularizers: () -> [Tensor] = { [] }
  ) -> Tensor {
    discriminator.store.setRequiresGradient(false)
    partEnded?(.rest)
    let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: true, compute)
    partEnded?(.generator)
    let scores = judge(fakes, sample.condition, growth: growth)
    let realScores = reals.map { reals in withoutGradients { judge(reals.images, reals.condition, growth: growth) } }
    partEnded?(.discriminator)
    let loss = objective.generatorLoss(fakeScores: scores, realScores: realScores)
    record("Loss/G/loss", loss)
    step(generatorOptimizer, regularizers().reduce(loss, +))
    return fakes.withoutGraph
  }

  /// The differentiable value of a regularizer of G. The call updates its state.
  public func penalty(
    _ regularizer: any GeneratorRegularizer, sample: TrainingSample, growth: Growth, random: SamplingStreams,
    record: (String, Tensor) -> Void
  ) -> Tensor {
    let penalty = regularizer(generator, sample, growth: growth, random: random, compute, record: record)
    record(regularizer.key, penalty)
    return penalty
  }

  /// A separate update of G for a regularizer.
  public func updateGenerator(penalty: Tensor, weight: Double) { step(generatorOptimizer, penalty * weight) }

  /// Updates the moving average of G: weights with β = 0.5^(images / half-life), or a given β; buffers are copied.
  /// - Parameter images: real images that this step has shown to D.
  public func updateAverage(images: Int) {
    let beta = averageDecay ?? (averageHalfLife > 0 ? pow(0.5, Double(images) / averageHalfLife) : 0)
    withoutGradients {
      Tensor.lerp(
        average.store.parameters.map(\.value), towards: generator.store.parameters.map(\.value), weight: 1 - beta)
      for (mine, theirs) in zip(average.store.buffers, generator.store.buffers) { mine.set(theirs.value) }
    }
  }

  /// Sets the moments of both optimizers to 0.
  func resetMoments() {
    generatorOptimizer.reset()
    discriminatorOptimizer.reset()
  }

  /// All tensors for an exact resume, by name.
  var state: [(prefix: String, tensors: [(name: String, value: Tensor)])] {
    [
      ("G.", generator.store.state), ("G_ema.", average.store.state), ("D.", discriminator.store.state),
      ("optimizer.G.", generatorOptimizer.state), ("optimizer.D.", discriminatorOptimizer.state),
      ("regularizer.G.", generatorRegularizers.flatMap(\.state)),
    ]
  }

  private func step(_ optimizer: any Optimizer, _ loss: Tensor) {
    partEnded?(.rest)
    let found = gradients(of: loss, withRespectTo: optimizer.parameters.map(\.value))
    partEnded?(.backward)
    optimizer.step(found)
    partEnded?(.optimizer)
  }
}

extension Tensor {
  /// The signs −1, 0 or 1. Their mean over scores of reals is near 1 where D is overfitting.
  func signs() -> Tensor {
    let zero = Tensor.zeros([1], device: device)
    return zero.isLess(than: self).to(.float32) - isLess(than: zero).to(.float32)
  }
}

extension TrainingOptions {
  /// An optimizer at the first learning rate; `correction` is c of lazy regularization.
  fileprivate func makeOptimizer(_ parameters: [Parameter], correction c: Double) -> any Optimizer {
    let rate = schedule.learningRate(at: schedule.initialResolution)
    return switch optimizer {
    case .adam:
      Adam(
        parameters, learningRate: rate * c, beta1: pow(adam.beta1, c), beta2: pow(adam.beta2, c), epsilon: adam.epsilon)
    case .rmsprop: RMSProp(parameters, learningRate: rate, alpha: rmsprop.alpha, epsilon: rmsprop.epsilon)
    }
  }
}
