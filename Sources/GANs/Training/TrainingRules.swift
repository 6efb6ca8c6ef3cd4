import Files
import Foundation

/// What the rules of a training of a given time look at: the pictures, and what this machine can do with them.
public struct TrainingSituation: Sendable {
  /// The number of pictures, and of their classes; 0 without labels.
  public var pictures = 1, classes = 0
  /// The median of the pictures' shorter sides in pixels, and the channels that most pictures have.
  public var side = 32, channels = 3
  /// Whether all pictures have the same number of channels.
  public var sameChannels = true
  /// The resolution of the network, and whether it starts from trained weights.
  public var resolution = 32, isTrained = false
  /// Thousands of images that the time is enough for, by resolution, with the least width. Resolutions are measured from
  /// the lowest on, up to the first one for which the time is too short.
  public var kimgByResolution: [Int: Double] = [:]
  /// Thousands of images that the time is enough for, by width. Widths that the memory does not allow are missing.
  public var kimgByWidth: [NetworkWidth: Double] = [:]
  /// Thousands of images that the time is enough for with the network that was chosen.
  public var kimg = 0.0

  /// A single picture of 32×32, for which there is no time.
  public init() {}
}

/// A rule by which `--hours` chooses: which choice, when, which value, why, and how that is known.
///
/// ``table`` has all rules. Of the rules for a choice, the first one whose condition holds decides.
public struct TrainingRule: Sendable {
  /// What is chosen.
  public enum Choice: String, CaseIterable, Codable, Sendable {
    case resolution, channels, width, growing, minibatch
    case learningRate = "learning rate"
    case gamma = "R1 γ"
    case penaltyInterval = "R1 interval"
    case mixing
    case average = "moving average"
    case precision, augmentation
    case adaptation = "augmentation speed"
    case mirror, labels, snapshots
  }

  /// What the rule is about.
  public let choice: Choice
  /// When it holds, in words.
  public let condition: String
  /// What it chooses, in words.
  public let outcome: String
  /// Why, in a sentence.
  public let reason: String
  /// Where it was measured; nil for a rule of thumb.
  public let measured: String?
  /// Whether it holds.
  let applies: @Sendable (TrainingSituation) -> Bool
  /// What it chooses. Numbers that follow from a measurement, such as the faster precision, are not in the table: empty.
  let value: @Sendable (TrainingSituation) -> SettingValue

  init(
    _ choice: Choice, if condition: String = "always", _ outcome: String, because reason: String,
    measured: String? = nil, when applies: @escaping @Sendable (TrainingSituation) -> Bool = { _ in true },
    value: @escaping @Sendable (TrainingSituation) -> SettingValue = { _ in .text("") }
  ) {
    (self.choice, self.condition, self.outcome, self.reason) = (choice, condition, outcome, reason)
    (self.measured, self.applies, self.value) = (measured, applies, value)
  }

  /// "measured: …" or "rule of thumb".
  public var source: String { measured.map { "measured: \($0)" } ?? "rule of thumb" }

  /// The rule that decides a choice.
  public static func deciding(_ choice: Choice, in situation: TrainingSituation) -> TrainingRule {
    // The last rule of each choice holds always.
    table.first { $0.choice == choice && $0.applies(situation) }!
  }

  // MARK: The table

  /// All rules, in the order of the choices.
  public static let table: [TrainingRule] =
    resolutions + channels + widths + growth + steps + penalty + others

  private static let garments = "32×32 garments, two cores, docs/RECIPES.md"

  /// Thousands of images from which a resolution is worth its cost.
  private static let usefulKimgOfResolutions: [(Int, Double)] = [
    (1024, 25_000.0), (512, 15_000), (256, 6000), (128, 1500), (64, 100),
  ]

