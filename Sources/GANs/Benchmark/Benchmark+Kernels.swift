import Torch

// Whether the fast kernels are fast, and the measured choices the best.

extension Benchmark {
  /// A convolution of a network, in float32: the fast kernels as they would be chosen, against the plain operations.
  public struct ShapeRow: Codable, Sendable {
    /// "up 128→64 at 16"
    public var shape: String
    /// The engine that is used.
    public var engine: ConvolutionChoices.Engine
    /// Seconds for a batch, forward and backward.
    public var seconds, referenceSeconds: Double
    /// The speedup over the reference.
    public var speedup: Double { referenceSeconds / seconds }
  }

  /// Times each 3×3 convolution of G and D.
  /// - Parameter choices: the measured choices; nil: as without a measurement.
  public func convolutions(_ configuration: StyleGANConfiguration, batch: Int, _ choices: ConvolutionChoices?)
    -> [ShapeRow]
  {
    let options = tunedOptions(configuration, batch: batch, penaltyInterval: 16)
    return ConvolutionTiming.shapes(of: options).map { shape in
      let times = ConvolutionTiming(shape, images: batch).seconds(
        [Compute(convolutions: choices), Compute(kernels: .reference)])
      let engine = choices?.engine(of: shape) ?? ConvolutionChoices.unmeasured(.float32)
      return ShapeRow(shape: shape.description, engine: engine, seconds: times[0], referenceSeconds: times[1])
    }
  }

  /// The measured choice for a training of `batch` images, as `stylegan train --precision auto` makes it.
  public func choice(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, precisions: [Compute.Precision]
  ) throws -> KernelTuning.Result? {
    try KernelTuning.fastest(
      for: tunedOptions(configuration, batch: batch, penaltyInterval: penaltyInterval), precisions: precisions)
  }

  private func tunedOptions(_ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int)
    -> TrainingOptions
  {
    var options = trainingOptions(configuration, penaltyInterval: penaltyInterval, .default)
    options.schedule = .fixed(resolution: configuration.resolution, batch: batch, learningRate: 0.001)
    options.threads = Processor.threadCount
    return options
  }
}

extension Benchmark {
  /// The matrix products of one convolution inside minimal filtering, on one thread.
  public struct ProductRow: Codable, Sendable {
    /// "fp32", "bf16"
    public var precision: String
    /// Channels of the input and of the output.
    public var steps: Int
    /// Bytes of the transformed filters.
    public var filterBytes: Int
    /// Billions of operations per second: of our kernels, and of libtorch's batched product of the same matrices.
    public var gigaFLOPS, libtorchGigaFLOPS: Double
    /// Our rate divided by libtorch's.
    public var ratio: Double { gigaFLOPS / libtorchGigaFLOPS }
  }

  /// Times the sixteen products of 48 tiles, for 64, 128, 256 and 512 channels. The two are timed in turn.
  public func products(_ precision: Compute.Precision) -> [ProductRow] {
    let threads = Processor.threadCount
    Processor.threadCount = 1
    defer { Processor.threadCount = threads }
    return withoutGradients {
      [64, 128, 256, 512].map { channels in
        let (tiles, positions) = (48, 16)
        let random = RandomStream(seed: 1)
        let a = random.normal([positions, tiles, channels]).to(precision.dtype)
        let b = random.normal([positions, channels, channels]).to(precision.dtype)
        let operations = 2 * Double(positions * tiles * channels * channels)
        let repetitions = max(1, Int(2e9 / operations))
        let clock = ContinuousClock()
        var (ours, theirs) = (Double.infinity, Double.infinity)
        let start = clock.now
        while theirs == .infinity || (clock.now - start) / .seconds(1) < 2 * seconds {
          ours = min(
            ours,
            Processor.secondsOfProducts(
              pairs: precision == .bfloat16, channels: channels, tiles: tiles, repetitions: repetitions))
          let time = clock.measure { for _ in 0..<repetitions { _ = a.matmul(b) } } / .seconds(1)
          theirs = min(theirs, time / Double(repetitions))
        }
        return ProductRow(
          precision: precision.rawValue, steps: channels,
          filterBytes: positions * channels * channels * (precision == .bfloat16 ? 2 : 4),
          gigaFLOPS: operations / ours / 1e9, libtorchGigaFLOPS: operations / theirs / 1e9)
      }
    }
  }

  /// Seconds of a training step for each way to compute it. The steps of all ways alternate, so that a busy machine and a
  /// cold start affect all alike.
  public func trainings(
    _ configuration: StyleGANConfiguration, batch: Int, penaltyInterval: Int, _ ways: [Compute]
  ) -> [Double] {
    let (random, growth) = (SamplingStreams(seed: 3), Growth(resolution: configuration.resolution))
    let side = configuration.resolution
    let reals = TrainingNetworks.Reals(
      random.tensors.normal([batch, configuration.imageChannels, side, side]))
    let networks = ways.map { way in
      TrainingNetworks(trainingOptions(configuration, penaltyInterval: penaltyInterval, way))
    }
    let phases: [Phase] = penaltyInterval == 1 ? [.joint] : [.none, .separate(weight: Double(penaltyInterval))]
    let clock = ContinuousClock()
    var least = phases.map { _ in ways.map { _ in Double.infinity } }
    // The first two rounds are the warm-up.
    var (round, start) = (0, clock.now)
    while round < 5 || (clock.now - start) / .seconds(1) < seconds * Double(ways.count) {
      if round == 2 { start = clock.now }
      for way in round % 2 == 0 ? Array(ways.indices) : ways.indices.reversed() {
        for (place, phase) in phases.enumerated() {
          let time = clock.measure { Self.step(networks[way], phase, reals, growth: growth, random) } / .seconds(1)
          if round >= 2 { least[place][way] = min(least[place][way], time) }
        }
      }
      round += 1
    }
    let plain = least[0]
    return ways.indices.map { plain[$0] + (least.last![$0] - plain[$0]) / Double(penaltyInterval) }
  }
}
