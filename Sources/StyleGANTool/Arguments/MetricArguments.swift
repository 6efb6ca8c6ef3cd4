import ArgumentParser
import Datasets
import Files
import Foundation
import GANs
import Images
import Torch

/// Names of metrics, separated by commas. A metric that is named twice is measured once.
struct MetricList: ExpressibleByArgument, Sendable {
  let names: [String]

  init?(argument: String) { names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }

  func metrics() throws -> [Metric] {
    try names.reduce(into: []) { metrics, name in
      guard let metric = Metric(rawValue: name) else {
        let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--metrics has the unknown metric '\(name)'; the metrics are: \(known)")
      }
      if !metrics.contains(metric) { metrics.append(metric) }
    }
  }
}

/// The two generators of a network file: the moving average, and the generator as it was in training.
enum WeightsChoice: String, ExpressibleByArgument, CaseIterable { case ema, raw }

/// The detectors of metrics. `metrics` and `train` share these options.
struct DetectorArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      The detector (feature network): auto, fashion, random-vgg, or a file (TorchScript, safetensors). With several \
      detectors (a,b) each metric uses the first one with suitable outputs (default: auto).
      """,
      valueName: "detectors"), completion: .detector)
  var detector: String?
  @Option(
    help: ArgumentHelp(
      "TorchScript classifiers for ls, one file for each attribute: a folder, or files separated by commas.",
      valueName: "files"), completion: .detector)
  var attributes: String?

  /// Refuses given options that no metric uses.
  func requireUse(by metrics: [Metric]) throws {
    let names = metrics.map(\.rawValue).joined(separator: ", ")
    if attributes != nil && !metrics.contains(.ls) {
      throw ValidationError("--attributes is for the metric ls, and the metrics are \(names): leave it out")
    }
    if detector != nil && !metrics.contains(where: { $0.output != nil || $0 == .ls && attributes == nil }) {
      throw ValidationError("--detector has no effect on \(names): leave it out")
    }
  }
}

extension ImageDataset {
  /// The images and their mirror images, or only the images.
  func mirrored(_ isMirrored: Bool) -> any ImageDataset { isMirrored ? MirroredDataset(self) : self }
}

extension NetworkFile {
  /// Whether its training mirrored images. Files of earlier versions do not say it; the options beside them do.
  var wasMirrored: Bool {
    if let mirror = history?.mirror { return mirror }
    let options = RunDirectory(path: Folder.of(path)).options
    return (try? TrainingOptions(text: String(contentsOfFile: options, encoding: .utf8), path: options).mirror) ?? false
  }
}

extension MeasureOptions {
  /// Opens the detectors for a data set.
  /// - Throws: `DetectorError`, `FileError`, and errors of the files.
  func openDetectors(for data: (any ImageDataset)?, named name: String? = nil, device: Device) throws -> [any Detector]
  {
    // A file may have a comma in its name.
    let specs = FileSystem.exists(detector) ? [detector] : detector.components(separatedBy: ",")
    return try specs.map { try DetectorSource.open($0, for: data, named: name, device: device) }
  }

  /// Opens the classifiers of attributes; nil if there are none.
  func openAttributes(device: Device) throws -> ScriptAttributes? {
    try attributes.map { try ScriptAttributes(path: $0, device: device) }
  }
}

/// Measures metrics, appends the results to their files, and reports them.
struct MetricRun {
  let metrics: [Metric]
  let detectors: [any Detector]
  var attributes: (any AttributeClassifier)?
  var samples: Int?
  var cropsFaces = false
  var seed: UInt64 = 0
  var device = Device.cpu
  var precision = Compute.Precision.float32
  /// Receives each result as a line.
  var say: (String) -> Void
  /// Receives each warning.
  var note: (String) -> Void = { _ in }
  /// Whether progress is shown.
  var showsProgress = false
  var shouldStop: () -> Bool = { false }
  /// The names of the classes that are measured one by one; empty where all images are measured together.
  var classNames: [String] = []
  /// Whether results of few images come with a warning.
  var cautions = true
  /// Whether the fakes of a stopped run are kept, so that the same command can resume.
  var isResumable = true

  /// Why the metrics cannot be measured: the error of the first metric that cannot be measured; nil if all can be
  /// measured.
  func obstacle(_ subject: MetricSubject, _ reals: (any ImageDataset)?) -> MetricError? {
    let evaluation = evaluation(subject, reals)
    return metrics.lazy.compactMap { evaluation.obstacle(to: $0) }.first
  }

  /// Sentences about the numbers of real images, for users who ask for a number of fakes.
  func remarks(_ subject: MetricSubject, _ reals: (any ImageDataset)?) -> [String] {
    let evaluation = evaluation(subject, reals)
    return metrics.compactMap { evaluation.remark(on: $0) }.map { "note: \($0)" }
  }

  /// Whether the missing cache was mentioned; once is enough.
  nonisolated(unsafe) private static var hasSaidUncached = false

  private func evaluation(_ subject: MetricSubject, _ reals: (any ImageDataset)?) -> MetricEvaluation {
    let evaluation = MetricEvaluation(subject, reals: reals, detectors: detectors, seed: seed, device: device)
    evaluation.attributes = attributes
    evaluation.samples = samples
    evaluation.cropsFaces = cropsFaces
    evaluation.shouldStop = shouldStop
    return evaluation
  }

  /// The generator of a network file, as input of the metrics.
  func subject(
    _ file: NetworkFile, raw: Bool = false, mixing: Int = 1, reals: (any ImageDataset)?,
    labels: LabelDistribution? = nil
  ) throws -> MetricSubject {
    if mixing > 1 { _ = try file.styleGenerator() }
    return MetricSubject(
      raw ? try file.rawGenerator() : file.generator, growth: file.growth, seed: seed, mixing: mixing,
      labels: labels ?? LabelDistribution(for: file.configuration, data: reals), compute: Compute(precision: precision))
  }

  /// Measures all metrics.
  /// - Parameters:
  ///   - folder: the folder of the files `metric-NAME.jsonl`; nil: results are not written.
  ///   - label: adds the description of the subject to a result.
  ///   - failed: receives the error of a metric. If it throws, the run ends.
  func callAsFunction(
    _ subject: MetricSubject, _ reals: (any ImageDataset)?, folder: String?, label: (inout MetricResult) -> Void,
    failed: (any Error) throws -> Void = { throw $0 }
  ) throws {
    let evaluation = evaluation(subject, reals)
    defer { if !isResumable { evaluation.removeFakes() } }
    if evaluation.folder == nil, !Self.hasSaidUncached {
      Self.hasSaidUncached = true
      note("note: \(FeatureFile.defaultFolder) cannot be written, so features of images are not kept for later")
    }
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
        say(table(mixes: result.mixing != nil).line(Self.cells(result)))
        if cautions, let caution = result.caution { note("note: \(caution)") }
        if let folder {
          try RunDirectory.append(
            try JSON.compact(result), to: "\(folder)/\(Self.resultsName(metric, perClass: result.label != nil))")
          if metric.output == .perceptual {
            var writer = SafetensorsWriter(metadata: ["metric": result.metric])
            let values = evaluation.lastPathLengths
            writer.add([("lengths", Tensor(values, shape: [values.count]))])
            try writer.write(to: "\(folder)/\(Self.valuesName(metric))")
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

  /// The file of a metric's results, one line each.
  static func resultsName(_ metric: Metric, perClass: Bool = false) -> String {
    "metric-\(metric.rawValue)\(perClass ? "-per-class" : "").jsonl"
  }
  /// The file of all measured path lengths.
  static func valuesName(_ metric: Metric) -> String { "metric-\(metric.rawValue)-values.safetensors" }

  /// The table of results, wide enough for every metric of the run.
  /// - Parameter mixes: whether names have a number of mixed latents.
  func table(mixes: Bool = false) -> Table {
    let detector = detectors.map { $0.name.count + 2 }.max() ?? 0
    let count =
      (samples.map { "@\($0)".count } ?? 0) + (mixes ? " mixing 2".count : 0)
      + (classNames.map { $0.shown.count + 1 }.max() ?? 0)
    let names = metrics.map { $0.rawValue.count + ($0.output == nil ? 0 : detector) + count }
    return Table([
      .text("metric", width: names.max() ?? 0), .number("value", width: 10),
      .text("pictures", width: 22), .number("time", width: 8), .text("parts"),
    ])
  }

  /// "fid50k_full[fashion]", "12.3456", "fake 50000, real 60000", "88.0 s", "".
  static func cells(_ result: MetricResult) -> [String] {
    let others = result.values.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4f", $0.value))" }
    let counts = result.samples.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return [
      result.metric + (result.mixing.map { " mixing \($0)" } ?? "") + (result.label.map { " \($0.shown)" } ?? ""),
      String(format: "%.4f", result.value), counts,
      String(format: "%.1f s", result.seconds), others.joined(separator: ", "),
    ]
  }
}
