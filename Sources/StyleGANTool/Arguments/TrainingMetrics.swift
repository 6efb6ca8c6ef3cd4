import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

/// Metrics that are measured at each snapshot of a training. A resumed run keeps its metrics, except for options that
/// are given again.
struct TrainingMetrics: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Metrics to measure at each snapshot, separated by commas, or none: see 'stylegan help metrics' (default: none).",
      valueName: "metrics"))
  var metrics: MetricList?
  @Option(
    parsing: .unconditional, help: "Number of fakes, or of pairs of fakes (default: the usual number of the metric).")
  var metricSamples: Int?
  @OptionGroup var detectors: DetectorArguments

  mutating func validate() throws {
    if let metrics, metrics.names != ["none"] { try detectors.requireUse(by: metrics.metrics()) }
    try requireRange("--metric-samples", metricSamples, 2...1_000_000)
  }

  /// Whether any of these options was given.
  var areGiven: Bool { metrics != nil || !details.isEmpty }

  private var details: [String] {
    given([
      ("--metric-samples", metricSamples), ("--detector", detectors.detector), ("--attributes", detectors.attributes),
    ])
  }

  /// The first given option that has no effect because there are no metrics; nil if there is none.
  func idle(_ measures: MeasureOptions?) -> String? { measures != nil || metrics != nil ? nil : details.first }

  /// Applies the given options.
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

/// Measures the metrics of a training at each snapshot. A failure becomes a line in the log; the training continues.
struct SnapshotMetrics: TrainingObserver {
  let shouldStop: () -> Bool
  /// Receives each result and each failure as a line.
  let say: (String) throws -> Void

  /// Refuses metrics that cannot be measured at any snapshot, before the training starts.
  static func requireMeasurable(_ options: TrainingOptions, _ reals: any ImageDataset) throws {
    guard let measures = options.measures else { return }
    let device = try Device(options.device)
    let conditions = MetricConditions(
      of: options.configuration, reals: reals.mirrored(options.mirror).count,
      detectors: try measures.openDetectors(for: reals, device: device),
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
        cacheLimit: 0
      ).mirrored(options.mirror)
      let run = MetricRun(
        metrics: measures.metrics, detectors: try measures.openDetectors(for: reals, device: device),
        attributes: try measures.openAttributes(device: device), samples: measures.samples, device: device,
        precision: options.precision, say: { lines.append($0) }, shouldStop: shouldStop, isResumable: false)
      try run(
        try run.subject(file, reals: reals), reals, folder: trainer.directory.path,
        label: { result in
          result.kimg = file.history?.kimg
          result.network = FileSystem.name(of: path)
          result.weights = WeightsChoice.ema.rawValue
          result.data = options.data
        }, failed: { lines.append("no metric: \(Self.sentence($0))") })
    } catch is MetricEvaluation.Stopped {
      lines.append("the metrics were stopped")
    } catch {
      lines.append("no metrics: \(Self.sentence(error))")
    }
    for line in lines { try say(line) }
  }

  private static func sentence(_ error: any Error) -> String { (error as? any UserFacingError)?.sentence ?? "\(error)" }
}
