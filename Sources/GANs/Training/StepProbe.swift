import Datasets
import Torch

/// Times a few steps of a training at each of its resolutions, on networks and images of its own. The training itself is
/// not touched.
public struct StepProbe {
  /// Measured times by resolution. Resolutions that take too long are missing.
  public struct Result: Sendable {
    /// Seconds of a training step for one image.
    public var secondsPerImage: [Int: Double] = [:]
    /// Seconds for drawing one fake.
    public var secondsPerFake: [Int: Double] = [:]
    /// Seconds for a snapshot: its grid of fakes, the network and the state, without metrics.
    public var secondsPerSnapshot: [Int: Double] = [:]

    /// No times.
    public init() {}
  }

  private let options: TrainingOptions
  private let networks: TrainingNetworks
  private let random: SamplingStreams
  private let device: Device
  private let clock = ContinuousClock()

  private init(_ options: TrainingOptions) throws {
    self.options = options
    device = try Device(options.device)
    networks = TrainingNetworks(
      options, device: device, classifier: try options.openSeparabilityClassifier(device: device))
    random = SamplingStreams(seed: 1, device: device)
    // Adaptive p is 0 at the start, where nothing is done; the cost of later steps does not depend on it.
    if var settings = options.augmentation {
      if settings.mode == .adaptive { (settings.mode, settings.p) = (.fixed, 0.5) }
      networks.use(Augmenter(settings, random: random))
    }
  }

  /// Times the resolutions that are ahead, lowest first.
  /// - Parameters:
  ///   - images: images that the training has shown already.
  ///   - budget: about so many seconds in all.
  ///   - shouldStop: called between steps.
  /// - Throws: `DeviceError`.
  public static func measure(
    _ options: TrainingOptions, afterImages images: Int = 0, seconds budget: Double = 4,
    shouldStop: () -> Bool = { false }
  ) throws -> Result {
    let resolutions = Set(options.schedule.phases(from: images, to: options.totalImages).map(\.resolution)).sorted()
    var result = Result()
    guard !resolutions.isEmpty else { return result }
    let probe = try StepProbe(options)
    let (start, relative) = (probe.clock.now, options.relativeCosts)
    var last: Int?
    for (place, resolution) in resolutions.enumerated() where !shouldStop() {
      let left = budget - (probe.clock.now - start) / .seconds(1)
      let share = left / Double(resolutions.count - place)
      var batch = options.schedule.batchSize(at: resolution)
      if let last, let known = result.secondsPerImage[last], let now = relative[resolution], let before = relative[last]
      {
        // A warm-up and two steps.
        let affordable = Int(share / (3 * known * now / max(before, 1)))
        let least = min(batch, 4)
        if affordable < least / 2 { break }
        batch = min(batch, max(least, affordable))
      }
      let growth = Growth(resolution: resolution)
      result.secondsPerImage[resolution] = probe.step(growth, batch, seconds: share / 2, shouldStop) / Double(batch)
      result.secondsPerFake[resolution] = probe.fakes(growth)
      result.secondsPerSnapshot[resolution] = probe.snapshot(result.secondsPerFake[resolution]!)
      last = resolution
    }
    return result
  }

  /// Times one resolution with its whole minibatch, or with as many images as 10¹¹ operations are for.
  /// - Parameter budget: about so many seconds; at least a few steps are taken.
  static func measure(_ options: TrainingOptions, only resolution: Int, seconds budget: Double) throws -> Result {
    let (probe, whole) = (try StepProbe(options), options.schedule.batchSize(at: resolution))
    let affordable = options.relativeCosts[resolution].map { $0 > 1 ? Int(1e11 / $0) : whole } ?? whole
    let batch = min(whole, max(min(whole, 4), affordable))
    var result = Result()
    result.secondsPerImage[resolution] =
      probe.step(Growth(resolution: resolution), batch, seconds: budget / 2) { false } / Double(batch)
    return result
  }

  /// The peak of this process's resident memory, in bytes, in whole steps with all regularizers at the final resolution, and
  /// in drawing.
  static func peakMemory(of options: TrainingOptions) throws -> Int {
    ProcessMemory.resetPeak()
    let (probe, growth) = (try StepProbe(options), options.configuration.grown)
    let batch = options.schedule.batchSize(at: growth.resolution)
    let reals = probe.reals(growth, batch)
    let isPenalized = options.objective.discriminatorPhase(at: 0) != .none
    // Twice: the second step allocates beside the moments of the optimizers.
    for _ in 0..<2 {
      probe.take(
        reals, growth, batch, penalized: isPenalized, regularized: probe.networks.generatorRegularizers)
    }
    probe.device.synchronize()
    _ = probe.fakes(growth)
    return ProcessMemory.peakResident
  }

