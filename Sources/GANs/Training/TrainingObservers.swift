import Datasets
import Files
import Foundation
import Images
import Torch

/// Handles the events of a training, for example to write a log, an image or a metric.
public protocol TrainingObserver {
  /// Handles an event; an error ends the training.
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws
}

extension Trainer.Report {
  /// The progress under the keys of the statistics.
  var progress: [String: Double] {
    [
      "Progress/tick": Double(tick), "Progress/kimg": Double(images) / 1000,
      "Progress/resolution": Double(growth.resolution), "Progress/alpha": growth.alpha,
    ]
  }
}

/// Appends a line to `stats.jsonl` at every tick.
struct StatisticsWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .tick(let report) = event else { return }
    var line = report.statistics.merging(report.progress) { $1 }
    line["Timing/sec_per_tick"] = report.secondsInTick
    line["Timing/cpu_sec_per_tick"] = report.processorSecondsInTick
    // A tick that an error prevented is made up for after resuming; it has no time of its own.
    if report.imagesPerSecond > 0 { line["Timing/sec_per_kimg"] = 1000 / report.imagesPerSecond }
    line["Timing/total_sec"] = report.seconds
    line["Resources/peak_rss_gb"] = Double(ProcessMemory.peakResident) / 1e9
    let changes = trainer.options.dataChanges.count
    if changes > 0 {
      line["Data/changes"] = Double(changes)
      line["Data/images"] = Double(trainer.dataset.count)
    }
    try trainer.directory.appendStatistics(try JSON.compact(line))
  }
}

/// Writes a 5×5 grid of a batch's first 25 fakes every `batchGridSteps` steps, with colors scaled by their own minimum and
/// maximum, at the final size.
struct BatchGridWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    let interval = trainer.options.batchGridSteps
    guard case .step(let report, let fakes) = event, interval > 0, (report.steps - 1) % interval == 0 else { return }
    let shown = trainer.options.configuration.straight(fakes[0..<min(25, fakes.size(0))])
    guard shown.isAllFinite else { return }
    // Alpha is no brightness: it stays as it is.
    let colors = shown.size(1) == 4 ? shown.sliced(0..<3, along: 1) : shown
    let (low, high) = (colors.minimum().item, colors.maximum().item)
    var scaled = (colors - low) * (2 / max(high - low, 1e-5)) - 1
    if shown.size(1) == 4 { scaled = .concatenated([scaled, shown.sliced(3..<4, along: 1)], along: 1) }
    try ImageGrid.tiled(
      Image.images(of: scaled).map { try $0.finished(for: trainer) }, columns: 5, padding: 2, background: 0
    )
    .write(to: trainer.directory.batch(steps: report.steps - 1))
  }
}

/// Writes a snapshot: the network file, a grid of fakes of fixed seeds, and the plot of the losses.
struct SnapshotWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .snapshotDue(let network, let fakes) = event else { return }
    let networks = trainer.networks
    try FakesGrid.write(to: fakes, networks.average, of: trainer)
    try NetworkFile.write(to: network, networks, trainer.header)
    if let problem = LossPlot.write(statistics: trainer.directory.statistics, to: trainer.directory.losses) {
      try trainer.directory.appendToLog("note: \(problem)")
    }
  }
}

/// Draws `preview.png` early, before the first snapshot: after half a minute, a minute, two minutes, and so on.
///
/// It has the fakes of the generator itself, because the moving average follows slowly at the start. The first snapshot
/// removes the file, so a finished run has the same files, whenever the previews were drawn. A preview that cannot be
/// written does not end the training.
public final class PreviewWriter: TrainingObserver {
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var nextSeconds: Double
  private let drew: (String) throws -> Void

  /// A writer that begins after some seconds.
  /// - Parameter drew: called with the path of each preview.
  public init(firstAfter seconds: Double = 30, drew: @escaping (String) throws -> Void = { _ in }) {
    (start, nextSeconds, self.drew) = (clock.now, seconds, drew)
  }

  /// Draws a preview where it is time, and removes it where there is a snapshot.
  public func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    let path = trainer.directory.preview
    if case .snapshot = event { unlink(path) }
    guard case .step = event, !trainer.hasSnapshots else { return }
    let seconds = (clock.now - start) / .seconds(1)
    guard seconds >= nextSeconds else { return }
    nextSeconds = max(2 * nextSeconds, seconds)
    do { try FakesGrid.write(to: path, trainer.networks.generator, of: trainer) } catch {
      return try trainer.directory.appendToLog("note: \(path) is not drawn: \(error)")
    }
    try drew(path)
  }
}

/// A grid of fakes of the seeds 0, 1, 2, …, at the final size; with classes each column has one class,
/// with label vectors the one of an image of the data.
enum FakesGrid {
  static func write(to path: String, _ generator: any Generator, of trainer: Trainer) throws {
    let configuration = trainer.options.configuration
    let (columns, rows) = gridSize(resolution: configuration.resolution)
    let z = Tensor.latents(seeds: (0..<UInt32(columns * rows)).map { $0 }, size: configuration.zSize)
      .to(generator.store.device)
    let condition =
      configuration.labelSize == 0 ? nil : condition(columns, trainer.dataset, configuration.labelSize, z.device)
    let images = (0..<rows).flatMap { row in
      return Image.images(
        of: configuration.straight(
          generator.images(
            z[row * columns..<(row + 1) * columns], condition: condition, truncation: .none, noise: .constant,
            growth: trainer.growth, trainer.options.compute)))
    }
    try ImageGrid.tiled(images.map { try $0.finished(for: trainer) }, columns: columns).write(to: path)
  }

  /// The labels of the columns: the classes in turn, or vectors of images that are evenly spaced in the data.
  private static func condition(_ columns: Int, _ data: any ImageDataset, _ size: Int, _ device: Device) -> Condition {
    data.labelKind == .classes
      ? Condition(classes: (0..<columns).map { $0 % size }, of: size, device: device)
      : data.condition(of: (0..<columns).map { $0 * data.count / columns }, device: device)
  }
}

extension Image {
  /// An image of a growing network at the final size, where each pixel becomes a square, without padding.
  fileprivate func finished(for trainer: Trainer) throws -> Image {
    let side = trainer.options.configuration.resolution
    let image = width >= side ? self : try resized(width: side, height: side * height / width, kernel: .nearest)
    return try image.cropped(to: trainer.pictureArea)
  }
}

/// Columns and rows of a sample grid for images of a resolution.
func gridSize(resolution: Int) -> (columns: Int, rows: Int) {
  (min(max(1024 / resolution, 4), 16), min(max(512 / resolution, 3), 8))
}
