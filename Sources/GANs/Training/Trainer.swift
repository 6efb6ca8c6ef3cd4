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
  public private(set) var options: TrainingOptions
  /// The folder of the run.
  public let directory: RunDirectory
  /// The networks in training.
  public let networks: TrainingNetworks
  /// The training data.
  public let dataset: any ImageDataset
  /// The observers, called in this order for every event, before the argument of ``train(shouldStop:observe:)``.
  public var observers: [any TrainingObserver] = [StatisticsWriter(), BatchGridWriter(), SnapshotWriter()]
  /// The images to train on: all of ``dataset``, or those that are not held out.
  let shown: any ImageDataset
  /// Scores held-out images; nil without them.
  let validation: Validation?
  private let lock: FolderLock
  private let device: Device
  private var loader: BatchLoader
  private let random: SamplingStreams
  private let augmenter: Augmenter?
  private var progress: TrainingProgress
  private var failedToRead = false
  /// Images shown at the last saved state. After an error it tells what a resumed run continues from.
  public internal(set) var savedImages = 0
  /// How the networks differ from the initial network; nil without one.
  public internal(set) var adaptation: Adaptation?
  /// The change of the data that this run was resumed with; nil for none.
  public internal(set) var dataChange: DataChange?

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
    /// Seconds of all processors since the last tick.
    public var processorSecondsInTick: Double
  }

  /// The outcome of ``train(shouldStop:observe:)``.
  public enum Outcome: Equatable {
    /// All images were shown. `network` is the last network file.
    case finished(network: String)
    /// `shouldStop` returned true. The state is saved.
    case interrupted
  }

  init(
    _ options: TrainingOptions, dataset: any ImageDataset, directory: RunDirectory, lock: FolderLock, device: Device,
    networks: TrainingNetworks, random: SamplingStreams, progress: TrainingProgress, validation: Validation? = nil
  ) {
    (self.validation, shown) = (validation, validation?.split.training ?? dataset)
    (self.options, self.dataset, self.directory, self.lock) = (options, dataset, directory, lock)
    (self.device, self.networks, self.random, self.progress) = (device, networks, random, progress)
    loader = Self.loader(shown, options, at: progress.position)
    augmenter = options.augmentation.map { Augmenter($0, random: random, state: progress.augmentation) }
    if let augmenter { networks.use(augmenter) }
  }

  private static func loader(_ dataset: any ImageDataset, _ options: TrainingOptions, at position: Int) -> BatchLoader {
    BatchLoader(dataset, seed: options.seed, startingAt: position, mirror: options.mirror)
  }

  /// Images shown so far.
  public var imagesShown: Int { progress.images }

  /// Whether an error prevented a tick or a snapshot that a resumed run makes up for.
  public var isWorkLeft: Bool { isTickDue || progress.isSnapshotDue == true }

  /// Whether the run has written a snapshot.
  public var hasSnapshots: Bool { progress.snapshots.map { !$0.isEmpty } ?? (progress.images > 0) }

  /// Seconds of training that are left of those of the options; nil where they are not limited.
  public var secondsLeft: Double? { options.totalSeconds.map { max(0, $0 - (progress.seconds ?? 0)) } }

  /// Images to show in all, at most.
  public var totalImages: Int { Int((options.totalKimg * 1000).rounded(.up)) }

  // MARK: The loop

  /// Trains until all images are shown, or the time of the options is over.
  ///
  /// An error ends the training. All but a divergence leave the networks as they were after the last whole step, so the
  /// state is saved first, as far as that is possible: see ``savedImages``. What was due when the error came (a line of
  /// statistics, a snapshot) is made up for after resuming.
  /// - Parameters:
  ///   - shouldStop: called after every step; on true training saves its state and ends.
  ///   - observe: called for every event; its errors end the training.
  /// - Throws: ``TrainingError/diverged(kimg:state:remedies:)`` where a loss or a weight is not finite; the last good state
  ///   remains. `FileError` and data errors.
  public func train(shouldStop: () -> Bool = { false }, observe: (Event) throws -> Void = { _ in }) throws -> Outcome {
    progress.unreadable = nil
    do { return try loop(shouldStop, observe) } catch {
      if !(error is TrainingError) {
        // The images of a failed step are read again.
        loader = Self.loader(shown, options, at: progress.position)
        if failedToRead { noteUnreadableImages() }
        try? writeState()
      }
      throw error
    }
  }

  /// Makes the last step of a training of a given time its end, as after all images.
  private func finishHere() throws {
    var kimg = Double(progress.images) / 1000
    while Int((kimg * 1000).rounded(.up)) > progress.images { kimg = kimg.nextDown }
    (options.totalKimg, options.totalSeconds, progress.seconds) = (kimg, nil, nil)
    try AtomicFile.write(try options.text(), to: directory.options)
  }

  private func loop(_ shouldStop: () -> Bool, _ observe: (Event) throws -> Void) throws -> Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    let earlier = progress.seconds ?? 0
    var (tickStart, lastSave, imagesAtTick) = (start, start, progress.images)
    var processorAtTick = ProcessTime.processorSeconds
    var statistics: [String: Double] = [:]
    func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }
    func report() -> Report {
      let secondsInTick = seconds(since: tickStart)
      return Report(
        images: progress.images, totalImages: totalImages, steps: progress.steps, tick: progress.ticks, growth: growth,
        statistics: statistics, imagesPerSecond: Double(progress.images - imagesAtTick) / max(secondsInTick, 1e-9),
        secondsInTick: secondsInTick, seconds: seconds(since: start),
        processorSecondsInTick: ProcessTime.processorSeconds - processorAtTick)
    }
    func tell(_ event: Event) throws {
      for observer in observers { try observer.observe(event, of: self) }
      try observe(event)
    }
    func tick() throws {
      guard progress.statistics.read() else { throw diverged }
      statistics = try withOverfitting(progress.statistics.means)
      if let augmenter { statistics["Progress/augment"] = augmenter.p }
      progress.ticks += 1
      do { try tell(.tick(report())) } catch {
        progress.ticks -= 1
        throw error
      }
      progress.statistics = Statistics()
      if progress.images >= totalImages || progress.ticks % options.snapshotTicks == 0 { progress.isSnapshotDue = true }
    }
    func snapshot() throws {
      try requireFiniteWeights()
      let (network, fakes) = snapshotFiles
      try tell(.snapshotDue(network: network, fakes: fakes))
      progress.isSnapshotDue = nil
      progress.add(snapshot: network)
      do { try writeState() } catch {
        progress.isSnapshotDue = true
        throw error
      }
      lastSave = clock.now
      try tell(.snapshot(network: network, fakes: fakes))
      removeOldSnapshots()
    }

    var isFirst = true
    while true {
      if options.totalSeconds != nil { progress.seconds = earlier + seconds(since: start) }
      if let secondsLeft, secondsLeft <= 0, !isFirst, progress.images < totalImages { try finishHere() }
      if isTickDue {
        try tick()
        if progress.isSnapshotDue != true, seconds(since: lastSave) > 300 {
          try writeState()
          lastSave = clock.now
        }
        (tickStart, imagesAtTick, processorAtTick) = (clock.now, progress.images, ProcessTime.processorSeconds)
      }
      if progress.isSnapshotDue == true {
        try snapshot()
        (tickStart, processorAtTick) = (clock.now, ProcessTime.processorSeconds)
      }
      if progress.images >= totalImages { return .finished(network: lastNetwork) }
      if !isFirst && shouldStop() {
        try writeState()
        return .interrupted
      }
      isFirst = false
      let fakes = try step()
      try tell(.step(report(), fakes: fakes))
    }
  }

  /// Whether the steps since the last tick make a whole one, or the last one.
  private var isTickDue: Bool {
    !progress.statistics.isEmpty
      && (Double(progress.images) >= Double(progress.ticks + 1) * options.tickKimg * 1000
        || progress.images >= totalImages)
  }

  /// The growth of the last step; before the first step, the initial growth.
  public var growth: Growth { progress.growth ?? options.schedule.growth(afterImages: 0) }

  /// The network of the last snapshot. Its name cannot be made again: it depends on the files that were there.
  private var lastNetwork: String {
    progress.snapshots?.last.map { "\(directory.path)/\($0)" } ?? snapshotFiles.network
  }

  private var snapshotFiles: (network: String, fakes: String) {
    directory.snapshot(
      images: progress.images, steps: progress.steps, interval: options.tickKimg * Double(options.snapshotTicks))
  }

  /// One step: the updates of D and G with their regularizers, in the order of the options. The moving average of G follows
  /// D's update, or ends the step (``TrainingOptions/averageMovesFirst``).
  /// - Returns: the fakes of G's update.
  private func step() throws -> Tensor {
    let growth = options.schedule.growth(afterImages: progress.images)
    let batch = options.schedule.batchSize(at: growth.resolution)
    var batches = try readBatches(of: batch)
    let last = progress.growth ?? (progress.resolution > 0 ? Growth(resolution: progress.resolution) : nil)
    if let last, options.stepDetails.resetsMoments(from: last, to: growth) { networks.resetMoments() }
    progress.resolution = growth.resolution
    networks.setLearningRate(options.schedule.learningRate(at: growth.resolution))
    let phase = options.objective.discriminatorPhase(at: progress.steps)
    let fakes: Tensor
    var seen: TrainingNetworks.Reals?
    switch options.stepOrder {
    case .discriminatorFirst:
      for _ in 0..<options.criticSteps {
        let reals = reals(batches.removeFirst(), growth)
        networks.updateDiscriminator(
          reals, sample: sample(batch, growth, phase, pairedWith: reals), growth: growth, phase: phase, record: record)
        seen = reals
      }
      if options.averageMovesFirst { networks.updateAverage(images: batch * options.criticSteps) }
      let reals = batches.first.map { self.reals($0, growth) }
      fakes = updateGenerator(sample(batch, growth, pairedWith: reals), reals: reals, batch, growth)
    case .generatorFirst:
      let reals = reals(batches.removeFirst(), growth)
      let sample = sample(batch, growth, phase, pairedWith: reals)
      fakes = updateGenerator(sample, reals: batches.first.map { self.reals($0, growth) }, batch, growth)
      networks.updateDiscriminator(reals, sample: sample, fakes: fakes, growth: growth, phase: phase, record: record)
      seen = reals
    }
    recordDiversity(ofReals: seen?.images, fakes)
    if !options.averageMovesFirst { networks.updateAverage(images: batch * options.criticSteps) }
    progress.growth = growth
    progress.images += batch * options.criticSteps
    progress.steps += 1
    augmenter?.endStep(progress.steps, images: batch * options.criticSteps)
    return fakes
  }

  /// G's update with its regularizers: joint with the loss, or each in a separate update.
  /// - Parameter reals: the images of a loss of pairs; nil for other losses.
  private func updateGenerator(
    _ sample: TrainingSample, reals: TrainingNetworks.Reals?, _ batch: Int, _ growth: Growth
  ) -> Tensor {
    let due = networks.generatorRegularizers.map { ($0, Phase(every: $0.interval, at: progress.steps)) }
    func penalty(_ regularizer: any GeneratorRegularizer) -> Tensor {
      networks.penalty(
        regularizer, sample: self.sample(regularizer.sampleCount(batch: batch), growth), growth: growth, random: random,
        record: record)
    }
    let fakes = networks.updateGenerator(
      sample: sample, reals: reals, growth: growth, record: record
    ) { due.filter { $0.1 == .joint }.map { penalty($0.0) } }
    for case (let regularizer, .separate(let weight)) in due {
      networks.updateGenerator(penalty: penalty(regularizer), weight: weight)
    }
    return fakes
  }

  func record(_ name: String, _ value: Tensor) { progress.statistics.add(name, value) }

  /// - Parameter reals: the images of the same update. Where they are paired with the fakes, the labels are theirs.
  private func sample(
    _ count: Int, _ growth: Growth, _ phase: Phase = .none, pairedWith reals: TrainingNetworks.Reals? = nil
  ) -> TrainingSample {
    var condition = options.objective.comparesPairs ? reals?.condition : nil
    if condition == nil && options.configuration.labelSize > 0 {
      // Labels of fakes have the distribution of the data.
      let images = (0..<count).map { _ in random.choices.integer(in: 0..<shown.count) }
      condition = shown.condition(of: images, device: device)
    }
    var sample = networks.generator.sample(
      count: count, condition: condition, growth: growth, mixingProbability: options.mixingProbability, random: random)
    if phase != .none && options.objective.regularizer == .gradientPenalty {
      sample.position = random.tensors.uniform([count, 1, 1, 1])
    }
    return sample
  }

  /// All images of a step: those of D's updates, then those of a loss of pairs. They are read before any update, so that
  /// an error in the data leaves the networks as they were.
  private func readBatches(of count: Int) throws -> [ImageBatch] {
    failedToRead = true
    let batches = try (0..<options.batchesPerStep).map { _ in try loader.next(count) }
    failedToRead = false
    progress.position = loader.position
    return batches
  }

  /// Notes the files that cannot be read, so that the run can be resumed when they are repaired or removed.
  private func noteUnreadableImages() {
    guard let record = DataRecord(in: directory, fingerprint: dataset.fingerprint) else { return }
    let order = SampleOrder(seed: options.seed, count: shown.count)
    let batch = options.schedule.batchSize(at: growth.resolution) * options.batchesPerStep
    var permutations: [Int: [Int32]] = [:]
    let next = (progress.position..<progress.position + batch).map { sample in
      let (epoch, place) = sample.quotientAndRemainder(dividingBy: shown.count)
      if permutations[epoch] == nil { permutations[epoch] = order.permutation(epoch: epoch) }
      let item = Int(permutations[epoch]![place])
      return validation?.split.training.indices[item] ?? item
    }
    progress.unreadable = dataset.unreadableImages(first: next).compactMap(record.name)
  }

  func reals(_ batch: ImageBatch, _ growth: Growth) -> TrainingNetworks.Reals {
    TrainingNetworks.Reals(
      growth.prepared(images(of: batch, on: device), premultiplied: options.configuration.isPremultiplied),
      condition: options.configuration.labelSize == 0 ? nil : dataset.condition(of: batch, device: device))
  }

  func images(of batch: ImageBatch, on device: Device) -> Tensor {
    batch.tensor(channels: dataset.channels, resolution: dataset.resolution, device: device)
      .cropped(by: options.configuration.border)
  }

  /// The part of the networks' images at the full resolution that holds the picture; nil for images without padding.
  public var pictureArea: PictureArea? {
    dataset.pictureArea?.withoutBorder(options.configuration.border, of: dataset.resolution)
  }

  // MARK: The state

  /// Writes the training state.
  func writeState() throws {
    guard progress.statistics.read() else { throw diverged }
    try requireFiniteWeights()
    progress.augmentation = augmenter?.state
    progress.generatorUpdates = networks.generatorOptimizer.stepCount
    progress.discriminatorUpdates = networks.discriminatorOptimizer.stepCount
    try TrainingState.write(
      to: directory.state, networks: networks, random: random, options: options, progress: progress, header: header)
    savedImages = progress.images
  }

  /// Removes those networks of earlier snapshots of this run that its options do not keep.
  func removeOldSnapshots() {
    guard let keeping = options.keeping else { return }
    progress.snapshots = keeping.pruned(progress.snapshots ?? [], in: directory, header: header)
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
      labelKind: dataset.labelKind, pictureArea: pictureArea,
      history: NetworkFile.History(
        kimg: Double(progress.images) / 1000, dataset: options.dataset.name, fingerprint: options.dataset.fingerprint,
        seed: options.seed, steps: progress.steps, recipe: options.recipe,
        mirror: options.mirror, resize: options.resize))
  }
}
