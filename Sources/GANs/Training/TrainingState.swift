import Files
import Foundation
import Torch

/// The progress of a run, without weights and random streams.
struct TrainingProgress: Codable {
  /// Real images shown.
  var images = 0
  /// Steps done.
  var steps = 0
  /// Ticks done; equal to the number of lines in stats.jsonl.
  var ticks = 0
  /// The position in the shuffled data: the number of samples read.
  var position = 0
  /// The resolution of the last step; a change resets the optimizers.
  var resolution = 0
  /// The growth of the last step; nil before the first step.
  var growth: Growth?
  /// Updates of the two optimizers since their last reset.
  var generatorUpdates = 0, discriminatorUpdates = 0
  /// Means since the last tick.
  var statistics = Statistics()
  /// Whether a snapshot is due that an error prevented; nil for no.
  var isSnapshotDue: Bool?
  /// The names of the networks that the run wrote and did not remove, oldest first; nil in older files.
  var snapshots: [String]?
  /// Seconds of training, in a training of a given time; nil in others, whose files do not depend on the speed.
  var seconds: Double?
  /// The augmentation's p and statistics; nil without augmentation.
  var augmentation: Augmenter.State?
  /// The files that could not be read, where that ended the training; nil for none.
  var unreadable: [String]?

  /// Notes a network of a snapshot; a repeated one stays where it is.
  mutating func add(snapshot path: String) {
    let name = FileSystem.name(of: path)
    if snapshots?.contains(name) != true { snapshots = (snapshots ?? []) + [name] }
  }

  /// Whether the numbers are consistent; a damaged file may violate this.
  var isPossible: Bool {
    let numbers = [images, steps, ticks, position, resolution, generatorUpdates, discriminatorUpdates]
    return numbers.allSatisfy { (0...1 << 50).contains($0) } && ticks <= steps && statistics.isConsistent
      && augmentation?.isPossible ?? true && (seconds ?? 0).isFinite && seconds ?? 0 >= 0
  }
}

/// A file for an exact resume: networks, optimizers, regularizers, random streams, progress and options.
///
/// A safetensors file: `G.`, `D.` and `G_ema.` as in a network file, `optimizer.G.` and `optimizer.D.` (moments),
/// `regularizer.G.` (their states), `random` and, on other devices, `random.device` (the states of the streams).
enum TrainingState {
  static let format = "swift-stylegan training state 1"

  static func write(
    to path: String, networks: TrainingNetworks, random: SamplingStreams, options: TrainingOptions,
    progress: TrainingProgress, header: NetworkHeader
  ) throws {
    var metadata = try header.metadata(format: format)
    metadata["options"] = try JSON.compact(options)
    metadata["progress"] = try JSON.compact(progress)
    var writer = SafetensorsWriter(metadata: metadata)
    for (prefix, tensors) in networks.state { writer.add(tensors, prefix: prefix) }
    writer.add(random.state)
    try writer.write(to: path)
  }

  /// The options and the progress in a state.
  static func description(at path: String) throws -> (options: TrainingOptions, progress: TrainingProgress) {
    let file = try open(path)
    let options = try file.decoded("options", as: TrainingOptions.self)
    do { try options.validate() } catch { throw NetworkFileError(path, "\(error)") }
    let header = NetworkHeader(configuration: options.configuration, growth: options.configuration.grown)
    try header.requireGenerator(in: Array(file.tensors.values), of: path)
    return (options, try progress(in: file))
  }

  private static func progress(in file: SafetensorsFile) throws -> TrainingProgress {
    let progress = try file.decoded("progress", as: TrainingProgress.self)
    guard progress.isPossible else { throw NetworkFileError(file.path, "its 'progress' is impossible") }
    return progress
  }

  /// Loads a state into fresh networks and streams.
  static func load(from path: String, networks: TrainingNetworks, random: SamplingStreams) throws -> TrainingProgress {
    let file = try open(path)
    let progress = try progress(in: file)
    do { try random.restore { try file.tensor($0) } } catch let error as RandomStreamError {
      throw NetworkFileError(path, "its 'random' is \(error.description)")
    }
    for (prefix, tensors) in networks.state { try file.load(into: tensors, prefix: prefix) }
    networks.generatorOptimizer.restore(stepCount: progress.generatorUpdates)
    networks.discriminatorOptimizer.restore(stepCount: progress.discriminatorUpdates)
    return progress
  }

  private static func open(_ path: String) throws -> SafetensorsFile {
    let file = try SafetensorsFile(path: path)
    guard file.metadata["format"] == format else {
      throw NetworkFileError(
        path, "it is not a training state; to start from the weights of a network, use \(field: .initialNetwork)")
    }
    return file
  }
}
