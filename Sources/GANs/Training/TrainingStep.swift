import Foundation
import Torch

/// The networks in training, with their optimizers: what one step changes. It knows no family.
public final class TrainingNetworks {
  /// G
  public let generator: any Generator
  /// The moving average of G, to draw with.
  public let average: any Generator
  /// D
  public let discriminator: any Discriminator
  /// The optimizers of G and D.
  public let generatorOptimizer, discriminatorOptimizer: any Optimizer
  let objective: Objective
  let averageHalfLife: Double
  let averageDecay: Double?
  let compute: Compute
  /// Told as each part of an update ends, for whoever times them.
  var partEnded: ((Part) -> Void)?

  /// Parts of an update: G and D forward, gradients, the optimizer's step, and what lies between.
  enum Part { case generator, discriminator, backward, optimizer, rest }

  /// Fresh networks.
  public convenience init(_ options: TrainingOptions, device: Device = .cpu) {
    self.init(options, device: device, type: .float32)
  }

  /// Fresh networks with weights and optimizers of another type, for checks of the arithmetic.
  package init(_ options: TrainingOptions, device: Device = .cpu, type: DType) {
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
    compute = options.compute
    generatorOptimizer = options.makeOptimizer(generator.store.parameters)
    // Lazy regularisation takes extra steps: Adam's constants are corrected for them (StyleGAN2 §B).
    discriminatorOptimizer = options.makeOptimizer(
      discriminator.store.parameters, correction: objective.lazyCorrection)
  }

  /// Sets the learning rate of both optimizers.
  public func setLearningRate(_ rate: Double) {
    generatorOptimizer.learningRate = rate
    discriminatorOptimizer.learningRate = rate * objective.lazyCorrection
  }

  /// One update of D on reals and fakes.
  /// - Parameters:
  ///   - reals: `[N, C, r, r]`
  ///   - sample: what fakes are made of, and where the gradient penalty is taken.
  ///   - fakes: fakes made already, without a graph; nil to make them of the sample.
  ///   - penalised: whether the penalty is applied in this step.
  ///   - record: takes the named values of the step.
  public func updateDiscriminator(
    reals: Tensor, sample: TrainingSample, fakes: Tensor? = nil, growth: Growth, penalised: Bool,
    record: (String, Double) -> Void
  ) {
    partEnded?(.rest)
    let fakes =
      fakes
      ?? withoutGradients { generator.trainingImages(sample, growth: growth, updatingAverage: false, compute) }
    partEnded?(.generator)
    discriminator.store.setRequiresGradient(true)
    let everyStep = objective.penaltyInterval == 1
    let reals = reals.requiringGradient(everyStep && objective.isRegularized && objective.regularizer == .r1)
    let realScores = discriminator(reals, growth: growth, compute)
    let fakeScores = discriminator(fakes, growth: growth, compute)
    partEnded?(.discriminator)
    var loss = objective.discriminatorLoss(realScores: realScores, fakeScores: fakeScores)
    let (realScore, fakeScore) = (realScores.mean().item, fakeScores.mean().item)
    record("Loss/D/loss", loss.item)
    record("Loss/scores/real", realScore)
    record("Loss/scores/fake", fakeScore)
    record("Loss/signs/real", sign(realScores))
    if objective.loss == .wasserstein { record("Loss/wasserstein", realScore - fakeScore) }
    if objective.drift > 0 {
      let drift = objective.driftTerm(realScores: realScores)
      record("Loss/drift", drift.item)
      loss = loss + drift
    }
    if everyStep && objective.isRegularized {
      let penalty = penalty(reals, realScores: realScores, fakes: fakes, sample, growth)
      record(penaltyName, penalty.item)
      loss = loss + penalty
    }
    step(discriminatorOptimizer, loss)
    clip()

    if !everyStep && penalised && objective.isRegularized {
      let reals = reals.requiringGradient()
      let scores = objective.regularizer == .r1 ? discriminator(reals, growth: growth, compute) : realScores
      let penalty = penalty(reals, realScores: scores, fakes: fakes, sample, growth)
      record(penaltyName, penalty.item)
      step(discriminatorOptimizer, penalty * Double(objective.penaltyInterval))
    }
  }

  private var penaltyName: String {
    objective.regularizer == .r1 ? "Loss/r1_penalty" : "Loss/gradient_penalty"
  }

  private func penalty(
    _ reals: Tensor, realScores: Tensor, fakes: Tensor, _ sample: TrainingSample, _ growth: Growth
  ) -> Tensor {
    if objective.regularizer == .r1 { return objective.penalty(reals: reals, realScores: realScores) }
    return objective.gradientPenalty(reals: reals.withoutGraph, fakes: fakes, position: sample.position!) {
      discriminator($0, growth: growth, compute)
    }
  }

  /// WGAN's clipping, where it is asked for (Arjovsky et al. 2017, Algorithm 1, line 7).
  private func clip() {
    guard let limit = objective.clip else { return }
    withoutGradients {
      for parameter in discriminator.store.parameters { parameter.value.clamp(minimum: -limit, maximum: limit) }
    }
  }

  /// One update of G through D, which itself stays as it is; w_avg follows.
  /// - Returns: the fakes that G was judged by, without their graph.
  @discardableResult
  public func updateGenerator(
    sample: TrainingSample, growth: Growth, record: (String, Double) -> Void
  ) -> Tensor {
    discriminator.store.setRequiresGradient(false)
    partEnded?(.rest)
    let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: true, compute)
    partEnded?(.generator)
    let scores = discriminator(fakes, growth: growth, compute)
    partEnded?(.discriminator)
    let loss = objective.generatorLoss(fakeScores: scores)
    record("Loss/G/loss", loss.item)
    step(generatorOptimizer, loss)
    return fakes.withoutGraph
  }

  /// Moves the average towards G: weights with β = 0.5^(batch / half-life), or a given β; buffers are copied.
  public func updateAverage(batch: Int) {
    let beta = averageDecay ?? (averageHalfLife > 0 ? pow(0.5, Double(batch) / averageHalfLife) : 0)
    withoutGradients {
      Tensor.lerp(
        average.store.parameters.map(\.value), towards: generator.store.parameters.map(\.value), weight: 1 - beta)
      for (mine, theirs) in zip(average.store.buffers, generator.store.buffers) { mine.set(theirs.value) }
    }
  }

  private func step(_ optimizer: any Optimizer, _ loss: Tensor) {
    partEnded?(.rest)
    let found = gradients(of: loss, withRespectTo: optimizer.parameters.map(\.value))
    partEnded?(.backward)
    optimizer.step(found)
    partEnded?(.optimizer)
  }

  /// Mean sign of scores: 1 where D takes all for real; near 1 on reals D knows them by heart.
  private func sign(_ scores: Tensor) -> Double {
    let values = scores.floats
    return values.reduce(0) { $0 + ($1 > 0 ? 1 : $1 < 0 ? -1 : 0) } / Double(values.count)
  }
}

extension TrainingOptions {
  /// An optimizer at the first learning rate; `correction` is c of lazy regularization.
  fileprivate func makeOptimizer(_ parameters: [Parameter], correction c: Double = 1) -> any Optimizer {
    let rate = schedule.learningRate(at: schedule.initialResolution)
    return switch optimizer {
    case .adam:
      Adam(
        parameters, learningRate: rate * c, beta1: pow(adam.beta1, c), beta2: pow(adam.beta2, c), epsilon: adam.epsilon)
    case .rmsprop: RMSProp(parameters, learningRate: rate, alpha: rmsprop.alpha, epsilon: rmsprop.epsilon)
    }
  }
}
