import Datasets
import Files
import Foundation
import Images
import Torch

/// Trains a network on a data set in a run folder, from a seed or from a saved state. A resumed run has the same result as
/// one without interruption.
///
/// It works for every family; the ``TrainingOptions`` describe the training. It has the loop and the state; each
/// ``TrainingObserver`` writes other files on its events.
public final class Trainer {
  /// The options of the run.
  public let options: TrainingOptions
  /// The folder of the run.
  public let directory: RunDirectory
  /// The networks in training.
  public let networks: TrainingNetworks
  /// The training data.
  public let dataset: any ImageDataset
  /// The observers, called in this order for every event, before the argument of ``train(shouldStop:observe:)``.
  public var observers: [any TrainingObserver] = [StatisticsWriter(), BatchGridWriter(), SnapshotWriter()]
  private let lock: FolderLock
  private let device: Device
  private let loader: BatchLoader
  private let random: SamplingStreams
  private var progress: TrainingProgress

  /// The events of a training.
  public enum Event {
    /// A step is done, with these fakes, `[N, C, r, r]`.
    case step(Report, fakes: Tensor)
    /// A tick is done; the report has the means of its losses.
    case tick(Report)
    /// Observers must write a snapshot to these files; then the trainer writes the training state.
    case snapshotDue(network: String, fakes: String)
    /// The snapshot and the training state are written.
    case snapshot(network: String, fakes: String)
  }

  /// The progress of a training.
  public struct Report: Sendable {
    /// Images shown so far, and in all.
    public var images, totalImages: Int
    /// Steps and ticks done.
    public var steps, tick: Int
    /// The growth of the network.
    public var growth: Growth
    /// Means of the losses between the last two ticks.
    public var statistics: [String: Double]
    /// Images per second since the last tick.
    public var imagesPerSecond: Double
    /// Seconds since the last tick, and since the start or the last resume.
    public var secondsInTick, seconds: Double
  }

  /// The outcome of ``train(shouldStop:observe:)``.
  public enum Outcome: Equatable {
    /// All images were shown. `network` is the last network file.
    case finished(network: String)
    /// `shouldStop` returned true. The state is saved.
    case interrupted
  }

  /// A new run in the next folder of `parent`. On an error it removes the folder.
  /// - Throws: ``ConfigurationError`` where the options contradict each other or do not fit into memory, `FileError` where
  ///   the folder cannot be written; errors of the initial network's file and of the data.
  public convenience init(_ options: TrainingOptions, dataset: any ImageDataset, in parent: String) throws {
    try options.validate()
    try options.requireFit(dataset)
    try options.requireMemory()
    try options.requireBatches()
    Processor.threadCount = options.threads
    let device = try Device(options.device)
    let networks = TrainingNetworks(options, device: device)
    if let path = options.initialNetwork {
      let network = try NetworkFile(path: path, device: device)
      try network.load(generator: networks.generator, discriminator: networks.discriminator)
      networks.average.store.copy(from: network.generator.store)
    }
    let name = "\(options.recipe)-\(dataset.name)-\(options.configuration.resolution)"
    let (directory, undo) = try RunDirectory.createUndoably(in: parent, name: name)
    do {
      try AtomicFile.write(try options.text(), to: directory.options)
      self.init(
        options, dataset: dataset, directory: directory, lock: try directory.lock(), device: device,
        networks: networks, random: SamplingStreams(seed: options.seed, device: device), progress: TrainingProgress())
      try writeReals()
      try writeState()
    } catch {
      undo()
      throw error
    }
  }

  /// The options of a run to resume.
  /// - Parameters:
  ///   - totalKimg: a new end; nil for the old one.
  ///   - data: a new path of the data; nil for the old one.
  ///   - change: changes the metrics.
  /// - Throws: errors of the state's file.
  public static func options(
    resuming state: String, totalKimg: Double? = nil, data: String? = nil,
    measures change: (inout MeasureOptions?) -> Void = { _ in }
  ) throws -> TrainingOptions {
    var options = try TrainingState.options(at: state)
    if let totalKimg { options.totalKimg = totalKimg }
    if let data { options.data = data }
    change(&options.measures)
    try options.validate()
    return options
  }

