import Datasets
import Foundation
import Torch

/// Measures metrics of one subject against one data set with one detector.
///
/// Features of fakes are drawn once for all metrics and lie on disk, so that memory does not grow with their number and
/// an interrupted evaluation goes on where it was; features of reals are kept for the next.
public final class MetricEvaluation {
  /// What is measured.
  public let subject: MetricSubject
  /// What it is compared with; nil: metrics that need no reals.
  public let reals: (any ImageDataset)?
  /// Looks at the images; nil: metrics that need none.
  public let detector: (any Detector)?
  /// Attributes for separability; nil: the detector's classes, each against the rest.
  public var attributes: (any AttributeClassifier)?
  /// Fakes (or pairs) instead of the usual number.
  public var samples: Int?
  /// Crops faces in path lengths.
  public var cropsFaces = false
  /// Fixes draws.
  public let seed: UInt64
  /// Told what is being done, and how far it is.
  public var progress: (_ what: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  /// Asked between batches; on true ``Stopped`` is thrown.
  public var shouldStop: () -> Bool = { false }
  /// The path lengths last measured, unsorted.
  public internal(set) var lastPathLengths: [Double] = []
  let folder: String
  let device: Device
  private var fakeFiles: [DetectorOutput: FeatureFile] = [:]

  /// Thrown where it was asked to stop.
  public struct Stopped: Error {}

  /// An evaluation.
  /// - Parameter cacheFolder: where features lie.
  public init(
    _ subject: MetricSubject, reals: (any ImageDataset)?, detector: (any Detector)?, seed: UInt64 = 0,
    device: Device = .cpu, cacheFolder: String = FeatureFile.defaultFolder
  ) {
    (self.subject, self.reals, self.detector, self.seed) = (subject, reals, detector, seed)
    (self.device, folder) = (device, cacheFolder)
  }

  /// Why a metric cannot be measured here; nil where it can.
  public func obstacle(to metric: Metric) -> MetricError? {
    if metric.needsReals && reals == nil {
      return MetricError(metric, "it compares with real images; give --data")
    }
    if metric.needsGenerator && subject.generator == nil {
      return MetricError(metric, "it looks into a generator; give --network in place of --images")
    }
    if [.pplWFull, .pplWEnd].contains(metric), let generator = subject.generator, generator.mapping == nil {
      return MetricError(metric, "this network has no W; measure \(metric == .pplWFull ? "ppl_zfull" : "ppl_zend")")
    }
    if let output = metric.output {
      guard let detector else { return MetricError(metric, "it needs a detector; give --detector") }
      guard detector.outputs.contains(output) else {
        return MetricError(
          metric, "the detector '\(detector.name)' gives no \(output.rawValue); give --detector another one")
      }
    }
    if metric == .ls, attributes == nil, detector?.classNames.isEmpty ?? true {
      return MetricError(
        metric, "it needs attributes; give --attributes with TorchScript classifiers, or a --detector with classes")
    }
    if let count = subject.count, count < 4 {
      return MetricError(metric, "\(count) pictures are too few; give at least 4")
    }
    return nil
  }

  /// Measures a metric.
  /// - Throws: ``MetricError`` where it cannot be measured; ``Stopped``; what reading, writing and detectors throw.
  public func measure(_ metric: Metric) throws -> MetricResult {
    if let obstacle = obstacle(to: metric) { throw obstacle }
    let clock = ContinuousClock()
    let start = clock.now
    let count = min(samples ?? metric.usualSamples, subject.count ?? .max)
    var result = try withoutGradients { () throws -> MetricResult in
      switch metric {
      case .fid50kFull, .fid50k: try frechet(metric, count)
      case .kid50kFull, .kid50k: try kernel(metric, count)
      case .pr50k3Full, .pr50k3: try precisionRecall(metric, count)
      case .is50k: try inceptionScore(metric, count)
      case .pplZFull: try pathLength(metric, .z, .full, count)
      case .pplWFull: try pathLength(metric, .w, .full, count)
      case .pplZEnd: try pathLength(metric, .z, .end, count)
      case .pplWEnd: try pathLength(metric, .w, .end, count)
      case .ls: try separability(metric, count)
      case .swd: try slicedWasserstein(metric, count)
      case .msssim: try similarity(metric, min(count, (subject.count ?? .max) / 2))
      }
    }
    result.seconds = (clock.now - start) / .seconds(1)
    if subject.mixing > 1 { result.mixing = subject.mixing }
    return result
  }

  /// Removes the features of fakes; to be called when all is measured.
  public func removeFakes() {
    for file in fakeFiles.values { file.remove() }
    fakeFiles = [:]
  }

  // MARK: Results

  func result(
    _ metric: Metric, _ values: KeyValuePairs<String, Double>, samples: [String: Int], detector: String?
  ) -> MetricResult {
    let made = samples["fake"] ?? samples["pairs"] ?? 0
    let name = metric.rawValue + (detector.map { "[\($0)]" } ?? "") + (made == metric.usualSamples ? "" : "@\(made)")
    return MetricResult(
      metric: name, value: values.first!.value,
      values: values.count == 1 ? [:] : Dictionary(uniqueKeysWithValues: values.map { ($0.key, $0.value) }),
      samples: samples, detector: detector, seed: seed, seconds: 0)
  }

  // MARK: Features

  private static let batch = 128

  /// The features of the first `count` fakes.
  func fakes(_ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    let file =
      try fakeFiles[output]
      ?? FeatureFile(folder: folder, key: "fakes 1 \(subject.identity) \(detector!.identity) \(output.rawValue)")
    fakeFiles[output] = file
    try fill(file, count, output, "fakes") { try subject.images($0) }
    return file
  }

  /// The features of `count` reals, in an order fixed for the data set.
  func reals(_ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    let data = reals!
    let key =
      "reals 1 \(data.fingerprint) \(data.resolution) \(data.channels) \(subject.growth) \(detector!.identity) "
      + output.rawValue
    let file = try FeatureFile(folder: folder, key: key)
    let images = RealImages(dataset: data, growth: subject.growth, seed: 0, device: device)
    try fill(file, count, output, "reals") { try images.images($0) }
    return file
  }

  private func fill(
    _ file: FeatureFile, _ count: Int, _ output: DetectorOutput, _ what: String,
    _ images: (Range<Int>) throws -> Tensor
  ) throws {
    guard file.count < count else { return }
    // From the start of a batch: a batch's pictures are drawn together.
    file.keep(rows: file.count / Self.batch * Self.batch)
    while file.count < count {
      if shouldStop() { throw Stopped() }
      let range = file.count..<min(file.count + Self.batch, count)
      try file.append(try detector!(try images(range), output))
      progress(what, file.count, count)
    }
  }

  func realCount(_ metric: Metric, _ count: Int) -> Int {
    metric.takesAllReals ? reals!.count : min(count, reals!.count)
  }
}
