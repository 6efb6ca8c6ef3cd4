/// The metrics, by their usual names.
public enum Metric: String, CaseIterable, Codable, Sendable {
  case fid50kFull = "fid50k_full"
  case fid50k
  case kid50kFull = "kid50k_full"
  case kid50k
  case pr50k3Full = "pr50k3_full"
  case pr50k3, is50k
  case pplZFull = "ppl_zfull"
  case pplWFull = "ppl_wfull"
  case pplZEnd = "ppl_zend"
  case pplWEnd = "ppl_wend"
  case ls, swd, msssim

  /// A description in one line.
  public var summary: String {
    switch self {
    case .fid50kFull: "Fréchet distance of features, 50,000 fakes against all reals"
    case .fid50k: "the same against 50,000 reals"
    case .kid50kFull: "kernel distance of features, 50,000 fakes against all reals"
    case .kid50k: "the same against 50,000 reals"
    case .pr50k3Full: "precision and recall, 3 neighbors, 50,000 fakes against all reals"
    case .pr50k3: "the same against 50,000 reals"
    case .is50k: "inception score of 50,000 fakes, for detectors with classes"
    case .pplZFull: "perceptual path length in Z, 100,000 pairs anywhere on paths"
    case .pplWFull: "the same in W"
    case .pplZEnd: "perceptual path length in Z, at the ends of paths"
    case .pplWEnd: "the same in W"
    case .ls: "linear separability of Z and W, 200,000 fakes"
    case .swd: "sliced Wasserstein distance of patches, × 10³, by scale; needs no detector"
    case .msssim: "MS-SSIM of 10,000 pairs of fakes: near 1 is mode collapse; needs no detector"
    }
  }

  /// The usual number of fakes, or of pairs.
  public var usualSamples: Int {
    switch self {
    case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd: 100_000
    case .ls: 200_000
    case .swd: 16_384
    case .msssim: 10_000
    default: 50_000
    }
  }

  /// The detector output that it needs; nil where it needs none.
  public var output: DetectorOutput? {
    switch self {
    case .fid50kFull, .fid50k, .kid50kFull, .kid50k, .pr50k3Full, .pr50k3: .features
    case .is50k: .probabilities
    case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd: .perceptual
    case .ls, .swd, .msssim: nil
    }
  }

  /// The smallest number of fakes, and of reals, for which it is defined: k neighbors need k + 1 images, a covariance needs
  /// two, patches need one.
  var leastImages: Int {
    switch self {
    case .pr50k3Full, .pr50k3: PrecisionRecall().neighbors + 1
    case .swd: 1
    default: 2
    }
  }

  /// Whether it needs real images.
  public var needsReals: Bool { output == .features || self == .swd }
  /// Whether it needs a generator and its latents, not only images.
  public var needsGenerator: Bool { output == .perceptual || self == .ls }
  /// Whether it uses all reals instead of as many as there are fakes.
  var takesAllReals: Bool { rawValue.hasSuffix("_full") }
}

/// The metrics of a training's snapshots, with their options.
public struct MeasureOptions: Codable, Sendable, Equatable {
  /// The metrics.
  public var metrics: [Metric]
  /// The number of fakes, or of pairs; nil for the usual number of each metric.
  public var samples: Int?
  /// The argument of `DetectorSource.open`; several are separated by commas.
  public var detector: String
  /// Classifiers of attributes: the argument of ``ScriptAttributes``.
  public var attributes: String?

  /// Metrics, by default with the detector for the data.
  public init(metrics: [Metric], samples: Int? = nil, detector: String = "auto", attributes: String? = nil) {
    (self.metrics, self.samples, self.detector, self.attributes) = (metrics, samples, detector, attributes)
  }
}

/// The result of a metric; a line of `metric-NAME.jsonl`.
public struct MetricResult: Codable, Sendable, Equatable {
  /// The metric with its detector: "fid50k_full[fashion]"; with "@5000" appended for an unusual number of samples.
  public var metric: String
  /// The value; the main one where there are several.
  public var value: Double
  /// All values by name: "precision", "recall", "ls_z", "ls_w", "32", …
  public var values: [String: Double]
  /// The numbers of images or pairs: "fake", "real", "pairs".
  public var samples: [String: Int]
  /// The detector's name; nil for a metric without a detector.
  public var detector: String?
  /// The seed of latents, noise and other random numbers.
  public var seed: UInt64
  /// The duration in seconds.
  public var seconds: Double
  /// Random latents mixed into each image; nil for one.
  public var mixing: Int?
  /// The class, by its name or its number, where only its images are compared; nil for all images.
  public var label: String?
  /// The results for each attribute, in Z and in W.
  public var attributes: [String: [LinearSeparability.Attribute]]?
  /// The training length of the network in thousands of images.
  public var kimg: Double?
  /// The subject (a network's file name and its weights, or a folder of images) and the data.
  public var network, weights, images, data: String?

  /// A warning where the metric used less than a tenth of the usual number of fakes or pairs.
  public var caution: String? {
    guard let usual = Metric(rawValue: name)?.usualSamples, let count = samples["pairs"] ?? samples["fake"],
      count * 10 < usual
    else { return nil }
    return "\(name) of \(count) is noisy and biased: compare it only with values of the same number"
  }

  /// The name without detector and count, as in the file's name.
  public var name: String { String(metric.prefix { $0 != "[" && $0 != "@" }) }
}

/// A metric cannot be measured.
public struct MetricError: Error, Equatable, CustomStringConvertible {
  /// A sentence with the metric, the problem and the remedy.
  public let message: Message
  /// The sentence with property names.
  public var description: String { message.description }

  init(_ metric: Metric, _ problem: Message) { message = "\(metric.rawValue) cannot be measured: " + problem }
}
