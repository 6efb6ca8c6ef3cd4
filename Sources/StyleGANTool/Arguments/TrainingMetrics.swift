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
    if let metrics, metrics.names != ["none"] { _ = try metrics.metrics() }
    try requireRange("--metric-samples", metricSamples, 2...1_000_000)
  }

  /// Whether any of these options was given.
  var areGiven: Bool { metrics != nil || !details.isEmpty }

  private var details: [String] {
    given([
      ("--metric-samples", metricSamples), ("--detector", detectors.detector), ("--attributes", detectors.attributes),
    ])
  }

  /// Refuses given options that have no effect on these metrics.
  /// - Parameter measures: the metrics of the run after the given options were applied; nil for none.
  func requireEffect(on measures: MeasureOptions?, isResumed: Bool) throws {
    guard let measures else {
      guard let option = details.first else { return }
      throw ValidationError(
        metrics != nil
          ? "--metrics none measures nothing, so \(option) has no effect: leave one of them out"
          : isResumed
            ? "the run has no metrics, so \(option) has no effect; give --metrics too"
            : "\(option) is for metrics; give --metrics too")
    }
    try detectors.requireUse(by: measures.metrics)
  }

  /// Metrics with the given options.
  func applied(to measures: MeasureOptions?) -> MeasureOptions? {
    var measures = measures
    apply(to: &measures)
    return measures
  }

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
    guard case .snapshot(let path, _) = event, let measures = trainer.options.measures else { return }
    try measure(measures.metrics, of: path, trainer)
  }

  /// Measures what the last process of a resumed run did not: it ended after the snapshot was saved.
  func catchUp(_ trainer: Trainer) throws {
    guard let (path, metrics) = Self.missed(trainer) else { return }
    try measure(metrics, of: path, trainer)
  }

  /// The newest snapshot of a run, and those of its metrics that have no line for it; nil where nothing is missing.
  static func missed(_ trainer: Trainer) -> (network: String, metrics: [Metric])? {
    // A snapshot that is due will be drawn and measured anyway.
    guard !trainer.isWorkLeft else { return nil }
    let folder = trainer.directory.path
    let names = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasPrefix("network-snapshot-") }
    let newest = names.max { (RunDirectory.kimg(ofSnapshot: $0) ?? -1) < (RunDirectory.kimg(ofSnapshot: $1) ?? -1) }
    // A snapshot that is newer than the state will be drawn and measured again.
    guard let measures = trainer.options.measures, let newest,
      let history = try? NetworkFile.history(at: "\(folder)/\(newest)"),
      Int((history.kimg * 1000).rounded()) <= trainer.imagesShown
    else { return nil }
    let metrics = measures.metrics.filter { metric in
      let lines = (try? WholeFile.bytes(of: "\(folder)/metric-\(metric.rawValue).jsonl"))?.split(separator: 10) ?? []
      return !lines.contains {
        (try? JSONDecoder().decode(MetricResult.self, from: Data($0)))?.network == newest
      }
    }
    return metrics.isEmpty ? nil : ("\(folder)/\(newest)", metrics)
  }

  private func measure(_ metrics: [Metric], of path: String, _ trainer: Trainer) throws {
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
        metrics: metrics, detectors: try measures.openDetectors(for: reals, device: device),
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
