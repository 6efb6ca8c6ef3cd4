import Torch

extension Benchmark {
  /// The parts of a training step in seconds. They add up to the whole step.
  public struct Parts: Codable, Sendable {
    /// G forward: fakes for D's and for G's update.
    public var generator = 0.0
    /// D forward: scores of reals and fakes for D's update, and of fakes for G's.
    public var discriminator = 0.0
    /// The gradients of both losses.
    public var backward = 0.0
    /// The extra time of steps with R1, as a mean per step.
    public var penalty = 0.0
    /// Adam for both networks.
    public var optimizer = 0.0
    /// The latents, the losses' values, and the moving average of G.
    public var rest = 0.0

    /// The parts with their names.
    public var named: [(name: String, seconds: Double)] {
      [
        ("G", generator), ("D", discriminator), ("backward", backward), ("R1", penalty), ("optimizer", optimizer),
        ("rest", rest),
      ]
    }

    /// The whole step.
    public var total: Double { named.reduce(0) { $0 + $1.seconds } }
  }

  /// Times training steps of `batch` images: the parts of a step without R1, and the extra time with R1.
  public func trainingParts(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ compute: Compute
  ) -> Parts {
    var options = trainingOptions(configuration, penaltyInterval: penaltyInterval, compute)
    let penalized = TrainingNetworks(options, device: device)
    let phase: Phase = penaltyInterval == 1 ? .joint : .separate(weight: Double(penaltyInterval))
    options.objective.regularizer = .none
    let plain = TrainingNetworks(options, device: device)
    let (random, growth) = (SamplingStreams(seed: 3, device: device), Growth(resolution: configuration.resolution))
    let reals = TrainingNetworks.Reals(
      random.tensors.normal([batch, configuration.imageChannels, configuration.resolution, configuration.resolution]))
    func step(_ networks: TrainingNetworks, _ phase: Phase) {
      Self.step(networks, phase, reals, growth: growth, random)
      device.synchronize()
    }
    let clock = ContinuousClock()
    var (times, parts): ([Double], [Parts]) = ([], [])
    // The two kinds of step alternate, so that a busy machine affects both.
    _ = median {
      times.append(clock.measure { step(penalized, phase) } / .seconds(1))
      parts.append(timed(plain, clock) { step(plain, .none) })
    }
    // The first repetition is the warm-up. Medians of each part would not add up, so all parts are of the median step.
    var typical = parts.dropFirst().sorted { $0.total < $1.total }[(parts.count - 1) / 2]
    let whole = times.dropFirst().sorted()[(times.count - 1) / 2]
    typical.penalty = (whole - typical.total) / Double(penaltyInterval)
    return typical
  }

  /// One training step on these images.
  static func step(
    _ networks: TrainingNetworks, _ phase: Phase, _ reals: TrainingNetworks.Reals, growth: Growth,
    _ random: SamplingStreams
  ) {
    let batch = reals.images.size(0)
    func sample() -> TrainingSample {
      networks.generator.sample(count: batch, condition: nil, growth: growth, mixingProbability: 0.9, random: random)
    }
    networks.updateDiscriminator(reals, sample: sample(), growth: growth, phase: phase, record: { _, _ in })
    networks.updateGenerator(sample: sample(), growth: growth, record: { _, _ in })
    networks.updateAverage(images: batch)
  }

  /// The parts of a step of `networks`. A part gets the time since the end of the part before it.
  private func timed(_ networks: TrainingNetworks, _ clock: ContinuousClock, _ step: () -> Void) -> Parts {
    var parts = Parts()
    var start = clock.now
    func seconds() -> Double {
      device.synchronize()
      defer { start = clock.now }
      return (clock.now - start) / .seconds(1)
    }
    networks.partEnded = { part in
      switch part {
      case .generator: parts.generator += seconds()
      case .discriminator: parts.discriminator += seconds()
      case .backward: parts.backward += seconds()
      case .optimizer: parts.optimizer += seconds()
      case .rest: parts.rest += seconds()
      }
    }
    defer { networks.partEnded = nil }
    step()
    parts.rest += seconds()
    return parts
  }
}
