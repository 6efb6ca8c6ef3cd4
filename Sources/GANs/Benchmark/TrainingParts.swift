import Torch

extension Benchmark {
  /// Where the time of a training step goes: seconds, medians over whole steps.
  public struct Parts: Codable, Sendable {
    /// Latents, noise and reals made into tensors.
    public var data = 0.0
    /// Fakes and scores: G twice, D three times.
    public var forward = 0.0
    /// The gradients of both losses.
    public var backward = 0.0
    /// R1 in the steps that have it, its share in one step.
    public var penalty = 0.0
    /// Adam for both networks, and the moving average of G.
    public var optimizer = 0.0

    /// What the whole step takes beyond its parts; below 0 where R1 shares a forward pass that was timed apart.
    public var overhead = 0.0

    /// With their names.
    public var named: [(name: String, seconds: Double)] {
      [
        ("data", data), ("forward", forward), ("backward", backward), ("R1", penalty), ("optimizer", optimizer),
        ("overhead", overhead),
      ]
    }
  }

  /// Times the parts of a training step one by one.
  /// - Parameters:
  ///   - batch: images.
  ///   - penaltyInterval: every how many steps R1 is applied; always in a pass of its own here.
  public func trainingParts(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ compute: Compute
  ) -> Parts {
    let networks = TrainingNetworks(trainingOptions(configuration, penaltyInterval: penaltyInterval, compute))
    let random = RandomStream(seed: 3)
    let growth = Growth(resolution: configuration.resolution)
    let side = configuration.resolution
    let pixels = [UInt8](repeating: 127, count: batch * configuration.imageChannels * side * side)
    let objective = networks.objective
    var times = [[Double]](repeating: [], count: 5)

    func timed<Result>(_ part: Int, _ body: () -> Result) -> Result {
      var result: Result!
      let seconds = ContinuousClock().measure { result = body() } / .seconds(1)
      times[part][times[part].count - 1] += seconds
      return result
    }
    func step() {
      for i in times.indices { times[i].append(0) }
      let (first, second, reals) = timed(0) {
        func sample() -> TrainingSample {
          TrainingSample(
            count: batch, configuration: configuration, growth: growth, mixingProbability: 0.9, random: random,
            device: .cpu)
        }
        let shape = [batch, configuration.imageChannels, side, side]
        let values = Tensor(pixels.map { Float($0) / 127.5 - 1 }, shape: shape)
        return (sample(), sample(), values)
      }
      networks.discriminator.store.setRequiresGradient(true)
      let lossD = timed(1) {
        let fakes = withoutGradients {
          networks.generator.trainingImages(first, growth: growth, updatingAverage: false, compute)
        }
        return objective.discriminatorLoss(
          realScores: networks.discriminator(reals, growth: growth, compute),
          fakeScores: networks.discriminator(fakes, growth: growth, compute))
      }
      let optimizerD = networks.discriminatorOptimizer, optimizerG = networks.generatorOptimizer
      let gradientsD = timed(2) { gradients(of: lossD, withRespectTo: optimizerD.parameters.map(\.value)) }
      timed(3) {
        let leaf = reals.requiringGradient()
        let penalty = objective.penalty(
          reals: leaf, realScores: networks.discriminator(leaf, growth: growth, compute))
        _ = gradients(of: penalty, withRespectTo: optimizerD.parameters.map(\.value))
      }
      timed(4) { optimizerD.step(gradientsD) }
      networks.discriminator.store.setRequiresGradient(false)
      let lossG = timed(1) {
        objective.generatorLoss(
          fakeScores: networks.discriminator(
            networks.generator.trainingImages(second, growth: growth, updatingAverage: true, compute), growth: growth,
            compute))
      }
      let gradientsG = timed(2) { gradients(of: lossG, withRespectTo: optimizerG.parameters.map(\.value)) }
      timed(4) {
        optimizerG.step(gradientsG)
        networks.updateAverage(batch: batch)
      }
    }
    _ = median(step)
    let medians = times.map { $0.dropFirst().sorted()[($0.count - 1) / 2] }
    return Parts(
      data: medians[0], forward: medians[1], backward: medians[2], penalty: medians[3] / Double(penaltyInterval),
      optimizer: medians[4])
  }
}
