import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

/// Metrics by name, with commas; what is named twice is measured once.
struct MetricList: ExpressibleByArgument, Sendable {
  let names: [String]

  init?(argument: String) { names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }

  func metrics() throws -> [Metric] {
    try names.reduce(into: []) { metrics, name in
      guard let metric = Metric(rawValue: name) else {
        let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--metrics has '\(name)', which is not known; the metrics are: \(known)")
      }
      if !metrics.contains(metric) { metrics.append(metric) }
    }
  }
}

/// Which of a file's two generators.
enum WeightsChoice: String, ExpressibleByArgument, CaseIterable {
  case ema, raw
}

/// How metrics look at images: shared by `metrics` and `train`.
struct DetectorArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What looks at the images: auto, fashion, random-vgg, or a file (TorchScript, safetensors); with commas, each metric takes the first that gives what it needs (default: auto).",
      valueName: "detectors"))
  var detector: String?
  @Option(
    help: ArgumentHelp(
      "TorchScript classifiers for ls, a file an attribute: a folder, or files with commas.", valueName: "files"))
  var attributes: String?
}

extension MeasureOptions {
  /// Opens the detectors for some data.
  /// - Throws: `DetectorError`, `FileError`, and errors of the files.
  func openDetectors(for data: (any ImageDataset)?, named name: String? = nil, device: Device) throws -> [any Detector]
  {
    // A file may have a comma in its name.
    let specs = FileManager.default.fileExists(atPath: detector) ? [detector] : detector.components(separatedBy: ",")
    return try specs.map { try DetectorSource.open($0, for: data, named: name, device: device) }
  }

  /// Opens the classifiers of attributes.
  func openAttributes(device: Device) throws -> ScriptAttributes? {
    try attributes.map { try ScriptAttributes(path: $0, device: device) }
  }
}

/// Measures metrics, writes their lines and says them.
struct MetricRun {
  let metrics: [Metric]
  let detectors: [any Detector]
  var attributes: (any AttributeClassifier)?
  var samples: Int?
  var cropsFaces = false
  var seed: UInt64 = 0
  var device = Device.cpu
  var precision = Compute.Precision.float32
  /// Told each result.
  var say: (String) -> Void
  /// Told each caution.
  var note: (String) -> Void = { _ in }
  /// Progress is shown.
  var showsProgress = false
  var shouldStop: () -> Bool = { false }
  /// The same command can go on with the fakes of one that was stopped.
  var goesOn = true

  /// The first metric that cannot be measured.
  func obstacle(_ subject: MetricSubject, _ reals: (any ImageDataset)?) -> MetricError? {
    let evaluation = evaluation(subject, reals)
    return metrics.lazy.compactMap { evaluation.obstacle(to: $0) }.first
  }

  private func evaluation(_ subject: MetricSubject, _ reals: (any ImageDataset)?) -> MetricEvaluation {
    let evaluation = MetricEvaluation(subject, reals: reals, detectors: detectors, seed: seed, device: device)
    evaluation.attributes = attributes
    evaluation.samples = samples
    evaluation.cropsFaces = cropsFaces
    evaluation.shouldStop = shouldStop
    return evaluation
  }

  /// A network file as what is measured.
  func subject(
    _ file: NetworkFile, raw: Bool = false, mixing: Int = 1, reals: (any ImageDataset)?
  ) throws -> MetricSubject {
    if mixing > 1 { _ = try file.styleGenerator() }
    return MetricSubject(
      raw ? try file.rawGenerator() : file.generator, growth: file.growth, seed: seed, mixing: mixing,
      labels: LabelDistribution(for: file.configuration, data: reals), compute: Compute(precision: precision))
  }

  /// Measures all.
  /// - Parameters:
  ///   - folder: where `metric-NAME.jsonl` grow; nil: nowhere.
  ///   - label: fills in what a line says of its subject.
  ///   - failed: told why a metric failed; what it throws ends the run.
  func callAsFunction(
    _ subject: MetricSubject, _ reals: (any ImageDataset)?, folder: String?, label: (inout MetricResult) -> Void,
    failed: (any Error) throws -> Void = { throw $0 }
  ) throws {
    let evaluation = evaluation(subject, reals)
    defer { if !goesOn { evaluation.removeFakes() } }
    try evaluation.plan(metrics)
    var line = ProgressLine(unit: "")
    var unit = ""
    for metric in metrics {
      evaluation.progress = { what, done, total in
        guard showsProgress else { return }
        if what != unit {
          line.clear()
          line = ProgressLine(unit: what)
          unit = what
        }
        line.show(done, of: total)
      }
      do {
        var result = try evaluation.measure(metric)
        label(&result)
        line.clear()
        say(Self.row(result))
        if let caution = result.caution { note("note: \(caution)") }
        if let folder {
          try RunDirectory.append(try JSON.compact(result), to: "\(folder)/metric-\(metric.rawValue).jsonl")
          if metric.output == .perceptual {
            var writer = SafetensorsWriter(metadata: ["metric": result.metric])
            let values = evaluation.lastPathLengths
            writer.add([("lengths", Tensor(values, shape: [values.count]))])
            try writer.write(to: "\(folder)/metric-\(metric.rawValue)-values.safetensors")
          }
        }
      } catch let error as MetricEvaluation.Stopped {
        line.clear()
        throw error
      } catch {
        line.clear()
        try failed(error)
      }
    }
    evaluation.removeFakes()
  }

  /// "fid50k_full[fashion]            12.3456    fake 50000, real 60000   88 s"
  static func row(_ result: MetricResult) -> String {
    func pad(_ text: String, _ width: Int) -> String {
      text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }
    let others = result.values.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4f", $0.value))" }
    let counts = result.samples.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let name = result.metric + (result.mixing.map { " mixing \($0)" } ?? "")
    return pad(name, 30) + String(format: " %12.4f   ", result.value) + pad(counts, 24)
      + String(format: " %6.1f s", result.seconds) + (others.isEmpty ? "" : "   " + others.joined(separator: ", "))
  }
}
