import Datasets

/// What there is to measure with: whether a metric can be measured follows from it, before anything is drawn.
public struct MetricConditions {
  /// Look at the images: for each metric the first that gives what it needs.
  public var detectors: [any Detector]
  /// Whether there are classifiers of attributes.
  public var hasAttributes = false
  /// Fakes (or pairs) instead of the usual number.
  public var samples: Int?
  /// Whether a generator is measured, and whether that has an intermediate latent space W.
  public var hasGenerator = true, hasW = true
  /// Pictures where those are measured; nil for a generator.
  public var pictures: Int?
  /// Pixels on each side.
  public var resolution: Int
  /// Real images; nil where there are none to compare with.
  public var reals: Int?

  /// The conditions at the end of a training.
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

  /// Why a metric cannot be measured; nil where it can.
  public func obstacle(to metric: Metric) -> MetricError? {
    func error(_ problem: Message) -> MetricError { MetricError(metric, problem) }
    if metric.needsReals && reals == nil { return error("it compares with real images; give \(field: .data)") }
    if metric.needsGenerator && !hasGenerator {
      return error("it looks into a generator; give \(field: .network) in place of \(field: .images)")
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

  private func tooFew(_ metric: Metric) -> MetricError? {
    if let pictures, pictures < 4 { return MetricError(metric, "\(pictures) pictures are too few; give at least 4") }
    let least = metric.leastImages
    if let samples, samples < least {
      return MetricError(metric, "it needs at least \(least) fakes, not \(samples); ask for more samples")
    }
    if metric.needsReals, let reals, reals < least {
      return MetricError(
        metric, "it needs at least \(least) real images, and the data has \(reals); give it more of them")
    }
    return nil
  }

  /// The detector that a metric takes.
  func detector(for metric: Metric) -> (any Detector)? {
    detectors.first { metric == .ls ? !$0.classNames.isEmpty : metric.output.map($0.outputs.contains) ?? false }
  }

  /// Fakes that a metric draws, or pairs of them: no more than there are, and for ``Metric/swd``, which compares sets of
  /// one size, no more than there are reals.
  func count(of metric: Metric) -> Int {
    let count = min(samples ?? metric.usualSamples, pictures ?? .max)
    switch metric {
    case .msssim: return min(count, (pictures ?? .max) / 2)
    case .swd: return min(count, reals ?? .max)
    default: return count
    }
  }
}
