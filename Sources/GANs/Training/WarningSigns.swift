import Files

/// Signs of overfitting and of collapse in the statistics of a training.
///
/// It reads one line of statistics after the other and has no other input, so a resumed training, or a report of a finished
/// one, finds the same signs from stats.jsonl. It gives one warning for an episode; after the values have recovered, another
/// episode may begin.
///
/// - Overfitting: r_v (Karras et al. 2020, Eq. 1) less twice its standard error is above 0.5 in the mean of 4 ticks. The
///   images that are scored are always the same, so the error does not shrink with the number of ticks. r_v is about 0.0 to
///   0.2 without overfitting.
/// - Likely overfitting, without held-out images: D's sign on the images of the training is above 0.9 in the mean of 8 ticks,
///   and each image was shown 20 times or more. A strong D reaches such signs without overfitting, too, but a D that never saw
///   an image twice cannot overfit. Signs of Wasserstein and relativistic scores mean nothing.
/// - Collapse: the diversity of fakes relative to reals (the distance to the nearest other image, "Diversity/ratio")
///   is below 0.4 of its reference in 3 ticks in a row. The reference is the largest median of 3 ticks so far, at most 1 (the
///   noise of an untrained G is at 2 to 4); it falls by 0.5 % with each tick. It counts from 0.4 on: an untrained G may
///   also draw gray pictures, and then there is nothing to lose. From 20 kimg on the reference is at least 0.9, so that fakes
///   that were alike from the start are seen, too: healthy trainings were at 0.6 or more by then.
///
/// Ticks in a fade-in are left out, and the first after a change of resolution starts anew: there D and the pictures change
/// for other reasons. The reference is relative to reals and is kept.
public struct WarningSigns {
  /// What is seen.
  public enum Sign: String, Sendable, CaseIterable {
    /// D overfits, by held-out images.
    case overfitting
    /// D probably overfits, by its sign on images of the training.
    case likelyOverfitting
    /// The diversity of fakes has collapsed.
    case collapse
  }

  /// A warning, once for an episode.
  public struct Warning: Sendable {
    /// What is seen.
    public let sign: Sign
    /// Thousands of images shown.
    public let kimg: Double
    /// A sentence with the value, and with advice.
    public let message: Message
  }

  private let imageCount: Int
  private let hasMeaningfulSigns: Bool
  /// What the training lacks that helps against overfitting, and against collapse.
  private let overfittingRemedies, collapseRemedies: Message
  private var resolution: Double?
  /// The last values, newest last.
  private var r: [(value: Double, error: Double)] = []
  private var signs: [Double] = []
  private var diversities: [Double] = []
  /// The reference of the diversity.
  public private(set) var reference = 0.0
  private var episodes: Set<Sign> = []

  /// No statistics yet.
  /// - Parameters:
  ///   - imageCount: the number of images of the training.
  ///   - loss: the loss of the training.
  ///   - options: of the training; the advice leaves out what it does already. nil where they are unknown.
  public init(imageCount: Int, loss: Objective.Loss, options: TrainingOptions? = nil) {
    (self.imageCount, hasMeaningfulSigns) = (max(imageCount, 1), [.minimax, .nonSaturating, .hinge].contains(loss))
    (overfittingRemedies, collapseRemedies) = (Self.overfittingRemedies(options), Self.collapseRemedies(options))
  }

  /// Reads a line of statistics.
  /// - Returns: the warnings of episodes that begin with it.
  public mutating func observe(_ line: [String: Double]) -> [Warning] {
    guard line["Progress/alpha"] ?? 1 >= 1, resolution == nil || resolution == line["Progress/resolution"] else {
      (r, signs, diversities) = ([], [], [])
      resolution = line["Progress/alpha"] ?? 1 < 1 ? nil : line["Progress/resolution"]
      return []
    }
    resolution = line["Progress/resolution"]
    let kimg = line["Progress/kimg"] ?? 0
    return [overfitting(line), likelyOverfitting(line, kimg), collapse(line, kimg)].compactMap(\.self).map {
      sign, message in
      Warning(sign: sign, kimg: kimg, message: "after \(kimg) kimg \(message)")
    }
  }

  /// Begins or ends an episode.
  /// - Returns: whether one begins.
  private mutating func begins(_ sign: Sign, _ isSeen: Bool, ends: Bool) -> Bool {
    if ends { episodes.remove(sign) }
    return isSeen && episodes.insert(sign).inserted
  }

  private mutating func overfitting(_ line: [String: Double]) -> (Sign, Message)? {
    guard let value = line["Overfitting/r_v"], let error = line["Overfitting/r_v_error"] else { return nil }
    r = r.suffix(3) + [(value, error)]
    guard r.count == 4 else { return nil }
    let (mean, spread) = (r.map(\.value).mean, r.map(\.error).mean)
    guard begins(.overfitting, mean - 2 * spread > 0.5, ends: mean < 0.35) else { return nil }
    return (
      .overfitting,
      "D overfits: it scores held-out images much lower than those it was trained on (r_v is \(rounded(mean)); 0: no "
        + "overfitting, 1: it scores them as fakes). From here on pictures usually become worse. \(overfittingRemedies)"
    )
  }

