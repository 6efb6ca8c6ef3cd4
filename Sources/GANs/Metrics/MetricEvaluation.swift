import Datasets
import Foundation
import Torch

/// Measures metrics of one subject against one data set.
///
/// Fakes are drawn once for all metrics that were planned (``plan(_:)``), whichever detectors look at them; what these see
/// lies on disk, so that memory does not grow with their number and an interrupted evaluation goes on where it was.
/// Features of reals are kept for the next.
public final class MetricEvaluation {
  /// What is measured.
  public let subject: MetricSubject
  /// What it is compared with; nil: metrics that need no reals.
  public let reals: (any ImageDataset)?
  /// Look at the images: for each metric the first that gives what it needs; none for metrics that need none.
  public let detectors: [any Detector]
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
  private var views: [FakeView] = []

  /// Thrown where it was asked to stop.
  public struct Stopped: Error {}

  /// An evaluation.
  /// - Parameter cacheFolder: where features lie.
  public init(
    _ subject: MetricSubject, reals: (any ImageDataset)?, detectors: [any Detector], seed: UInt64 = 0,
    device: Device = .cpu, cacheFolder: String = FeatureFile.defaultFolder
  ) {
    (self.subject, self.reals, self.detectors, self.seed) = (subject, reals, detectors, seed)
    (self.device, folder) = (device, cacheFolder)
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

  /// Why a metric cannot be measured here; nil where it can.
  public func obstacle(to metric: Metric) -> MetricError? { MetricConditions(self).obstacle(to: metric) }

  /// The detector that a metric takes.
  func detector(for metric: Metric) -> (any Detector)? { MetricConditions(self).detector(for: metric) }

  /// Measures a metric.
  /// - Throws: ``MetricError`` where it cannot be measured; ``Stopped``; what reading, writing and detectors throw.
  public func measure(_ metric: Metric) throws -> MetricResult {
    if let obstacle = obstacle(to: metric) { throw obstacle }
    let clock = ContinuousClock()
    let start = clock.now
    let count = count(of: metric)
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

  /// Fakes that a metric takes, or pairs of them.
  private func count(of metric: Metric) -> Int { MetricConditions(self).count(of: metric) }

  // MARK: Fakes

  /// Says what will be measured: the first of these metrics that draws fakes draws them for all.
  ///
  /// Values are the same without it. What evaluations of last week left unfinished is removed.
  public func plan(_ metrics: [Metric]) throws {
    FeatureFile.removeAbandonedFakes(in: folder)
    for metric in metrics where obstacle(to: metric) == nil {
      let count = count(of: metric)
      switch metric {
      case .fid50kFull, .fid50k, .kid50kFull, .kid50k, .pr50k3Full, .pr50k3, .is50k:
        _ = try view(detector(for: metric)!, metric.output!, count)
      case .msssim: _ = try similarities(pairs: count)
      case .swd: _ = try pictures(count)
      case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd, .ls: break  // of other latents
      }
    }
  }

  /// What a detector gives of the first `count` fakes.
  func fakes(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    try filled(try view(detector, output, count))
  }

  private func view(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FakeView {
    try view("\(detector.identity) \(output.rawValue)", count) { try detector($0, output) }
  }

  /// For each of the first 2·`pairs` fakes the similarity of its pair: in each batch, the first half with the second.
  func similarities(pairs: Int) throws -> FakeView {
    // The last batch's pairs depend on where it ends.
    try view("msssim \(pairs)", 2 * pairs) { images in
      let half = images.size(0) / 2
      let found = MultiScaleSimilarity.similarity(images[0..<half], images[half..<2 * half])
      return Tensor.concatenated([found, found]).unsqueezed(at: 1)
    }
  }

  /// The first `count` fakes themselves, `[C·r·r]` a row; nil where they would take more than 1 GiB.
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
    let file = try FeatureFile(folder: folder, key: "fakes 2 \(subject.identity) \(key)", ofFakes: true)
    views.append(FakeView(key: key, file: file, count: count, look: look))
    return views.last!
  }

  /// Draws the fakes that are missing, for all views at once.
  func filled(_ view: FakeView) throws -> FeatureFile {
    while view.file.count < view.count {
      if shouldStop() { throw Stopped() }
      let open = views.filter { $0.file.count < $0.count }
      let start = open.map { $0.file.count / Self.batch * Self.batch }.min()!
      let total = open.map(\.count).max()!
      let images = try subject.images(start..<min(start + Self.batch, total))
      for view in open where view.file.count / Self.batch * Self.batch == start {
        // From the start of a batch: a batch's pictures are looked at together.
        try view.file.keep(rows: start)
        try view.file.append(try view.look(images[0..<min(view.count, start + Self.batch) - start]))
      }
      progress("fakes", min(start + Self.batch, total), total)
    }
    return view.file
  }

  /// Removes what is kept of fakes; to be called when all is measured.
  public func removeFakes() {
    for view in views { view.file.remove() }
    views = []
  }

  // MARK: Reals

  private static let batch = 128

  /// The features of `count` reals, in an order fixed for the data set.
  func reals(_ detector: any Detector, _ output: DetectorOutput, _ count: Int) throws -> FeatureFile {
    let data = reals!
    let key =
      "reals 1 \(data.fingerprint) \(data.resolution) \(data.channels) \(subject.growth) \(detector.identity) "
      + output.rawValue
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

/// What is computed of each fake and kept in a file.
final class FakeView {
  let key: String
  let file: FeatureFile
  /// Fakes that are wanted.
  var count: Int
  /// Images of a batch `[N, C, r, r]` → a row for each.
  let look: (Tensor) throws -> Tensor

  init(key: String, file: FeatureFile, count: Int, look: @escaping (Tensor) throws -> Tensor) {
    (self.key, self.file, self.count, self.look) = (key, file, count, look)
  }
}
