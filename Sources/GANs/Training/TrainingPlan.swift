import Datasets
import Files

/// The choices of a training of a given time, each with its reason.
public struct TrainingPlan: Sendable {
  /// An option of the training.
  public struct Choice: Sendable, Equatable {
    /// The option.
    public let field: ConfigurationField
    /// Its value as a user writes it; "true" and "false" for a switch.
    public let value: String
    /// The reason, in a line.
    public let reason: String
  }

  /// The choices, in the order of importance.
  public let choices: [Choice]
  /// What the user should know besides, a sentence each.
  public let notes: [Message]

  /// Explains a training.
  /// - Parameters:
  ///   - options: the fitted options.
  ///   - survey: of the data; nil where the user gave its size and channels.
  ///   - width: the name of the width; nil for a network with sizes of its own.
  ///   - kimg: the thousands of images that the time allows.
  ///   - asked: the fields that the user has set.
  public init(
    _ options: TrainingOptions, survey: DatasetSurvey?, width: NetworkWidth?, kimg: Double, labels: Int,
    asked: Set<ConfigurationField> = [], rules: TrainingRules = .standard
  ) {
    let (configuration, schedule) = (options.configuration, options.schedule)
    let side = configuration.dataResolution
    var choices: [Choice] = []
    func add(_ field: ConfigurationField, _ value: String, _ reason: String) {
      choices.append(Choice(field: field, value: value, reason: asked.contains(field) ? "as you gave it" : reason))
    }
    add(.resolution, "\(side)", Self.reason(ofSide: side, survey, kimg: kimg, rules))
    let kinds = [1: "gray", 3: "color", 4: "color with alpha"]
    add(.imageChannels, "\(configuration.imageChannels)", kinds[configuration.imageChannels] ?? "")
    if let width {
      let useful = rules.usefulKimgOfWidths[width] ?? 0
      add(
        "width", width.rawValue,
        useful <= kimg && useful > 0
          ? "the widest for about \(kimg.rounded().plain) kimg, from \(useful.plain) on"
          : "the narrowest for this size: wider ones need more images than this time shows")
    }
    if let batch = Set(schedule.batchSizes.values).first { add(.batchSizes, "\(batch)", "measured at 32×32") }
    if let rate = Set(schedule.learningRates.values).first { add(.learningRates, rate.plain, "measured at 32×32") }
    add(
      .gamma, options.objective.gamma.plain,
      side <= 32 ? "measured at 32×32" : "1 at 32×32 (measured), in proportion to the side, at most 10 (the paper's)")
    add(.penaltyInterval, "\(options.objective.penaltyInterval)", "lazy R1 costs a sixteenth, and was no worse")
    add(.mixingProbability, options.mixingProbability.plain, "measured at 32×32")
    add(
      .grows, "\(schedule.grows)",
      schedule.grows
        ? "fewer than \(rules.kimgWithoutGrowing.plain) kimg at full size fit: small pictures first"
        : side <= 32 ? "at 32×32 and below growing was worse" : "\(rules.kimgWithoutGrowing.plain) kimg or more fit")
    if options.averageDecay == nil {
      add(
        .averageHalfLifeKimg, options.averageHalfLifeKimg.plain,
        "\((100 * rules.halfLife.share).plain) % of the images, at most \(rules.halfLife.most.plain)")
    }
    add(.snapshotTicks, "\(options.snapshotTicks)", "about \(rules.snapshots.plain) snapshots")
    add("precision", options.precision.rawValue, "the faster one on this machine")
    self.choices = choices
    var notes: [Message] = []
    if !options.mirror {
      notes.append("pictures are not mirrored; \(field: "mirror") doubles them where left and right do not matter")
    }
    if labels > 1, configuration.labelSize == 0, configuration.traits.takesLabels {
      notes.append(
        "the data has \(labels) classes, which are not used; \(field: "cond") trains one network for all of them")
    }
    if let survey, survey.alpha > 0, 2 * survey.alpha < survey.images, configuration.imageChannels != 4 {
      notes.append("alpha of \(survey.alpha) pictures is composited on white; \(field: .imageChannels, 4) keeps it")
    }
    if let survey, survey.shortest < side {
      notes.append("pictures with sides below \(side) are enlarged; the shortest side is \(survey.shortest)")
    }
    self.notes = notes
  }

  private static func reason(ofSide side: Int, _ survey: DatasetSurvey?, kimg: Double, _ rules: TrainingRules) -> String
  {
    guard let survey else { return "the size of the data" }
    let next = rules.resolutions(survey).first { $0 > side }
    let pictures = "the median of the shorter sides is \(survey.median)"
    guard let next, let useful = rules.usefulKimgOfResolutions[next] else { return pictures }
    return "\(next) needs \(useful.plain) kimg, more than this time shows; \(pictures)"
  }
}