  private static let resolutions: [TrainingRule] =
    usefulKimgOfResolutions.map { side, kimg -> TrainingRule in
      TrainingRule(
        .resolution, if: "pictures of \(side) pixels or more, and time for \(kimg.plain) kimg", "\(side)×\(side)",
        because: side == 1024
          ? "It is the length of the paper's training."
          : "Each doubling needs several times as many images to look good.",
        when: { $0.side >= side && $0.kimgByResolution[side] ?? 0 >= kimg }, value: { _ in .integer(side) })
    } + [
      TrainingRule(
        .resolution, if: "other pictures of 32 pixels or more", "32×32",
        because: "In a short time small good pictures are better than large bad ones.", when: { $0.side >= 32 },
        value: { _ in 32 }),
      TrainingRule(
        .resolution, if: "pictures of 16 pixels or more", "16×16", because: "Enlarged pictures show nothing new.",
        when: { $0.side >= 16 }, value: { _ in 16 }),
      TrainingRule(
        .resolution, if: "smaller pictures", "8×8", because: "It is the smallest resolution of the network.",
        value: { _ in 8 }),
    ]

  private static let channels: [TrainingRule] = [
    TrainingRule(
      .channels, if: "most pictures have alpha", "4",
      because: "A cut-out picture without its alpha has a background that nobody painted.",
      when: { $0.channels == 4 }, value: { _ in 4 }),
    TrainingRule(
      .channels, if: "all pictures are gray", "1", because: "Color would cost time and learn nothing.",
      when: { $0.channels == 1 && $0.sameChannels }, value: { _ in 1 }),
    TrainingRule(.channels, if: "otherwise", "3", because: "Color shows gray pictures, too.", value: { _ in 3 }),
  ]

  /// Thousands of images from which a width is worth its cost.
  private static let usefulKimgOfWidths: [(NetworkWidth, Double)] = [(.paper, 1500), (.small, 500), (.tiny, 250)]

  private static let widths: [TrainingRule] =
    usefulKimgOfWidths.map { width, kimg -> TrainingRule in
      TrainingRule(
        .width, if: "time for \(kimg.plain) kimg", width.rawValue,
        because: "A wider network draws better, but only after enough images.",
        when: { $0.kimgByWidth[width] ?? 0 >= kimg }, value: { _ in .text(width.rawValue) })
    } + [
      TrainingRule(
        .width, if: "otherwise, above 32×32", "tiny", because: "micro has too few feature maps for large pictures.",
        when: { $0.resolution > 32 }, value: { _ in .text("tiny") }),
      TrainingRule(
        .width, if: "otherwise", "micro", because: "In minutes it sees twice as many images as tiny, and that counts.",
        measured: garments, value: { _ in .text("micro") }),
    ]

  private static let growth: [TrainingRule] = [
    TrainingRule(
      .growing, if: "above 32×32, time for less than 40 kimg, no --init-from", "from 8×8, in 40 % of the images",
      because: "Low resolutions are cheap, and show something within this time.",
      when: { $0.resolution > 32 && $0.kimg < 40 && !$0.isTrained }, value: { _ in true }),
    TrainingRule(
      .growing, if: "otherwise", "no", because: "The full network learns faster from the same images.",
      measured: garments, value: { _ in false }),
  ]

  private static let steps: [TrainingRule] = [
    TrainingRule(
      .minibatch, "16", because: "8 learns worse, and 32 makes fewer steps in the same time.", measured: garments,
      value: { _ in 16 }),
    TrainingRule(
      .learningRate, "0.005", because: "It is faster than the 0.002 of the paper in a short time; 0.008 is no better.",
      measured: garments, value: { _ in .number(0.005) }),
  ]

  private static let penalty: [TrainingRule] = [
    TrainingRule(
      .gamma, if: "up to 32×32", "1", because: "0.1 was much worse and 3 no better.", measured: garments,
      when: { $0.resolution <= 32 }, value: { _ in 1 }),
    TrainingRule(
      .gamma, if: "above 32×32", "(R/32)^⅔",
      because: "It leads from the measured 1 at 32×32 to the paper's 10 at 1024×1024.",
      value: { .number(gamma(resolution: $0.resolution)) }),
    TrainingRule(
      .penaltyInterval, "16", because: "R1 in every step would cost much time; this is the interval of StyleGAN2.",
      value: { _ in 16 }),
  ]

