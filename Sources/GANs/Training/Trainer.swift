import Datasets
import Files
import Foundation
import Images
import Torch

/// Trains a network on a data set in a run folder, from a seed or from a saved state, with the same result.
///
/// It knows no family: what is trained and how are parts of the ``TrainingOptions``.
public final class Trainer {
  /// What the run is made of.
  public let options: TrainingOptions
  /// Where it writes.
  public let directory: RunDirectory
  /// The networks as they are now.
  public let networks: TrainingNetworks
  private let lock: FolderLock
  private let device: Device
  private let dataset: any ImageDataset
  private let loader: BatchLoader
  private let random: RandomStream
  private var progress: TrainingProgress

  /// What happens while training, for whoever shows it.
  public enum Event {
    /// A step was done.
    case step(Report)
    /// A line of statistics was written.
    case tick(Report)
    /// A snapshot was written: the network file and the grid.
    case snapshot(network: String, fakes: String)
  }

  /// Where the training is.
  public struct Report: Sendable {
    /// Images shown so far, and in all.
    public var images, totalImages: Int
    /// Ticks done.
    public var tick: Int
    /// How far the network has grown.
    public var growth: Growth
    /// Means of the losses since the last tick.
    public var statistics: [String: Double]
    /// Images a second since the last tick.
    public var imagesPerSecond: Double
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
        networks: networks, random: RandomStream(seed: options.seed, device: .cpu), progress: TrainingProgress())
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
    measures change: (inout MeasureOptions?) -> Void = { _ in },
    open: (TrainingOptions) throws -> any ImageDataset
  ) throws {
    // Refused before the folder is touched, so that a wrong path is an error of that path.
    _ = try Self.options(resuming: state)
    let directory = RunDirectory(path: Folder.of(state))
    let lock = try directory.lock()
    // Read again: while the lock was not held, another process may have written.
    let options = try Self.options(resuming: state, totalKimg: totalKimg, data: data, measures: change)
    let device = try Device(options.device)
    let dataset = try open(options)
    guard dataset.fingerprint == options.dataset.fingerprint else {
      throw TrainingError.dataChanged(options.data)
    }
    try options.requireFit(dataset)
    try options.requireMemory()
    Processor.threadCount = options.threads
    let networks = TrainingNetworks(options, device: device)
    let random = RandomStream(seed: 0)
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
    networks: TrainingNetworks, random: RandomStream, progress: TrainingProgress
  ) {
    self.options = options
    self.dataset = dataset
    self.directory = directory
    self.lock = lock
    self.device = device
    self.networks = networks
    self.random = random
    self.progress = progress
    loader = BatchLoader(dataset, seed: options.seed, startingAt: progress.position, mirror: options.mirror)
  }

  /// Images shown so far.
  public var imagesShown: Int { progress.images }

  /// Images to show in all.
  public var totalImages: Int { Int((options.totalKimg * 1000).rounded(.up)) }

  /// Trains until all images are shown.
  /// - Parameters:
  ///   - shouldStop: asked after every step; on true the state is saved and training ends.
  ///   - observe: told what happens; what it throws ends the training.
  /// - Throws: ``TrainingError/diverged(kimg:state:remedies:)`` where a loss is no number any more; the last good state stays.
  ///   `FileError` and data errors.
  public func train(shouldStop: () -> Bool = { false }, observe: (Event) throws -> Void = { _ in }) throws -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    var tickStart = start
    var lastSave = start
    var imagesAtTick = progress.images
    func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
    func report() -> Report {
      let rate = Double(progress.images - imagesAtTick) / max(seconds(since: tickStart), 1e-9)
      return Report(
        images: progress.images, totalImages: totalImages, tick: progress.ticks, growth: growth,
        statistics: progress.statistics.means, imagesPerSecond: rate)
    }

    while progress.images < totalImages {
      try step()
      try observe(.step(report()))
      if Double(progress.images) >= Double(progress.ticks + 1) * options.tickKimg * 1000
        || progress.images >= totalImages
      {
        progress.ticks += 1
        let summary = report()
        try writeStatistics(summary, secondsInTick: seconds(since: tickStart), seconds: seconds(since: start))
        progress.statistics = Statistics()
        try observe(.tick(summary))
        let isLast = progress.images >= totalImages
        if isLast || progress.ticks % options.snapshotTicks == 0 {
          let snapshot = try writeSnapshot()
          try writeState()
          lastSave = clock.now
          try observe(snapshot)
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
    return .finished(network: directory.snapshot(images: progress.images, steps: progress.steps).network)
  }

  /// The growth of the last step, or of the first one where none is done.
  private var growth: Growth { progress.growth ?? options.schedule.growth(afterImages: 0) }

  /// One step: D on reals and fakes, then G, then the average.
  private func step() throws {
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
    var isFinite = true
    func record(_ name: String, _ value: Double) {
      progress.statistics.add(name, value)
      isFinite = isFinite && value.isFinite
    }
    let penalised = progress.steps % options.objective.penaltyInterval == 0
    var fakes: Tensor
    switch options.stepOrder {
    case .discriminatorFirst:
      for _ in 0..<options.criticSteps {
        networks.updateDiscriminator(
          reals: try reals(batch, growth), sample: sample(batch, growth, penalised: penalised), growth: growth,
          penalised: penalised, record: record)
      }
      fakes = networks.updateGenerator(sample: sample(batch, growth), growth: growth, record: record)
    case .generatorFirst:
      let reals = try reals(batch, growth)
      let sample = sample(batch, growth, penalised: penalised)
      fakes = networks.updateGenerator(sample: sample, growth: growth, record: record)
      networks.updateDiscriminator(
        reals: reals, sample: sample, fakes: fakes, growth: growth, penalised: penalised, record: record)
    }
    networks.updateAverage(batch: batch)
    guard isFinite else { throw diverged }
    if options.batchGridSteps > 0 && progress.steps % options.batchGridSteps == 0 { try writeBatchGrid(fakes) }
    progress.growth = growth
    progress.images += batch * options.criticSteps
    progress.steps += 1
  }

  private func sample(_ count: Int, _ growth: Growth, penalised: Bool = false) -> TrainingSample {
    var sample = networks.generator.sample(
      count: count, growth: growth, mixingProbability: options.mixingProbability, random: random, device: device)
    if penalised && options.objective.regularizer == .gradientPenalty {
      sample.position = random.uniform([count, 1, 1, 1]).to(device)
    }
    return sample
  }

  private func reals(_ count: Int, _ growth: Growth) throws -> Tensor {
    let batch = try loader.next(count)
    progress.position = loader.position
    return growth.prepared(
      batch.tensor(channels: dataset.channels, resolution: dataset.resolution, device: device)
        .cropped(by: options.configuration.border))
  }

  // MARK: Files

  private func writeReals() throws {
    let (columns, rows) = gridSize(resolution: dataset.resolution)
    let batch = try BatchLoader(dataset, seed: options.seed).next(columns * rows)
    let images = Image.images(
      of: batch.tensor(channels: dataset.channels, resolution: dataset.resolution)
        .cropped(by: options.configuration.border))
    try ImageGrid.tiled(images, columns: columns).write(to: directory.reals)
  }

  /// The first 25 fakes of a batch, five a row, in the range of their own values.
  private func writeBatchGrid(_ fakes: Tensor) throws {
    let shown = fakes[0..<min(25, fakes.size(0))]
    let (low, high) = (shown.minimum().item, shown.maximum().item)
    let scaled = (shown - low) * (2 / max(high - low, 1e-5)) - 1
    try ImageGrid.tiled(Image.images(of: scaled), columns: 5, padding: 2, background: 0)
      .write(to: directory.batch(steps: progress.steps))
  }

  private func writeStatistics(_ report: Report, secondsInTick: Double, seconds: Double) throws {
    var line = report.statistics
    line["Progress/tick"] = Double(report.tick)
    line["Progress/kimg"] = Double(report.images) / 1000
    line["Progress/resolution"] = Double(report.growth.resolution)
    line["Progress/alpha"] = report.growth.alpha
    line["Timing/sec_per_tick"] = secondsInTick
    line["Timing/sec_per_kimg"] = 1000 / max(report.imagesPerSecond, 1e-9)
    line["Timing/total_sec"] = seconds
    line["Resources/peak_rss_gb"] = Double(ProcessMemory.peakResident) / 1e9
    try directory.appendStatistics(try JSON.compact(line))
  }

  /// Writes the networks and a grid of fakes as they are now.
  /// - Returns: the event that tells of it.
  private func writeSnapshot() throws -> Event {
    try requireFiniteWeights()
    let (network, fakes) = directory.snapshot(images: progress.images, steps: progress.steps)
    let (columns, rows) = gridSize(resolution: options.configuration.resolution)
    let z = latents(seeds: (0..<UInt32(columns * rows)).map { $0 }, size: options.configuration.zSize).to(device)
    let images = (0..<rows).flatMap { row in
      Image.images(
        of: networks.average.images(
          z[row * columns..<(row + 1) * columns], truncation: .none, noise: .constant, growth: growth, options.compute))
    }
    try ImageGrid.tiled(images, columns: columns).write(to: fakes)
    try NetworkFile.write(
      to: network, generator: networks.generator, average: networks.average,
      discriminator: networks.discriminator, growth: growth, history: history)
    if let problem = LossPlot.write(statistics: directory.statistics, to: directory.losses) {
      try directory.appendToLog("note: \(problem)")
    }
    return .snapshot(network: network, fakes: fakes)
  }

  private func writeState() throws {
    try requireFiniteWeights()
    progress.generatorUpdates = networks.generatorOptimizer.stepCount
    progress.discriminatorUpdates = networks.discriminatorOptimizer.stepCount
    try TrainingState.write(
      to: directory.state, networks: networks, random: random, options: options, progress: progress, growth: growth,
      history: history)
  }

  private func requireFiniteWeights() throws {
    let all = networks.generator.store.state + networks.discriminator.store.state
    guard all.allSatisfy({ $0.value.isAllFinite }) else { throw diverged }
  }

  private var diverged: TrainingError {
    .diverged(kimg: Double(progress.images) / 1000, state: directory.state, remedies: options.remedies)
  }

  private var history: NetworkFile.History {
    NetworkFile.History(
      kimg: Double(progress.images) / 1000, dataset: options.dataset.name, fingerprint: options.dataset.fingerprint,
      seed: options.seed, steps: progress.steps, recipe: options.recipe)
  }
}

/// Columns and rows of a grid that shows enough images of a resolution.
func gridSize(resolution: Int) -> (columns: Int, rows: Int) {
  (min(max(1024 / resolution, 4), 16), min(max(512 / resolution, 3), 8))
}

/// Why training cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss or a weight is not finite any more.
  case diverged(kimg: Double, state: String, remedies: String)
  /// The data set is not the one the run started with.
  case dataChanged(String)
  /// Another process trains in the run's folder.
  case inUse(String)

  /// A sentence saying what to do.
  public var description: String {
    switch self {
    case .diverged(let kimg, let state, let remedies):
      "training diverged after \(String(format: "%.1f", kimg)) kimg: a loss or weight is not finite; the last good "
        + "state is \(state); try \(remedies)"
    case .dataChanged(let path):
      "\(path) is not the data set this run started with: its content differs; restore it, or start a new run with "
        + "--init-from"
    case .inUse(let path):
      "another process is training in \(path); wait for it or stop it, then resume"
    }
  }
}