  private mutating func likelyOverfitting(_ line: [String: Double], _ kimg: Double) -> (Sign, Message)? {
    guard hasMeaningfulSigns, line["Overfitting/r_v"] == nil, let sign = line["Loss/signs/real"] else { return nil }
    signs = signs.suffix(7) + [sign]
    let epochs = kimg * 1000 / Double(imageCount)
    guard signs.count == 8 else { return nil }
    let mean = signs.mean
    guard begins(.likelyOverfitting, mean > 0.9 && epochs >= 20, ends: mean < 0.8) else { return nil }
    return (
      .likelyOverfitting,
      "D is sure of nearly all images of the training (r_t is \(rounded(mean)); 1: of all), and it has seen each about "
        + "\(Int(epochs)) times: it probably overfits. \(field: .validation, 0.05) would measure it. \(overfittingRemedies)"
    )
  }

  private mutating func collapse(_ line: [String: Double], _ kimg: Double) -> (Sign, Message)? {
    guard let ratio = line["Diversity/ratio"] else { return nil }
    reference *= 0.995
    diversities = diversities.suffix(2) + [ratio]
    guard diversities.count == 3 else { return nil }
    let median = diversities.sorted()[1]
    reference = max(reference, min(median, 1))
    let expected = kimg >= 20 ? max(reference, 0.9) : reference
    guard expected >= 0.4,
      begins(.collapse, diversities.allSatisfy { $0 < 0.4 * expected }, ends: median > 0.7 * expected)
    else { return nil }
    return (
      .collapse,
      "the fakes are alike: the nearest other fake is at \(percent(median)) of the distance of the nearest other real "
        + "image, and \(reference < 0.6 ? "usual are 60 % or more" : "it was \(percent(reference))"). G has collapsed to few pictures, and seldom recovers. Go back to an earlier "
        + "snapshot with \(field: .initialNetwork), and use \(collapseRemedies)"
    )
  }

  private static func overfittingRemedies(_ options: TrainingOptions?) -> Message {
    var remedies: Message = "Add images"
    if options?.mirror != true { remedies = remedies + ", mirror them (\(field: .mirror))" }
    let isBlind = options.map { ![.minimax, .nonSaturating, .hinge].contains($0.objective.loss) } ?? false
    switch options?.augmentation?.mode {
    case nil:
      remedies =
        remedies
        + (isBlind
          ? ", augment what D sees (\(field: .augmentation, "fixed"))"
          : ", augment what D sees (\(field: .augmentation, "ada"))")
    case .fixed: remedies = remedies + ", augment more (\(field: .augmentationStrength))"
    case .adaptive: break
    }
    if options?.objective.isRegularized != false { remedies = remedies + ", use a larger \(field: .gamma)" }
    return remedies + ", or take an earlier snapshot (\(field: .bestMetric) keeps the best one)"
  }

  private static func collapseRemedies(_ options: TrainingOptions?) -> Message {
    let isRegularized = options?.objective.isRegularized != false
    let penalty: Message = isRegularized ? "a larger \(field: .gamma), " : ""
    return penalty + "a smaller \(field: .learningRates) or a larger \(field: .batchSizes)"
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
  private func percent(_ value: Double) -> String { "\(Int((value * 100).rounded())) %" }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(Swift.max(count, 1)) }
}

/// Looks for ``WarningSigns`` at every tick.
public final class WarningWriter: TrainingObserver {
  private var signs: WarningSigns?
  private let say: (WarningSigns.Warning) throws -> Void

  /// - Parameter say: called with each warning.
  public init(say: @escaping (WarningSigns.Warning) throws -> Void) { self.say = say }

  /// Reads the statistics of a tick; the first time, also those of the run's earlier processes.
  public func observe(_ event: Trainer.Event, of trainer: Trainer) throws {
    guard case .tick(let report) = event else { return }
    var known = signs ?? Self.signs(of: trainer, before: report.tick)
    let warnings = known.observe(report.statistics.merging(report.progress) { $1 })
    signs = known
    for warning in warnings { try say(warning) }
  }

  private static func signs(of trainer: Trainer, before tick: Int) -> WarningSigns {
    var signs = WarningSigns(
      imageCount: trainer.shown.count, loss: trainer.options.objective.loss, options: trainer.options)
    let bytes = (try? WholeFile.bytes(of: trainer.directory.statistics)) ?? []
    let lines: [[String: Double]] = RunRecordFiles.lines(bytes).values
    for line in lines where line["Progress/tick"] ?? 0 < Double(tick) { _ = signs.observe(line) }
    return signs
  }
}
