import Torch

extension Benchmark {
  /// Where the time of a training step goes: seconds, which add up to the whole.
  public struct Parts: Codable, Sendable {
    /// G, forward: fakes for D and for itself.
    public var generator = 0.0
    /// D, forward: scores of reals and fakes, and of fakes again.
    public var discriminator = 0.0
    /// The gradients of both losses.
    public var backward = 0.0
    /// What the steps with R1 take more than those without, its share in one step.
    public var penalty = 0.0
    /// Adam for both networks.
    public var optimizer = 0.0
    /// The latents, the losses' values, and the moving average of G.
    public var rest = 0.0

    /// With their names.
    public var named: [(name: String, seconds: Double)] {
      [
        ("G", generator), ("D", discriminator), ("backward", backward), ("R1", penalty), ("optimizer", optimizer),
        ("rest", rest),
      ]
    }

    /// The whole step.
    public var total: Double { named.reduce(0) { $0 + $1.seconds } }
  }

  /// Times training steps of `batch` images and their parts: the step without R1 part by part, R1 as what it adds.
  public func trainingParts(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ compute: Compute
  ) -> Parts {
    var options = trainingOptions(configuration, penaltyInterval: penaltyInterval, compute)
    let penalized = TrainingNetworks(options)
    let phase: Phase = penaltyInterval == 1 ? .joint : .separate(weight: Double(penaltyInterval))
    options.objective.regularizer = .none
    let plain = TrainingNetworks(options)
    let random = SamplingStreams(seed: 3)
    let growth = Growth(resolution: configuration.resolution)
    let reals = TrainingNetworks.Reals(
      random.tensors.normal([batch, configuration.imageChannels, configuration.resolution, configuration.resolution]))
    func step(_ networks: TrainingNetworks, _ phase: Phase) {
      func sample() -> TrainingSample {
        networks.generator.sample(
          count: batch, condition: nil, growth: growth, mixingProbability: 0.9, random: random)
      }
      networks.updateDiscriminator(reals, sample: sample(), growth: growth, phase: phase, record: { _, _ in })
      networks.updateGenerator(sample: sample(), growth: growth, record: { _, _ in })
      networks.updateAverage(batch: batch)
    }
    let clock = ContinuousClock()
    var (times, parts): ([Double], [Parts]) = ([], [])
    // Side by side, so that both see the same machine.
    _ = median {
      times.append(clock.measure { step(penalized, phase) } / .seconds(1))
      parts.append(Self.timed(plain, clock) { step(plain, .none) })
    }
    // The first are to warm up. Parts of one step, the median one, add up; parts' own medians would not.
    let typical = parts.dropFirst().sorted { $0.total < $1.total }[(parts.count - 1) / 2]
    let whole = times.dropFirst().sorted()[(times.count - 1) / 2]
    var result = typical
    result.penalty = (whole - typical.total) / Double(penaltyInterval)
    return result
  }

  /// The parts of a step of `networks`: all that has passed since the part before belongs to the one that ends.
  private static func timed(_ networks: TrainingNetworks, _ clock: ContinuousClock, _ step: () -> Void) -> Parts {
    var parts = Parts()
    var start = clock.now
    func seconds() -> Double {
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
