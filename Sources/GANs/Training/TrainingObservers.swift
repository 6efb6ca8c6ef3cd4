import Files
import Foundation
import Images
import Torch

/// Handles the events of a training, for example to write a log, an image or a metric.
public protocol TrainingObserver {
  /// Handles an event; an error ends the training.
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws
}

/// Appends a line to `stats.jsonl` at every tick.
struct StatisticsWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .tick(let report) = event else { return }
    var line = report.statistics
    line["Progress/tick"] = Double(report.tick)
    line["Progress/kimg"] = Double(report.images) / 1000
    line["Progress/resolution"] = Double(report.growth.resolution)
    line["Progress/alpha"] = report.growth.alpha
    line["Timing/sec_per_tick"] = report.secondsInTick
    line["Timing/sec_per_kimg"] = 1000 / max(report.imagesPerSecond, 1e-9)
    line["Timing/total_sec"] = report.seconds
    line["Resources/peak_rss_gb"] = Double(ProcessMemory.peakResident) / 1e9
    try trainer.directory.appendStatistics(try JSON.compact(line))
  }
}

/// Writes a 5×5 grid of a batch's first 25 fakes every `batchGridSteps` steps, scaled by their own minimum and maximum.
struct BatchGridWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    let interval = trainer.options.batchGridSteps
    guard case .step(let report, let fakes) = event, interval > 0, (report.steps - 1) % interval == 0 else { return }
    let shown = fakes[0..<min(25, fakes.size(0))]
    guard shown.isAllFinite else { return }
    let (low, high) = (shown.minimum().item, shown.maximum().item)
    let scaled = (shown - low) * (2 / max(high - low, 1e-5)) - 1
    try ImageGrid.tiled(Image.images(of: scaled), columns: 5, padding: 2, background: 0)
      .write(to: trainer.directory.batch(steps: report.steps - 1))
  }
}

/// Writes a snapshot: the network file, a grid of fakes of fixed seeds, and the plot of the losses.
struct SnapshotWriter: TrainingObserver {
  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .snapshotDue(let network, let fakes) = event else { return }
    let (networks, configuration) = (trainer.networks, trainer.options.configuration)
    let (columns, rows) = gridSize(resolution: configuration.resolution)
    let z = Tensor.latents(seeds: (0..<UInt32(columns * rows)).map { $0 }, size: configuration.zSize)
      .to(networks.average.store.device)
    let images = (0..<rows).flatMap { row in
      // With labels each column has one class.
      let classes = configuration.labelSize == 0 ? [] : (0..<columns).map { $0 % configuration.labelSize }
      let condition = classes.isEmpty ? nil : Condition(classes: classes, of: configuration.labelSize, device: z.device)
      return Image.images(
        of: networks.average.images(
          z[row * columns..<(row + 1) * columns], condition: condition, truncation: .none, noise: .constant,
          growth: trainer.growth, trainer.options.compute))
    }
    try ImageGrid.tiled(images, columns: columns).write(to: fakes)
    try NetworkFile.write(to: network, networks, trainer.header)
    if let problem = LossPlot.write(statistics: trainer.directory.statistics, to: trainer.directory.losses) {
      try trainer.directory.appendToLog("note: \(problem)")
    }
  }
}

/// Columns and rows of a sample grid for images of a resolution.
func gridSize(resolution: Int) -> (columns: Int, rows: Int) {
  (min(max(1024 / resolution, 4), 16), min(max(512 / resolution, 3), 8))
}