  private static let others: [TrainingRule] = [
    TrainingRule(
      .mixing, "0.5", because: "Half of the minibatches with mixed styles gave no worse pictures than none.",
      measured: garments, value: { _ in .number(0.5) }),
    TrainingRule(
      .average, "4 % of the images, 0.5 to 10 kimg",
      because: "It smooths the noise of the last steps without holding on to early pictures.",
      value: { .number(min(max((0.4 * $0.kimg).rounded() / 10, 0.5), 10)) }),
    TrainingRule(
      .precision, "the faster one, by whole steps", because: "It sees more images in the same time.",
      measured: "on this machine, once; the result is kept in the cache"),
    TrainingRule(
      .augmentation, if: "less than 5,000 pictures", "ada",
      because:
        "D learns few pictures by heart. Adaptive augmentation begins when its scores show that, and is free before.",
      when: { usesAugmentation(count: $0.pictures) }, value: { _ in .text("ada") }),
    TrainingRule(
      .augmentation, if: "otherwise", "none", because: "D does not learn so many pictures by heart within hours.",
      value: { _ in .text("none") }),
    TrainingRule(
      .adaptation, "a tenth of the images, 5 to 500 kimg",
      because: "p can then go from 0 to 1 in a tenth of the training; the usual 500 kimg are for long ones.",
      value: { .number(min(max(($0.kimg / 10).rounded(), 5), 500)) }),
    TrainingRule(
      .mirror, "never",
      because: "Mirrored letters, digits, clocks and flags are wrong; give --mirror if yours are not.",
      value: { _ in false }),
    TrainingRule(
      .labels, if: "pictures with classes", "left out",
      because: "A conditional network draws one class at a time; give --cond to choose the class when drawing.",
      when: { $0.classes > 1 }, value: { _ in false }),
    TrainingRule(.labels, if: "otherwise", "none", because: "The pictures have no classes.", value: { _ in false }),
    TrainingRule(
      .snapshots, "about 8", because: "You see how it goes, and they cost little time and disk.",
      value: { _ in 8 }),
  ]

  /// (R/32)^⅔, to one decimal. A D that looks at the content has a quarter of the squared gradient in a picture with twice
  /// as many pixels a side, so γ should rise with R². From 1 at 32×32 that would be 1024 at 1024×1024, where the papers
  /// train well with 10: this power leads there.
  static func gamma(resolution: Int) -> Double {
    let exact = pow(Double(resolution) / 32, 2.0 / 3)
    return exact < 10 ? (exact * 10).rounded() / 10 : exact.rounded()
  }

  // MARK: Few pictures

  /// Whether there are so few pictures that D learns them by heart within hours, and augmentation is worth its time. A rule
  /// of thumb: with some thousands of pictures the published figures differ little, with one thousand they differ a lot.
  public static func usesAugmentation(count: Int) -> Bool { count < 5000 }

  // MARK: First pictures

  /// Thousands of images after which pictures can be recognized. At 32×32 without growing they were after 20 to 30 kimg;
  /// at higher resolutions a rule of thumb.
  public static func recognizableKimg(resolution: Int) -> Double { 25 * max(1, Double(resolution) / 32) }
}

extension TrainingRule: Encodable {
  private enum CodingKeys: String, CodingKey { case choice, condition, outcome, reason, source }

  /// Writes the words of the rule.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(choice, forKey: .choice)
    try values.encode(condition, forKey: .condition)
    try values.encode(outcome, forKey: .outcome)
    try values.encode(reason, forKey: .reason)
    try values.encode(source, forKey: .source)
  }
}

extension SettingValue {
  /// The number; nil for text and flags.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .flag, .text: nil
    }
  }
}
