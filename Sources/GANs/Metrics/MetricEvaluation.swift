import Datasets
import Files
import Foundation
import Torch

/// Measures metrics of one subject against one data set.
///
/// Fakes are drawn once for all planned metrics (``plan(_:)``) and all detectors. Their features are files, so memory does
/// not grow with their number, and an interrupted evaluation resumes. Features of reals are kept for later evaluations.
public final class MetricEvaluation {
  /// The subject of the metrics.
  public let subject: MetricSubject
  /// The real images; nil: only metrics without reals.
  public let reals: (any ImageDataset)?
  /// The detectors; each metric uses the first with the output that it needs.
  public let detectors: [any Detector]
  /// Attributes for separability; nil: the detector's classes, each against the rest.
  public var attributes: (any AttributeClassifier)?
  /// The number of fakes, or of pairs; nil for the usual number.
  public var samples: Int?
  /// Whether path lengths use crops of faces.
  public var cropsFaces = false
  /// Fixes all random numbers.
  public let seed: UInt64
  /// Takes the current task and its progress.
  public var progress: (_ what: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  /// Called between batches; on true ``Stopped`` is thrown.
  public var shouldStop: () -> Bool = { false }
  /// The last measured path lengths, unsorted.
  public internal(set) var lastPathLengths: [Double] = []
  /// The folder of the feature files; nil if it cannot be written. Then features are not kept.
  public let folder: String?
  let device: Device
  private var views: [FakeView] = []

  /// Thrown where `shouldStop` returns true.
  public struct Stopped: Error {}

  /// An evaluation.
  /// - Parameter cacheFolder: the folder of the feature files.
  public init(
    _ subject: MetricSubject, reals: (any ImageDataset)?, detectors: [any Detector], seed: UInt64 = 0,
    device: Device = .cpu, cacheFolder: String = FeatureFile.defaultFolder
  ) {
    (self.subject, self.reals, self.detectors, self.seed) = (subject, reals, detectors, seed)
    self.device = device
    folder = (try? Folder.makeWritable(cacheFolder)) == nil ? nil : cacheFolder
  }

  /// An evaluation with one detector, or none.
  public convenience init(
    _ subject: MetricSubject, reals: (any ImageDataset)?, detector: (any Detector)?, seed: UInt64 = 0,
    device: Device = .cpu, cacheFolder: String = FeatureFile.defaultFolder
  ) {
    self.init(
      subject, reals: reals, detectors: detector.map { [$0] } ?? [], seed: seed, device: device,
      cacheFolder: cacheFolder)
  }

  /// The reason why a metric cannot be measured; nil where it can.
  public func obstacle(to metric: Metric) -> MetricError? { MetricConditions(self).obstacle(to: metric) }

  /// A sentence about the number of real images, where ``samples`` is given and there are more; nil for other metrics.
  public func remark(on metric: Metric) -> String? { MetricConditions(self).remark(on: metric) }

  /// The detector for a metric.
  func detector(for metric: Metric) -> (any Detector)? { MetricConditions(self).detector(for: metric) }

  /// Measures a metric.
  /// - Throws: ``MetricError`` where it cannot be measured; ``Stopped``; errors of reading, writing and detectors.
  public func measure(_ metric: Metric) throws -> MetricResult {
    if let obstacle = obstacle(to: metric) { throw obstacle }
    let clock = ContinuousClock()
    let (start, count) = (clock.now, count(of: metric))
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
      case .msssim: try similarity(metric, count)
      }
    }
    result.seconds = (clock.now - start) / .seconds(1)
    if subject.mixing > 1 { result.mixing = subject.mixing }
    return result
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

  /// The number of fakes, or of pairs, for a metric.
  private func count(of metric: Metric) -> Int { MetricConditions(self).count(of: metric) }

  // MARK: Fakes

  /// Announces metrics: the first one that needs fakes draws them for all. It does not change the values.
  ///
  /// It also removes features of fakes from evaluations that stopped more than a week ago.
  public func plan(_ metrics: [Metric]) throws {
    if let folder { FeatureFile.removeAbandonedFakes(in: folder) }
    for metric in metrics where obstacle(to: metric) == nil {
      let count = count(of: metric)
      switch metric {
      case .fid50kFull, .fid50k, .kid50kFull, .kid50k, .pr50k3Full, .pr50k3, .is50k:
        _ = try view(detector(for: metric)!, metric.output!, count)
      case .msssim: _ = try similarities(pairs: count)
      case .swd: _ = try pictures(count)
      case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd, .ls: break  // These draw other latents.
      }
    }
  }

