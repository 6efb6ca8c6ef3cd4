import Datasets
import Files
import Images
import Torch

// New runs, and resumed ones.

extension Trainer {
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
    let adaptation = try options.initialNetwork.map {
      try NetworkFile(path: $0, device: device).load(into: networks, options.configuration)
    }
    let (directory, undo) = try RunDirectory.createUndoably(in: parent, name: options.folderName)
    do {
      try AtomicFile.write(try options.text(), to: directory.options)
      var progress = TrainingProgress()
      progress.snapshots = []
      self.init(
        options, dataset: dataset, directory: directory, lock: try directory.lock(), device: device,
        networks: networks, random: SamplingStreams(seed: options.seed, device: device), progress: progress)
      self.adaptation = adaptation
      try DataRecord(dataset).write(to: directory)
      try writeReals()
      try writeState()
    } catch {
      undo()
      throw error
    }
  }

  /// The options of a run to resume.
  /// - Throws: errors of the state's file; ``ConfigurationError`` for a length that the run has passed.
  public static func options(resuming state: String, with changes: RunChanges = RunChanges()) throws -> TrainingOptions
  {
    let (options, progress) = try TrainingState.description(at: state)
    return try changes.applied(to: options, afterImages: progress.images)
  }

  /// The images that a saved run has shown.
  /// - Throws: errors of the state's file.
  public static func imagesShown(resuming state: String) throws -> Int {
    try TrainingState.description(at: state).progress.images
  }

  /// The seconds of training that are left of a saved run; nil where they are not limited.
  /// - Throws: errors of the state's file.
  public static func secondsLeft(resuming state: String) throws -> Double? {
    let (options, progress) = try TrainingState.description(at: state)
    return options.totalSeconds.map { max(0, $0 - (progress.seconds ?? 0)) }
  }

  /// Resumes a run exactly from its last saved state.
  /// - Parameters:
  ///   - state: a training state in the folder of the run.
  ///   - changes: new values of options that do not change the mathematics of the training.
  ///   - open: opens the data set of the options.
  /// - Throws: errors of the file; ``TrainingError/dataChanged(_:_:)`` where the content of the data differs and the
  ///   changes do not accept that, ``TrainingError/inUse(_:)`` where another process trains in this folder.
  public convenience init(
    resuming state: String, with changes: RunChanges = RunChanges(), open: (TrainingOptions) throws -> any ImageDataset
  ) throws {
    // Reading the state first makes a wrong path an error of that path, not of the lock.
    _ = try TrainingState.description(at: state)
    let directory = RunDirectory(path: Folder.of(state))
    let lock = try directory.lock()
    // Read again with the lock: another process may have written before.
    var (options, saved) = try TrainingState.description(at: state)
    options = try changes.applied(to: options, afterImages: saved.images)
    let device = try Device(options.device)
    let dataset = try open(options)
    try options.requireFit(dataset)
    let dataChange = try options.adopt(
      dataset, in: directory, after: saved, acceptingChanges: changes.acceptsChangedData)
    try options.requireMemory()
    Processor.threadCount = options.threads
    let networks = TrainingNetworks(options, device: device)
    let random = SamplingStreams(seed: 0, device: device)
    var progress = try TrainingState.load(from: state, networks: networks, random: random)
    progress.unreadable = nil
    directory.removeStaleTemporaries()
    try directory.truncateStatistics(toLines: progress.ticks)
    try AtomicFile.write(try options.text(), to: directory.options)
    self.init(
      options, dataset: dataset, directory: directory, lock: lock, device: device, networks: networks, random: random,
      progress: progress)
    savedImages = progress.images
    self.dataChange = dataChange
    // The state first: a record that is older than the state is written again here.
    if dataChange != nil { try writeState() }
    if DataRecord(in: directory, fingerprint: dataset.fingerprint) == nil {
      try DataRecord(dataset).write(to: directory)
    }
    removeOldSnapshots()
    if hasSnapshots { unlink(directory.preview) }
  }

  private func writeReals() throws {
    let (columns, rows) = gridSize(resolution: dataset.resolution)
    let batch = try BatchLoader(dataset, seed: options.seed).next(columns * rows)
    try ImageGrid.tiled(Image.images(of: images(of: batch, on: .cpu)), columns: columns).write(to: directory.reals)
  }
}

extension TrainingOptions {
  /// The name of the run's folder without its number: recipe, data, resolution and description.
  var folderName: String {
    "\(recipe)-\(dataset.name)-\(configuration.resolution)" + (description.map { "-\($0)" } ?? "")
  }
}
