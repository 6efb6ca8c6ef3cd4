import Datasets

/// The conditions of an evaluation. They decide before any drawing whether a metric can be measured.
public struct MetricConditions {
  /// The detectors; each metric uses the first with the output that it needs.
  public var detectors: [any Detector]
  /// Whether there are classifiers of attributes.
  public var hasAttributes = false
  /// The number of fakes, or of pairs; nil for the usual number.
  public var samples: Int?
  /// Whether the subject is a generator, and whether it has an intermediate latent space W.
  public var hasGenerator = true, hasW = true
  /// The number of images where the subject is a set of images; nil for a generator.
  public var pictures: Int?
  /// The side of the images.
  public var resolution: Int
  /// The number of real images; nil without reals.
  public var reals: Int?

  /// The conditions of a training's snapshots.
  public init(
    of configuration: any NetworkConfiguration, reals: Int, detectors: [any Detector], hasAttributes: Bool,
    samples: Int?
  ) {
    (self.detectors, self.hasAttributes, self.samples) = (detectors, hasAttributes, samples)
    (hasW, resolution, self.reals) = (configuration.traits.hasW, configuration.dataResolution, reals)
  }

  init(_ evaluation: MetricEvaluation) {
    let subject = evaluation.subject
    (detectors, hasAttributes) = (evaluation.detectors, evaluation.attributes != nil)
    (samples, pictures, reals) = (evaluation.samples, subject.count, evaluation.reals?.count)
    (hasGenerator, hasW) = (subject.generator != nil, subject.generator?.mapping != nil)
    resolution = subject.resolution
  }

  /// The reason why a metric cannot be measured; nil where it can.
  public func obstacle(to metric: Metric) -> MetricError? {
    func error(_ problem: Message) -> MetricError { MetricError(metric, problem) }
    if metric.needsReals && reals == nil { return error("it compares with real images; give \(field: .data)") }
    if metric.needsGenerator && !hasGenerator {
      return error("it needs a generator; give \(field: .network) in place of \(field: .images)")
    }
    if [.pplWFull, .pplWEnd].contains(metric), hasGenerator, !hasW {
      return error("this network has no W; measure \(metric == .pplWFull ? "ppl_zfull" : "ppl_zend")")
    }
    if let output = metric.output, detector(for: metric) == nil {
      guard !detectors.isEmpty else { return error("it needs a detector; give \(field: .detector)") }
      let names = detectors.map { "'\($0.name)'" }.joined(separator: " and ")
      return error(
        "the detector \(names) gives no \(output.rawValue); give \(field: .detector) another one, or several with commas"
      )
    }
    if metric == .ls, !hasAttributes, detector(for: .ls) == nil {
      return error(
        "it needs attributes; give \(field: .attributes) with TorchScript classifiers, or a \(field: .detector) with "
          + "classes")
    }
    if metric == .msssim, resolution < 16 {
      return error("its scales need images of 16 pixels or more; these have \(resolution)")
    }
    if metric == .swd, resolution < 8 || resolution.nonzeroBitCount != 1 {
      return error("its scales need images of 8, 16, 32, … pixels; these have \(resolution)")
    }
    return tooFew(metric)
  }

  /// A sentence about the number of real images, where a number of fakes is asked for and there are more reals; nil for
  /// other metrics.
  public func remark(on metric: Metric) -> String? {
    guard samples != nil, metric.needsReals, let reals, case let count = count(of: metric), count < reals else {
      return nil
    }
    guard metric.takesAllReals else {
      return "\(metric.rawValue) compares with \(count) of the \(reals) real images, as many as fakes"
    }
    return "\(metric.rawValue) compares with all \(reals) real images; "
      + "\(metric.rawValue.dropLast("_full".count)) compares with as many as fakes, \(count)"
  }

  private func tooFew(_ metric: Metric) -> MetricError? {
    if let pictures, pictures < 4 { return MetricError(metric, "\(pictures) pictures are too few; give at least 4") }
    let least = metric.leastImages
    if let samples, samples < least {
      return MetricError(metric, "it needs at least \(least) fakes, not \(samples); ask for more samples")
    }
    if metric.needsReals, let reals, reals < least {
      return MetricError(
        metric, "it needs at least \(least) real images, and the data has \(reals); give more images")
    }
    return nil
  }

  /// The detector for a metric.
  func detector(for metric: Metric) -> (any Detector)? {
    detectors.first { metric == .ls ? !$0.classNames.isEmpty : metric.output.map($0.outputs.contains) ?? false }
  }

  /// The number of fakes, or of pairs, for a metric: at most the available images; for ``Metric/swd``, which compares sets
  /// of equal size, at most the number of reals.
  func count(of metric: Metric) -> Int {
    let count = min(samples ?? metric.usualSamples, pictures ?? .max)
    switch metric {
    case .msssim: return min(count, (pictures ?? .max) / 2)
    case .swd: return min(count, reals ?? .max)
    default: return count
    }
  }
}
