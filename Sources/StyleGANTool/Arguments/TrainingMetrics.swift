import ArgumentParser
import Datasets
import Foundation
import GANs
import Images
import Torch

/// Metrics that are measured at each snapshot of a training; a resumed one goes on with those of its run, but for what
/// is given anew.
struct TrainingMetrics: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Metrics to measure at each snapshot, with commas, or none; see 'stylegan help metrics' (default: none).",
      valueName: "metrics"))
  var metrics: MetricList?
  @Option(
    parsing: .unconditional, help: "Fakes, or pairs of them, of a metric (default: what its name stands for).")
  var metricSamples: Int?
  @OptionGroup var detectors: DetectorArguments

  mutating func validate() throws {
    if metrics?.names != ["none"] { _ = try metrics?.metrics() }
    if let metricSamples, !(2...1_000_000).contains(metricSamples) {
      throw ValidationError("--metric-samples is \(metricSamples), but must be 2 to 1000000")
    }
  }

  /// Whether anything is told anew.
  var areGiven: Bool { metrics != nil || !details.isEmpty }

  private var details: [String] {
    given([
      ("--metric-samples", metricSamples), ("--detector", detectors.detector), ("--attributes", detectors.attributes),
    ])
  }

  /// The options that were given although there is nothing to measure.
  func idle(_ measures: MeasureOptions?) -> String? { measures != nil || metrics != nil ? nil : details.first }

  /// Puts in what was given.
  func apply(to measures: inout MeasureOptions?) {
    if let metrics {
      let list = (try? metrics.metrics()) ?? []
      if list.isEmpty { measures = nil } else if measures == nil { measures = MeasureOptions(metrics: list) }
      measures?.metrics = list
    }
    if let metricSamples { measures?.samples = metricSamples }
    if let detector = detectors.detector { measures?.detector = detector }
    if let attributes = detectors.attributes { measures?.attributes = attributes }
  }

}

/// Measures a training's metrics at each snapshot. A failure becomes a line; the training goes on.
struct SnapshotMetrics: TrainingObserver {
  let shouldStop: () -> Bool
  /// Told each result and each failure.
  let say: (String) throws -> Void

  /// Refuses what could not be measured at any snapshot, before anything is trained.
  static func requireMeasurable(_ options: TrainingOptions, _ reals: any ImageDataset) throws {
    guard let measures = options.measures else { return }
    let device = try Device(options.device)
    let conditions = MetricConditions(
      of: options.configuration, reals: reals.count, detectors: try measures.openDetectors(for: reals, device: device),
      hasAttributes: try measures.openAttributes(device: device) != nil, samples: measures.samples)
    for metric in measures.metrics { if let obstacle = conditions.obstacle(to: metric) { throw obstacle } }
  }

  func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .snapshot(let path, _) = event else { return }
    let options = trainer.options
    guard let measures = options.measures else { return }
    var lines: [String] = []
    do {
      let device = try Device(options.device)
      let file = try NetworkFile(path: path, device: device)
      guard file.growth.resolution >= 8 else { return }
      let reals = try DatasetSource.open(
        options.data, resolution: options.configuration.dataResolution, channels: options.configuration.imageChannels,
        cacheLimit: 0)
      let run = MetricRun(
        metrics: measures.metrics, detectors: try measures.openDetectors(for: reals, device: device),
        attributes: try measures.openAttributes(device: device), samples: measures.samples, device: device,
        precision: options.precision, say: { lines.append($0) },
        shouldStop: shouldStop, goesOn: false)
      try run(
        try run.subject(file, reals: reals), reals, folder: trainer.directory.path,
        label: { result in
          result.kimg = file.history?.kimg
          result.network = URL(fileURLWithPath: path).lastPathComponent
          result.weights = WeightsChoice.ema.rawValue
          result.data = options.data
        }, failed: { lines.append("no metric: \(Self.sentence($0))") })
    } catch is MetricEvaluation.Stopped {
      lines.append("metrics were stopped")
    } catch {
      lines.append("no metrics: \(Self.sentence(error))")
    }
    for line in lines { try say(line) }
  }

  private static func sentence(_ error: any Error) -> String { (error as? any UserFacingError)?.sentence ?? "\(error)" }
}
