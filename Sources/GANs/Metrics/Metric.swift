/// The metrics, by the names the field knows them by.
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

  /// What it measures, in a line.
  public var summary: String {
    switch self {
    case .fid50kFull: "Fréchet distance of features, 50,000 fakes against all reals"
    case .fid50k: "the same against 50,000 reals"
    case .kid50kFull: "kernel distance of features, 50,000 fakes against all reals"
    case .kid50k: "the same against 50,000 reals"
    case .pr50k3Full: "precision and recall, 3 neighbours, 50,000 fakes against all reals"
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

  /// Fakes (or pairs of them) that its name stands for.
  public var usualSamples: Int {
    switch self {
    case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd: 100_000
    case .ls: 200_000
    case .swd: 16_384
    case .msssim: 10_000
    default: 50_000
    }
  }

  /// What it asks a detector for; nil where it needs none.
  public var output: DetectorOutput? {
    switch self {
    case .fid50kFull, .fid50k, .kid50kFull, .kid50k, .pr50k3Full, .pr50k3: .features
    case .is50k: .probabilities
    case .pplZFull, .pplWFull, .pplZEnd, .pplWEnd: .perceptual
    case .ls, .swd, .msssim: nil
    }
  }

  /// Fakes, and reals where it compares with them, without which it is not defined: a third neighbour is a fourth image, a
  /// covariance takes two, and patches are there in one.
  var leastImages: Int {
    switch self {
    case .pr50k3Full, .pr50k3: PrecisionRecall().neighbours + 1
    case .swd: 1
    default: 2
    }
  }

  /// Whether real images are compared with.
  public var needsReals: Bool { [.features].contains(output) || self == .swd }
  /// Whether it looks into a generator, so that pictures alone are not enough.
  public var needsGenerator: Bool { output == .perceptual || self == .ls }
  /// Whether all reals count, not as many as there are fakes.
  var takesAllReals: Bool { rawValue.hasSuffix("_full") }
}

/// What is measured and how: at each snapshot of a training, or when asked.
public struct MeasureOptions: Codable, Sendable, Equatable {
  /// What is measured.
  public var metrics: [Metric]
  /// Fakes, or pairs of them; nil for what a metric's name stands for.
  public var samples: Int?
  /// What `DetectorSource.open` takes; several with commas.
  public var detector: String
  /// Classifiers of attributes: what ``ScriptAttributes`` takes.
  public var attributes: String?

  /// Metrics with the detector that fits the data.
  public init(metrics: [Metric], samples: Int? = nil, detector: String = "auto", attributes: String? = nil) {
    (self.metrics, self.samples, self.detector, self.attributes) = (metrics, samples, detector, attributes)
  }
}

/// What was measured; a line of `metric-NAME.jsonl`.
public struct MetricResult: Codable, Sendable, Equatable {
  /// The metric with its detector: "fid50k_full[fashion]"; "@5000" behind it where samples are not the usual.
  public var metric: String
  /// The value; of several, the first that `values` has by the papers' order.
  public var value: Double
  /// All values by name: "precision", "recall", "ls_z", "ls_w", "32", …
  public var values: [String: Double]
  /// Images or pairs: "fake", "real", "pairs".
  public var samples: [String: Int]
  /// The detector's name; nil where there is none.
  public var detector: String?
  /// What fixed latents, noise and draws.
  public var seed: UInt64
  /// How long it took.
  public var seconds: Double
  /// Random latents mixed into each image, where more than one may be.
  public var mixing: Int?
  /// What was learnt of each attribute, in Z and in W.
  public var attributes: [String: [LinearSeparability.Attribute]]?
  /// Thousands of images that the network was trained on.
  public var kimg: Double?
  /// What was measured: a network's file name and which weights, or a folder of pictures; and the data.
  public var network, weights, images, data: String?

  /// What to mind where far fewer fakes (or pairs of them) were looked at than the metric's name stands for.
  public var caution: String? {
    guard let usual = Metric(rawValue: name)?.usualSamples, let count = samples["pairs"] ?? samples["fake"],
      count * 10 < usual
    else { return nil }
    return "\(name) of \(count) is noisy and biased: compare it only with values of as many"
  }

  /// The name without detector and count, as in the file's name.
  public var name: String { String(metric.prefix { $0 != "[" && $0 != "@" }) }
}

/// A metric that cannot be measured here.
public struct MetricError: Error, Equatable, CustomStringConvertible {
  /// A sentence naming the metric, what is missing and what to give.
  public let message: Message
  /// The sentence with properties' names.
  public var description: String { message.description }

  init(_ metric: Metric, _ problem: Message) { message = "\(metric.rawValue) cannot be measured: " + problem }
}
