import Files
import Foundation

/// The time that a training still needs, by what is ahead of it: the images of each resolution at its own cost, and the
/// snapshots with their metrics.
///
/// The cost of a resolution is measured where it was seen. Before, it follows from the measured cost of another resolution
/// and from the ratio of the two costs, which a probe of a few steps gives, or else the number of operations.
///
/// It has no clock: the durations are given to it.
public struct TimeEstimate: Sendable {
  private let options: TrainingOptions
  private var steps: Costs
  private var snapshots: Costs
  /// Seconds until the training is stopped, such as by `--minutes`; nil for no limit.
  public var limit: Double?

  /// An estimate for the training of these options.
  /// - Parameter probe: measured costs of a few steps; nil where nothing was measured.
  public init(_ options: TrainingOptions, probe: StepProbe.Result? = nil) {
    self.options = options
    let relative = options.relativeCosts
    steps = Costs(expected: probe?.secondsPerImage ?? [:], relative: relative, weight: 6)
    snapshots = Costs(expected: probe?.secondsPerSnapshot ?? [:], relative: relative.mapValues { _ in 1 }, weight: 0.5)
  }

  /// An estimate for a run, with what its statistics tell of earlier processes.
  public init(resuming trainer: Trainer, probe: StepProbe.Result? = nil) {
    self.init(trainer.options, probe: probe)
    guard let bytes = try? WholeFile.bytes(of: trainer.directory.statistics) else { return }
    addTicks(RunRecordFiles.lines(bytes).values)
  }

  /// Whether each resolution ahead was measured.
  public func knowsAll(afterImages images: Int) -> Bool {
    options.schedule.phases(from: images, to: options.totalImages).allSatisfy { steps.isMeasured(at: $0.resolution) }
  }

  /// Whether the probe measured each resolution ahead; where it did not, operations are counted.
  public func hasProbed(allAfterImages images: Int) -> Bool {
    options.schedule.phases(from: images, to: options.totalImages).allSatisfy { steps.isExpected(at: $0.resolution) }
  }

  // MARK: What was measured

  /// Adds a step.
  public mutating func addStep(images: Int, at growth: Growth, seconds: Double) {
    steps.add(seconds, units: Double(images), at: growth.resolution)
  }

  /// Adds a snapshot with all that belongs to it: grid, network, state, metrics.
  public mutating func addSnapshot(at growth: Growth, seconds: Double) {
    snapshots.add(seconds, units: 1, at: growth.resolution, isTypical: true)
  }

  /// Adds what an earlier process measured, from the statistics of the run.
  package mutating func addTicks(_ lines: [[String: Double]]) {
    for line in lines {
      guard let seconds = line["Timing/sec_per_kimg"], let resolution = line["Progress/resolution"].map({ Int($0) }),
        seconds > 0, seconds < 1e9, options.configuration.resolutions.contains(resolution)
      else { continue }
      let images = options.tickKimg * 1000
      steps.add(seconds / 1000 * images, units: images, at: resolution, isTypical: true)
    }
  }

  // MARK: What is ahead

  /// Seconds of a step; 0 where nothing is known yet.
  public func step(images: Int, at growth: Growth) -> Double {
    Double(images) * (steps.seconds(at: growth.resolution) ?? 0)
  }

  /// Seconds from `images` shown images to the end, at most ``limit``; nil where nothing is known yet.
  public func remaining(afterImages images: Int) -> Double? {
    guard let seconds = seconds(from: images, to: options.totalImages) else { return limit }
    return limit.map { min($0, seconds) } ?? seconds
  }

  /// Seconds from `images` shown images to the next snapshot, without drawing it; nil where nothing is known yet.
  public func untilSnapshot(afterImages images: Int) -> Double? {
    seconds(from: images, to: options.nextSnapshot(afterImages: images), withSnapshots: false)
  }

  /// The number of images that will have been shown after `seconds` more; at most all. nil where nothing is known yet.
  public func images(after seconds: Double, from images: Int) -> Int? {
    guard let whole = self.seconds(from: images, to: options.totalImages) else { return nil }
    if whole <= seconds { return options.totalImages }
    var (low, high) = (images, options.totalImages)
    while high - low > 1 {
      let middle = (low + high) / 2
      if self.seconds(from: images, to: middle) ?? 0 <= seconds { low = middle } else { high = middle }
    }
    return low
  }

  private func seconds(from images: Int, to end: Int, withSnapshots: Bool = true) -> Double? {
    var sum = 0.0
    for phase in options.schedule.phases(from: images, to: end) {
      let count = phase.images.count
      guard let cost = steps.seconds(at: phase.resolution) else { return nil }
      sum += cost * Double(count)
      guard withSnapshots else { continue }
      let snapshots = options.snapshots(from: phase.images.lowerBound, to: phase.images.upperBound)
      sum += Double(snapshots) * (self.snapshots.seconds(at: phase.resolution) ?? 0)
    }
    return sum
  }