  /// The seconds of a step: the mean over its kinds, with and without regularizers, in their proportion.
  private func step(_ growth: Growth, _ batch: Int, seconds: Double, _ shouldStop: () -> Bool) -> Double {
    let reals = reals(growth, batch)
    let intervalD = options.objective.discriminatorPhase(at: 0) == .none ? nil : options.objective.penaltyInterval
    let regularizers = networks.generatorRegularizers
    func time(_ penalized: Bool, _ regularized: [any GeneratorRegularizer]) -> Double {
      var times: [Double] = []
      let end = clock.now + .seconds(seconds)
      while times.count < 3 || (times.count < 8 && clock.now < end), !(shouldStop() && times.count > 1) {
        times.append(
          clock.measure {
            take(reals, growth, batch, penalized: penalized, regularized: regularized)
            device.synchronize()
          } / .seconds(1))
      }
      // The first repetitions are the warm-up: memory is allocated, threads and caches are cold.
      let rest = times.dropFirst(max(1, times.count / 2 - 1)).sorted()
      return rest[rest.count / 2]
    }
    let (always, alwaysG) = (intervalD == 1, regularizers.filter { $0.interval == 1 })
    let plain = time(always, alwaysG)
    var mean = plain
    if let intervalD, intervalD > 1 { mean += max(0, time(true, alwaysG) - plain) / Double(intervalD) }
    for lazy in regularizers where lazy.interval > 1 {
      mean += max(0, time(always, alwaysG + [lazy]) - plain) / Double(lazy.interval)
    }
    return mean
  }

  /// One step with images of noise.
  private func take(
    _ batch: ImageBatch, _ growth: Growth, _ count: Int, penalized: Bool, regularized: [any GeneratorRegularizer]
  ) {
    let (labels, objective) = (options.configuration.labelSize, options.objective)
    func sample(_ count: Int) -> TrainingSample {
      let condition =
        labels > 0 ? Condition(classes: .init(repeating: 0, count: count), of: labels, device: device) : nil
      var sample = networks.generator.sample(
        count: count, condition: condition, growth: growth, mixingProbability: options.mixingProbability, random: random
      )
      sample.position = random.tensors.uniform([count, 1, 1, 1])
      return sample
    }
    func reals() -> TrainingNetworks.Reals {
      let configuration = options.configuration
      let images = batch.tensor(
        channels: configuration.imageChannels, resolution: configuration.dataResolution, device: device)
      return TrainingNetworks.Reals(
        growth.prepared(
          images.cropped(by: configuration.border), premultiplied: configuration.isPremultiplied),
        condition: sample(count).condition)
    }
    let phase: Phase =
      !penalized
      ? .none : objective.penaltyInterval == 1 ? .joint : .separate(weight: Double(objective.penaltyInterval))
    func discriminate(_ fakes: Tensor? = nil) {
      networks.updateDiscriminator(
        reals(), sample: sample(count), fakes: fakes, growth: growth, phase: phase, record: { _, _ in })
    }
    func penalties() -> [Tensor] {
      regularized.map {
        networks.penalty(
          $0, sample: sample($0.sampleCount(batch: count)), growth: growth, random: random, record: { _, _ in })
      }
    }
    if options.stepOrder == .discriminatorFirst { for _ in 0..<options.criticSteps { discriminate() } }
    let fakes = networks.updateGenerator(
      sample: sample(count), reals: objective.loss.comparesPairs ? reals() : nil, growth: growth,
      record: { _, _ in }, regularizers: penalties)
    if options.stepOrder == .generatorFirst { discriminate(fakes) }
    networks.updateAverage(images: count)
  }

  /// Noise as images of the data.
  private func reals(_ growth: Growth, _ count: Int) -> ImageBatch {
    let configuration = options.configuration
    let size = configuration.imageChannels * configuration.dataResolution * configuration.dataResolution
    var state: UInt32 = 1
    let pixels = (0..<count * size).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    return ImageBatch(pixels: pixels, labels: [], count: count)
  }

  /// The seconds for one fake of the moving average, by a row of a grid.
  private func fakes(_ growth: Growth) -> Double {
    let configuration = options.configuration
    let count = gridSize(resolution: configuration.resolution).columns
    let (z, labels) = (random.tensors.normal([count, configuration.zSize]), configuration.labelSize)
    let condition = labels > 0 ? Condition(classes: .init(repeating: 0, count: count), of: labels, device: device) : nil
    let time = clock.measure {
      _ = networks.average.images(
        z, condition: condition, truncation: .none, noise: .constant, growth: growth, options.compute)
      device.synchronize()
    }
    return time / .seconds(1) / Double(count)
  }

  /// The seconds for a snapshot: the grid is drawn and compressed, and two files are written. 150 MB/s is the speed of a
  /// disk that must flush; 10 megapixels are compressed in a second.
  private func snapshot(_ fake: Double) -> Double {
    let (columns, rows) = gridSize(resolution: options.configuration.resolution)
    let use = DiskUse(options)
    return Double(columns * rows) * fake + Double(use.grid) / 1e7 + Double(use.network + use.state) / 1.5e8
  }
}