  /// Resumes a run exactly from its last saved state.
  /// - Parameters:
  ///   - state: a training state in the folder of the run.
  ///   - totalKimg: a new end; nil for the old one.
  ///   - data: a new path of the data; nil for the old one. The content must be the same.
  ///   - change: changes the metrics.
  ///   - open: opens the data set of the options.
  /// - Throws: errors of the file; ``TrainingError/dataChanged(_:)`` where the content of the data differs,
  ///   ``TrainingError/inUse(_:)`` where another process trains in this folder.
  public convenience init(
    resuming state: String, totalKimg: Double? = nil, data: String? = nil,
    measures change: (inout MeasureOptions?) -> Void = { _ in }, open: (TrainingOptions) throws -> any ImageDataset
  ) throws {
    // Reading the state first makes a wrong path an error of that path, not of the lock.
    _ = try Self.options(resuming: state)
    let directory = RunDirectory(path: Folder.of(state))
    let lock = try directory.lock()
    // Read again with the lock: another process may have written before.
    let options = try Self.options(resuming: state, totalKimg: totalKimg, data: data, measures: change)
    let device = try Device(options.device)
    let dataset = try open(options)
    guard dataset.fingerprint == options.dataset.fingerprint else { throw TrainingError.dataChanged(options.data) }
    try options.requireFit(dataset)
    try options.requireMemory()
    Processor.threadCount = options.threads
    let networks = TrainingNetworks(options, device: device)
    let random = SamplingStreams(seed: 0, device: device)
    let progress = try TrainingState.load(from: state, networks: networks, random: random)
    directory.removeStaleTemporaries()
    try directory.truncateStatistics(toLines: progress.ticks)
    try AtomicFile.write(try options.text(), to: directory.options)
    self.init(
      options, dataset: dataset, directory: directory, lock: lock, device: device, networks: networks, random: random,
      progress: progress)
  }

  private init(
    _ options: TrainingOptions, dataset: any ImageDataset, directory: RunDirectory, lock: FolderLock, device: Device,
    networks: TrainingNetworks, random: SamplingStreams, progress: TrainingProgress
  ) {
    (self.options, self.dataset, self.directory, self.lock) = (options, dataset, directory, lock)
    (self.device, self.networks, self.random, self.progress) = (device, networks, random, progress)
    loader = BatchLoader(dataset, seed: options.seed, startingAt: progress.position, mirror: options.mirror)
  }

  /// Images shown so far.
  public var imagesShown: Int { progress.images }

  /// Images to show in all.
  public var totalImages: Int { Int((options.totalKimg * 1000).rounded(.up)) }

  // MARK: The loop

  /// Trains until all images are shown.
  /// - Parameters:
  ///   - shouldStop: called after every step; on true training saves its state and ends.
  ///   - observe: called for every event; its errors end the training.
  /// - Throws: ``TrainingError/diverged(kimg:state:remedies:)`` where a loss or a weight is not finite; the last good state
  ///   remains. `FileError` and data errors.
  public func train(shouldStop: () -> Bool = { false }, observe: (Event) throws -> Void = { _ in }) throws -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    var (tickStart, lastSave, imagesAtTick) = (start, start, progress.images)
    var statistics: [String: Double] = [:]
    func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
    func report() -> Report {
      let secondsInTick = seconds(since: tickStart)
      return Report(
        images: progress.images, totalImages: totalImages, steps: progress.steps, tick: progress.ticks, growth: growth,
        statistics: statistics, imagesPerSecond: Double(progress.images - imagesAtTick) / max(secondsInTick, 1e-9),
        secondsInTick: secondsInTick, seconds: seconds(since: start))
    }
    func tell(_ event: Event) throws {
      for observer in observers { try observer.observe(event, of: self) }
      try observe(event)
    }

