import Foundation
import Torch

/// The networks in training, with their optimizers: what one step changes.
public final class TrainingNetworks {
  /// G
  public let generator: StyleGANGenerator
  /// The moving average of G, to draw with.
  public let average: StyleGANGenerator
  /// D
  public let discriminator: StyleGANDiscriminator
  /// Adam for G and D.
  public let generatorOptimizer, discriminatorOptimizer: Adam
  let objective: LogisticObjective
  let averageHalfLife: Double
  let compute: Compute

  /// Fresh networks.
  public init(_ options: TrainingOptions, device: Device = .cpu) {
    generator = StyleGANGenerator(options.configuration, seed: options.seed &* 2 &+ 1, device: device)
    average = StyleGANGenerator(options.configuration, seed: options.seed &* 2 &+ 1, device: device)
    discriminator = StyleGANDiscriminator(options.configuration, seed: options.seed &* 2 &+ 2, device: device)
    average.store.setRequiresGradient(false)
    objective = options.objective
    averageHalfLife = options.averageHalfLifeKimg * 1000
    compute = options.compute
    let rate = options.schedule.learningRate(at: options.schedule.initialResolution)
    let adam = options.adam
    generatorOptimizer = Adam(
      generator.store.parameters, learningRate: rate, beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.epsilon)
    // Lazy regularisation takes extra steps: Adam's constants are corrected for them (StyleGAN2 §B).
    let c = objective.lazyCorrection
    discriminatorOptimizer = Adam(
      discriminator.store.parameters, learningRate: rate * c, beta1: pow(adam.beta1, c), beta2: pow(adam.beta2, c),
      epsilon: adam.epsilon)
  }

  /// Sets the learning rate of both optimizers.
  public func setLearningRate(_ rate: Double) {
    generatorOptimizer.learningRate = rate
    discriminatorOptimizer.learningRate = rate * objective.lazyCorrection
  }

  /// One update of D on reals and fakes.
  /// - Parameters:
  ///   - reals: `[N, C, r, r]`
  ///   - penalised: whether R1 is applied in this step.
  ///   - record: takes the named values of the step.
  public func updateDiscriminator(
    reals: Tensor, sample: TrainingSample, growth: Growth, penalised: Bool, record: (String, Double) -> Void
  ) {
    let fakes = withoutGradients {
      generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
    }
    discriminator.store.setRequiresGradient(true)
    let everyStep = objective.penaltyInterval == 1
    let reals = reals.requiringGradient(everyStep && objective.gamma > 0)
    let realScores = discriminator(reals, growth: growth, compute)
    let fakeScores = discriminator(fakes, growth: growth, compute)
    var loss = objective.discriminatorLoss(realScores: realScores, fakeScores: fakeScores)
    record("Loss/D/loss", loss.item)
    record("Loss/scores/real", realScores.mean().item)
    record("Loss/scores/fake", fakeScores.mean().item)
    record("Loss/signs/real", sign(realScores))
    if everyStep && objective.gamma > 0 {
      let penalty = objective.penalty(reals: reals, realScores: realScores)
      record("Loss/r1_penalty", penalty.item)
      loss = loss + penalty
    }
    step(discriminatorOptimizer, loss)

    if !everyStep && penalised && objective.gamma > 0 {
      let reals = reals.requiringGradient()
      let penalty = objective.penalty(reals: reals, realScores: discriminator(reals, growth: growth, compute))
      record("Loss/r1_penalty", penalty.item)
      step(discriminatorOptimizer, penalty * Double(objective.penaltyInterval))
    }
  }

  /// One update of G through D, which itself stays as it is; w_avg follows.
  public func updateGenerator(sample: TrainingSample, growth: Growth, record: (String, Double) -> Void) {
    discriminator.store.setRequiresGradient(false)
    let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: true, compute)
    let scores = discriminator(fakes, growth: growth, compute)
    let loss = objective.generatorLoss(fakeScores: scores)
    record("Loss/G/loss", loss.item)
    step(generatorOptimizer, loss)
  }

  /// Moves the average towards G: weights with β = 0.5^(batch / half-life), buffers are copied.
  public func updateAverage(batch: Int) {
    let beta = averageHalfLife > 0 ? pow(0.5, Double(batch) / averageHalfLife) : 0
    withoutGradients {
      Tensor.lerp(
        average.store.parameters.map(\.value), towards: generator.store.parameters.map(\.value), weight: 1 - beta)
      for (mine, theirs) in zip(average.store.buffers, generator.store.buffers) { mine.set(theirs.value) }
    }
  }

  private func step(_ optimizer: Adam, _ loss: Tensor) {
    optimizer.step(gradients(of: loss, withRespectTo: optimizer.parameters.map(\.value)))
  }

  /// Mean sign of scores: 1 where D takes all for real; near 1 on reals D knows them by heart.
  private func sign(_ scores: Tensor) -> Double {
    let values = scores.floats
    return values.reduce(0) { $0 + ($1 > 0 ? 1 : $1 < 0 ? -1 : 0) } / Double(values.count)
  }
}