  /// A detector's output for the first `count` fakes.
  func fakes(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    try filled(try view(detector, output, count))
  }

  private func view(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FakeView {
    try view("\(detector.identity) \(output.rawValue)", count) { try detector($0, output) }
  }

  /// The similarity of the pair of each of the first 2·`pairs` fakes. A batch pairs its first half with its second half.
  func similarities(pairs: Int) throws -> FakeView {
    // The key has the number: the pairs of the last batch depend on its size.
    try view("msssim \(pairs)", 2 * pairs) { images in
      let half = images.size(0) / 2
      let found = MultiScaleSimilarity.similarity(images[0..<half], images[half..<2 * half])
      return Tensor.concatenated([found, found]).unsqueezed(at: 1)
    }
  }

  /// The first `count` fakes, `[C·r·r]` per row; nil where they would take more than 1 GiB.
  func pictures(_ count: Int) throws -> FakeView? {
    let size = subject.channels * subject.resolution * subject.resolution
    guard count * size * 4 <= 1 << 30 else { return nil }
    return try view("pictures", count) { $0.laidOut(.contiguous).reshaped([-1, size]).to(.cpu) }
  }

  private func view(_ key: String, _ count: Int, _ look: @escaping (Tensor) throws -> Tensor) throws -> FakeView {
    if let known = views.first(where: { $0.key == key }) {
      known.count = max(known.count, count)
      return known
    }
    let file = try FeatureFile(folder: folder, key: "fakes 3 \(subject.identity) \(key)", ofFakes: true)
    views.append(FakeView(key: key, file: file, count: count, look: look))
    return views.last!
  }

  /// Draws the missing fakes, for all views at once.
  func filled(_ view: FakeView) throws -> FeatureFile {
    while view.file.count < view.count {
      if shouldStop() { throw Stopped() }
      let open = views.filter { $0.file.count < $0.count }
      let start = open.map { $0.file.count / Self.batch * Self.batch }.min()!
      let total = open.map(\.count).max()!
      let images = try subject.images(start..<min(start + Self.batch, total))
      for view in open where view.file.count / Self.batch * Self.batch == start {
        // Each file continues at the start of a batch, because pairs depend on the batch.
        try view.file.keep(rows: start)
        try view.file.append(try view.look(images[0..<min(view.count, start + Self.batch) - start]))
      }
      progress("fakes", min(start + Self.batch, total), total)
    }
    return view.file
  }

  /// Removes the files of fakes; call it after the last metric.
  public func removeFakes() {
    for view in views { view.file.remove() }
    views = []
  }

  // MARK: Reals

  private static let batch = 128

  /// The features of `count` reals, in a fixed order.
  func reals(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    let data = reals!
    let key =
      "reals 1 \(data.fingerprint) \(data.resolution) \(data.channels)\(data.channels == 4 ? " on white" : "") "
      + "\(subject.growth) \(detector.identity) \(output.rawValue)"
    let file = try FeatureFile(folder: folder, key: key)
    let images = RealImages(dataset: data, growth: subject.growth, seed: 0, device: device)
    guard file.count < count else { return file }
    try file.keep(rows: file.count / Self.batch * Self.batch)
    while file.count < count {
      if shouldStop() { throw Stopped() }
      let range = file.count..<min(file.count + Self.batch, count)
      try file.append(try detector(try images.images(range), output))
      progress("reals", file.count, count)
    }
    return file
  }

  func realCount(_ metric: Metric, _ count: Int) -> Int {
    metric.takesAllReals ? reals!.count : min(count, reals!.count)
  }
}

/// One function of the fakes, with a row per fake in a file.
final class FakeView {
  let key: String
  let file: FeatureFile
  /// The required number of fakes.
  var count: Int
  /// Images of a batch, `[N, C, r, r]` → one row each.
  let look: (Tensor) throws -> Tensor

  init(key: String, file: FeatureFile, count: Int, look: @escaping (Tensor) throws -> Tensor) {
    (self.key, self.file, self.count, self.look) = (key, file, count, look)
  }
}