    while progress.images < totalImages {
      let fakes = try step()
      try tell(.step(report(), fakes: fakes))
      if Double(progress.images) >= Double(progress.ticks + 1) * options.tickKimg * 1000
        || progress.images >= totalImages
      {
        guard progress.statistics.read() else { throw diverged }
        progress.ticks += 1
        statistics = progress.statistics.means
        try tell(.tick(report()))
        progress.statistics = Statistics()
        if progress.images >= totalImages || progress.ticks % options.snapshotTicks == 0 {
          try requireFiniteWeights()
          let (network, fakes) = snapshotFiles
          try tell(.snapshotDue(network: network, fakes: fakes))
          try writeState()
          lastSave = clock.now
          try tell(.snapshot(network: network, fakes: fakes))
        } else if seconds(since: lastSave) > 300 {
          try writeState()
          lastSave = clock.now
        }
        (tickStart, imagesAtTick) = (clock.now, progress.images)
      }
      if shouldStop() && progress.images < totalImages {
        try writeState()
        return .interrupted
      }
    }
    return .finished(network: snapshotFiles.network)
  }

  /// The growth of the last step; before the first step, the initial growth.
  public var growth: Growth { progress.growth ?? options.schedule.growth(afterImages: 0) }

  private var snapshotFiles: (network: String, fakes: String) {
    directory.snapshot(images: progress.images, steps: progress.steps)
  }

  /// One step: the updates of D and G with their regularizers, in the order of the options. The moving average of G follows
  /// D's update, or ends the step (``TrainingOptions/averageMovesFirst``).
  /// - Returns: the fakes of G's update.
  private func step() throws -> Tensor {
    let growth = options.schedule.growth(afterImages: progress.images)
    let batch = options.schedule.batchSize(at: growth.resolution)
    let last = progress.growth ?? (progress.resolution > 0 ? Growth(resolution: progress.resolution) : nil)
    if let last, options.stepDetails.resetsMoments(from: last, to: growth) { networks.resetMoments() }
    progress.resolution = growth.resolution
    networks.setLearningRate(options.schedule.learningRate(at: growth.resolution))
    let phase = options.objective.discriminatorPhase(at: progress.steps)
    let fakes: Tensor
    switch options.stepOrder {
    case .discriminatorFirst:
      for _ in 0..<options.criticSteps {
        networks.updateDiscriminator(
          try reals(batch, growth), sample: sample(batch, growth, phase), growth: growth, phase: phase, record: record)
      }
      if options.averageMovesFirst { networks.updateAverage(images: batch * options.criticSteps) }
      fakes = try updateGenerator(sample(batch, growth), batch, growth)
    case .generatorFirst:
      let reals = try reals(batch, growth)
      let sample = sample(batch, growth, phase)
      fakes = try updateGenerator(sample, batch, growth)
      networks.updateDiscriminator(reals, sample: sample, fakes: fakes, growth: growth, phase: phase, record: record)
    }
    if !options.averageMovesFirst { networks.updateAverage(images: batch * options.criticSteps) }
    progress.growth = growth
    progress.images += batch * options.criticSteps
    progress.steps += 1
    return fakes
  }

  /// G's update with its regularizers: joint with the loss, or each in a separate update.
  private func updateGenerator(_ sample: TrainingSample, _ batch: Int, _ growth: Growth) throws -> Tensor {
    let due = networks.generatorRegularizers.map { ($0, Phase(every: $0.interval, at: progress.steps)) }
    func penalty(_ regularizer: any GeneratorRegularizer) -> Tensor {
      networks.penalty(
        regularizer, sample: self.sample(regularizer.sampleCount(batch: batch), growth), growth: growth, random: random,
        record: record)
    }
    let fakes = networks.updateGenerator(
      sample: sample, reals: options.objective.loss.comparesPairs ? try reals(batch, growth) : nil, growth: growth,
      record: record
    ) { due.filter { $0.1 == .joint }.map { penalty($0.0) } }
    for case (let regularizer, .separate(let weight)) in due {
      networks.updateGenerator(penalty: penalty(regularizer), weight: weight)
    }
    return fakes
  }

  private func record(_ name: String, _ value: Tensor) { progress.statistics.add(name, value) }

  private func sample(_ count: Int, _ growth: Growth, _ phase: Phase = .none) -> TrainingSample {
    // Labels of fakes have the distribution of the data.
    let condition = condition(
      options.configuration.labelSize == 0
        ? [] : (0..<count).map { _ in dataset.label(at: random.choices.integer(in: 0..<dataset.count)) ?? 0 })
    var sample = networks.generator.sample(
      count: count, condition: condition, growth: growth, mixingProbability: options.mixingProbability, random: random)
    if phase != .none && options.objective.regularizer == .gradientPenalty {
      sample.position = random.tensors.uniform([count, 1, 1, 1])
    }
    return sample
  }

  private func reals(_ count: Int, _ growth: Growth) throws -> TrainingNetworks.Reals {
    let batch = try loader.next(count)
    progress.position = loader.position
    return TrainingNetworks.Reals(
      growth.prepared(images(of: batch, on: device)),
      condition: condition(options.configuration.labelSize == 0 ? [] : batch.labels))
  }

  /// The condition of classes; nil without labels.
  private func condition(_ classes: [Int]) -> Condition? {
    classes.isEmpty ? nil : Condition(classes: classes, of: options.configuration.labelSize, device: device)
  }

  private func images(of batch: ImageBatch, on device: Device) -> Tensor {
    batch.tensor(channels: dataset.channels, resolution: dataset.resolution, device: device)
      .cropped(by: options.configuration.border)
  }

  // MARK: The state

  private func writeReals() throws {
    let (columns, rows) = gridSize(resolution: dataset.resolution)
    let batch = try BatchLoader(dataset, seed: options.seed).next(columns * rows)
    try ImageGrid.tiled(Image.images(of: images(of: batch, on: .cpu)), columns: columns).write(to: directory.reals)
  }

  private func writeState() throws {
    guard progress.statistics.read() else { throw diverged }
    try requireFiniteWeights()
    progress.generatorUpdates = networks.generatorOptimizer.stepCount
    progress.discriminatorUpdates = networks.discriminatorOptimizer.stepCount
    try TrainingState.write(
      to: directory.state, networks: networks, random: random, options: options, progress: progress, header: header)
  }

  private func requireFiniteWeights() throws {
    let all = networks.generator.store.state + networks.discriminator.store.state
    guard all.allSatisfy({ $0.value.isAllFinite }) else { throw diverged }
  }

  private var diverged: TrainingError {
    .diverged(kimg: Double(progress.images) / 1000, state: directory.state, remedies: options.remedies)
  }

  /// The header of network files for the current networks.
  var header: NetworkHeader {
    NetworkHeader(
      configuration: options.configuration, growth: growth, labelNames: dataset.labelNames,
      history: NetworkFile.History(
        kimg: Double(progress.images) / 1000, dataset: options.dataset.name, fingerprint: options.dataset.fingerprint,
        seed: options.seed, steps: progress.steps, recipe: options.recipe,
        mirror: options.mirror))
  }
}

/// Training cannot start or continue.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss or a weight is not finite.
  case diverged(kimg: Double, state: String, remedies: Message)
  /// The content of the data set differs from that at the start of the run.
  case dataChanged(String)
  /// Another process trains in the run's folder.
  case inUse(String)

  /// A sentence with the problem and the remedy.
  public var message: Message {
    switch self {
    case .diverged(let kimg, let state, let remedies):
      "training diverged after \(String(format: "%.1f", kimg)) kimg: a loss or weight is not finite; the last good "
        + "state is \(state); try \(remedies)"
    case .dataChanged(let path):
      "\(path) is not the data set this run started with: its content differs; restore it, or start a new run with "
        + "\(field: .initialNetwork)"
    case .inUse(let path): "another process is training in \(path); wait for it or stop it, then resume"
    }
  }

  /// The sentence with property names.
  public var description: String { message.description }
}