  /// The cost of a unit of work by resolution.
  private struct Costs: Sendable {
    /// Seconds by a probe.
    let expected: [Int: Double]
    /// Costs in any unit, for all resolutions.
    let relative: [Int: Double]
    private var measured: [Int: (seconds: Double, units: Double, count: Double)] = [:]
    /// Older measurements count less: the machine may have become busy. In seconds.
    private let memory = 600.0
    /// The weight of the expectation, in measurements.
    private let weight: Double

    init(expected: [Int: Double], relative: [Int: Double], weight: Double) {
      (self.expected, self.relative, self.weight) = (expected, relative, weight)
    }

    /// Adds a measurement. The first step of a resolution is not typical, because it allocates memory.
    mutating func add(_ seconds: Double, units: Double, at resolution: Int, isTypical: Bool = false) {
      guard seconds.isFinite, seconds >= 0, units > 0 else { return }
      guard var known = measured[resolution] else {
        measured[resolution] = isTypical ? (seconds, units, 1) : (0, 0, 0)
        return
      }
      let kept = exp(-seconds / memory)
      known = (known.seconds * kept + seconds, known.units * kept + units, known.count + 1)
      measured[resolution] = known
    }

    func isExpected(at resolution: Int) -> Bool { expected[resolution] != nil }

    func isMeasured(at resolution: Int) -> Bool { measured[resolution].map { $0.units > 0 } ?? false }

    /// Seconds for one unit.
    func seconds(at resolution: Int) -> Double? {
      let known = measured[resolution] ?? (0, 0, 0)
      let mean = known.units > 0 ? known.seconds / known.units : nil
      guard let guess = guess(at: resolution) else { return mean }
      guard let mean else { return guess }
      return (mean * known.count + guess * weight) / (known.count + weight)
    }

    /// The expectation, corrected by how the last measured resolution differs from its own. One step of it says little, so
    /// its own expectation counts there too. Where both were probed, a small difference can be an error of the lower
    /// probe, and only a large one is the machine's: it is shrunk (Breiman's garrote, in logarithms).
    private func guess(at resolution: Int) -> Double? {
      guard let expected = expectation(at: resolution) else { return nil }
      // The resolution itself is corrected by an earlier one only.
      let seen = measured.filter { $0.key != resolution && $0.value.units > 0 }
      guard let nearest = seen.keys.filter({ $0 < resolution }).max() ?? seen.keys.min(),
        let before = expectation(at: nearest), before > 0, let known = seen[nearest]
      else { return self.expected.isEmpty ? nil : expected }
      let cost = nearest < resolution ? seconds(at: nearest) : nil
      let ratio = (cost ?? known.seconds / known.units) / before
      guard self.expected[resolution] != nil, ratio > 0 else { return expected * ratio }
      let (difference, error) = (log(ratio), log(1.2))
      return abs(difference) <= error ? expected : expected * exp(difference - error * error / difference)
    }

    /// The probe's value, or that of its nearest lower resolution scaled by the number of operations.
    private func expectation(at resolution: Int) -> Double? {
      if let value = expected[resolution] { return value }
      guard let cost = relative[resolution] else { return nil }
      guard let nearest = expected.keys.filter({ $0 < resolution }).max() ?? expected.keys.min(),
        let other = relative[nearest], other > 0
      else { return cost }
      return expected[nearest]! * cost / other
    }
  }
}

extension Schedule {
  /// A stretch of images at one resolution, faded in or not.
  package struct Phase: Equatable {
    package let resolution: Int
    package let isFading: Bool
    package let images: Range<Int>
  }

  /// The phases between two numbers of images.
  package func phases(from start: Int, to end: Int) -> [Phase] {
    guard start < end else { return [] }
    var phases: [Phase] = []
    var (resolution, at) = (initialResolution, 0.0)
    func add(_ length: Double, _ isFading: Bool) {
      let (low, high) = (Int(at.rounded(.up)), Int(min(at + length, 1e15).rounded(.up)))
      at += length
      let range = max(low, start)..<max(min(high, end), max(low, start))
      if !range.isEmpty { phases.append(Phase(resolution: resolution, isFading: isFading, images: range)) }
    }
    while resolution < finalResolution {
      add(stableKimg * 1000, false)
      resolution *= 2
      add(fadeKimg * 1000, true)
    }
    add(1e15, false)
    return phases
  }
}

extension TrainingOptions {
  /// Operations of a training step for one image at the final resolution, for ratios.
  public var operations: Double { relativeCosts[configuration.resolution] ?? 1 }

  /// The cost of an image in a training step by resolution, in operations; used for ratios only.
  ///
  /// Optimizers and the moving average work on all weights in each step, whatever the resolution; that costs about as much
  /// as 700 operations for a weight.
  package var relativeCosts: [Int: Double] {
    guard let growing = configuration as? any ProgressiveArchitecture else { return [configuration.resolution: 1] }
    let size = NetworkSize(of: configuration)
    let whole = 700 * Double(size.generator + size.discriminator)
    return growing.resolutions.reduce(into: [:]) { costs, resolution in
      let count = OperationCount(growing, resolution: resolution)
      let penalty = objective.isRegularized ? count.penalty / Double(objective.penaltyInterval) : 0
      costs[resolution] =
        count.trainingStep + penalty + whole / Double(max(1, schedule.batchSize(at: resolution)))
    }
  }
}
