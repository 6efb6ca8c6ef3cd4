import ArgumentParser
import Datasets
import Foundation
import GANs
import Images
import Torch

/// Metrics that are measured at each snapshot of a training.
struct TrainingMetrics: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Metrics to measure at each snapshot, with commas; see 'stylegan help metrics' (default: none).",
      valueName: "metrics"))
  var metrics: MetricList?
  @Option(
    parsing: .unconditional, help: "Fakes, or pairs of them, of a metric (default: what its name stands for).")
  var metricSamples: Int?
  @OptionGroup var detectors: DetectorArguments

  mutating func validate() throws {
    _ = try metrics?.metrics()
    if let metricSamples, !(2...1_000_000).contains(metricSamples) {
      throw ValidationError("--metric-samples is \(metricSamples), but must be 2 to 1000000")
    }
  }

  /// Measures a snapshot; whatever goes wrong becomes a line, never an end of the training.
  /// - Parameter say: told each result and each failure.
  func measure(
    snapshot path: String, of trainer: Trainer, shouldStop: @escaping () -> Bool, say: (String) throws -> Void
  ) throws {
    guard let list = try metrics?.metrics() else { return }
    let options = trainer.options
    var lines: [String] = []
    do {
      let device = try Device(options.device)
      let file = try NetworkFile(path: path, device: device)
      guard file.growth.resolution >= 8 else { return }
      let reals = try DatasetSource.open(
        options.data, resolution: options.configuration.dataResolution, channels: options.configuration.imageChannels,
        cacheLimit: 0)
      let run = MetricRun(
        metrics: list, detector: try DetectorSource.open(detectors.detector, for: reals, device: device),
        attributes: try detectors.attributes.map { try ScriptAttributes(path: $0, device: device) },
        samples: metricSamples, device: device, precision: options.precision, say: { lines.append($0) },
        shouldStop: shouldStop)
      try run(
        try run.subject(file), reals, folder: trainer.directory.path,
        label: { result in
          result.kimg = file.history?.kimg
          result.network = URL(fileURLWithPath: path).lastPathComponent
          result.weights = WeightsChoice.ema.rawValue
          result.data = options.data
        }, failed: { lines.append("no metric: \(sentence($0))") })
    } catch is MetricEvaluation.Stopped {
      lines.append("metrics were stopped")
    } catch {
      lines.append("no metrics: \(sentence(error))")
    }
    for line in lines { try say(line) }
  }

  private func sentence(_ error: any Error) -> String { (error as? any UserFacingError)?.sentence ?? "\(error)" }
}
