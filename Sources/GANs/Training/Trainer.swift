import Datasets
import Files
import Foundation
import Images
import Torch

/// Trains a network on a data set in a run folder, from a seed or from a saved state, with the same result.
///
/// It knows no family: what is trained and how are parts of the ``TrainingOptions``. It keeps the loop and the state;
/// everything else that is written hangs on its events (``TrainingObserver``).
public final class Trainer {
  /// What the run is made of.
  public let options: TrainingOptions
  /// Where it writes.
  public let directory: RunDirectory
  /// The networks as they are now.
  public let networks: TrainingNetworks
  /// The data.
  public let dataset: any ImageDataset
  /// Told of every event, in this order, before those that ``train(shouldStop:observe:)`` is given.
  public var observers: [any TrainingObserver] = [StatisticsWriter(), BatchGridWriter(), SnapshotWriter()]
  private let lock: FolderLock
  private let device: Device
  private let loader: BatchLoader
  private let random: SamplingStreams
  private var progress: TrainingProgress

  /// What happens while training.
  public enum Event {
    /// A step was done with these fakes, `[N, C, r, r]`.
    case step(Report, fakes: Tensor)
    /// The losses since the last tick were read.
    case tick(Report)
    /// The networks are to be kept in these files; the training state follows.
    case snapshotDue(network: String, fakes: String)
    /// A snapshot and the state were written.
    case snapshot(network: String, fakes: String)
  }

  /// Where the training is.
  public struct Report: Sendable {
    /// Images shown so far, and in all.
    public var images, totalImages: Int
    /// Steps and ticks done.
    public var steps, tick: Int
    /// How far the network has grown.
    public var growth: Growth
    /// Means of the losses between the last two ticks.
    public var statistics: [String: Double]
    /// Images a second since the last tick.
    public var imagesPerSecond: Double
    /// Seconds since the last tick, and since the start or the last resume.
    public var secondsInTick, seconds: Double
  }

  /// How `train` ended.
  public enum Outcome: Equatable {
    /// All images were shown; the last network file.
    case finished(network: String)
    /// It was asked to stop; everything is saved.
    case interrupted
  }

  /// A new run in the next folder of `parent`; on failure nothing is left there.
  /// - Throws: ``ConfigurationError`` where the options do not fit together or into memory, `FileError` where the folder
  ///   cannot be made or filled; errors of the initial network's file and of the data.
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

  /// The options with which a run would go on.
  /// - Parameters:
  ///   - totalKimg: a new end; nil for the one it had.
  ///   - data: where the data is now; nil for where it was.
  ///   - change: changes what is measured.
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

  /// Continues a run from its last saved state, as if it had never stopped.
  /// - Parameters:
  ///   - state: a training state; its folder is the run's.
  ///   - totalKimg: a new end; nil for the one it had.
  ///   - data: where the data is now; nil for where it was. Its content has to be the same.
  ///   - change: changes what is measured.
  ///   - open: opens the data set that options name.
  /// - Throws: errors of the file; ``TrainingError/dataChanged(_:)`` where the data set is another one now,
  ///   ``TrainingError/inUse(_:)`` where another process trains in this folder.
  public convenience init(
    resuming state: String, totalKimg: Double? = nil, data: String? = nil,
    measures change: (inout MeasureOptions?) -> Void = { _ in }, open: (TrainingOptions) throws -> any ImageDataset
  ) throws {
    // Refused before the folder is touched, so that a wrong path is an error of that path.
    _ = try Self.options(resuming: state)
    let directory = RunDirectory(path: Folder.of(state))
    let lock = try directory.lock()
    // Read again: while the lock was not held, another process may have written.
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
  ///   - shouldStop: asked after every step; on true the state is saved and training ends.
  ///   - observe: told what happens; what it throws ends the training.
  /// - Throws: ``TrainingError/diverged(kimg:state:remedies:)`` where a loss or a weight is not finite; the last good state
  ///   stays. `FileError` and data errors.
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

  /// The growth of the last step, or of the first one where none is done.
  public var growth: Growth { progress.growth ?? options.schedule.growth(afterImages: 0) }

  private var snapshotFiles: (network: String, fakes: String) {
    directory.snapshot(images: progress.images, steps: progress.steps)
  }

  /// One step: D on reals and fakes and G, in their order, with what regularizes them; then the average.
  /// - Returns: the fakes that G was judged by.
  private func step() throws -> Tensor {
    let growth = options.schedule.growth(afterImages: progress.images)
    let batch = options.schedule.batchSize(at: growth.resolution)
    if growth.resolution != progress.resolution {
      if progress.resolution != 0 {
        networks.generatorOptimizer.reset()
        networks.discriminatorOptimizer.reset()
      }
      progress.resolution = growth.resolution
    }
    networks.setLearningRate(options.schedule.learningRate(at: growth.resolution))
    let phase = options.objective.discriminatorPhase(at: progress.steps)
    let fakes: Tensor
    switch options.stepOrder {
    case .discriminatorFirst:
      for _ in 0..<options.criticSteps {
        networks.updateDiscriminator(
          try reals(batch, growth), sample: sample(batch, growth, phase), growth: growth, phase: phase, record: record)
      }
      fakes = try updateGenerator(sample(batch, growth), batch, growth)
    case .generatorFirst:
      let reals = try reals(batch, growth)
      let sample = sample(batch, growth, phase)
      fakes = try updateGenerator(sample, batch, growth)
      networks.updateDiscriminator(reals, sample: sample, fakes: fakes, growth: growth, phase: phase, record: record)
    }
    networks.updateAverage(batch: batch)
    progress.growth = growth
    progress.images += batch * options.criticSteps
    progress.steps += 1
    return fakes
  }

  /// G's update, with its regularizers: due together with the loss, or each in an update of its own.
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
    // Fakes have labels as frequent as the data's.
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

  /// The classes as the networks take them; nil without labels.
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

  /// What files say of the networks as they are now.
  var header: NetworkHeader {
    NetworkHeader(
      configuration: options.configuration, growth: growth, labelNames: dataset.labelNames,
      history: NetworkFile.History(
        kimg: Double(progress.images) / 1000, dataset: options.dataset.name, fingerprint: options.dataset.fingerprint,
        seed: options.seed, steps: progress.steps, recipe: options.recipe))
  }
}

/// Why training cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss or a weight is not finite.
  case diverged(kimg: Double, state: String, remedies: Message)
  /// The data set is not the one the run started with.
  case dataChanged(String)
  /// Another process trains in the run's folder.
  case inUse(String)

  /// A sentence saying what to do.
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

  /// The sentence with properties' names.
  public var description: String { message.description }
}
