import Datasets
import Foundation

/// What a training of a given time will be: each choice with its reason, and what can be expected of it.
public struct TrainingPlan: Sendable, Encodable {
  /// The pictures.
  public struct Pictures: Sendable, Encodable {
    /// The number of pictures and of classes, 0 without labels.
    public let count, classes: Int
    /// The shorter side of a picture in pixels: the least, the median and the largest.
    public let shortestSide, medianSide, longestSide: Int
    /// Pictures that are not square, and those with alpha.
    public let oblong, withAlpha: Int
    /// Whether they are so few that D learns them by heart within hours.
    public let areFew: Bool

    /// The pictures of a data set.
    public init(_ survey: DatasetSurvey) {
      (count, classes) = (survey.count, survey.labelCount)
      (shortestSide, medianSide, longestSide) = (survey.shortestSide, survey.medianSide, survey.longestSide)
      (oblong, withAlpha) = (survey.oblong, survey.channelCounts[4] ?? 0)
      areFew = TrainingRule.usesAugmentation(count: survey.count)
    }
  }

  /// A choice.
  public struct Choice: Sendable, Encodable, Equatable {
    /// What is chosen.
    public let choice: TrainingRule.Choice
    /// The value in the options.
    public let value: SettingValue
    /// When the rule holds, why it chooses so, and how that is known; nil where the user has chosen.
    public let condition, reason, source: String?

    /// The value in words: "64×64", "no", "every 12 kimg".
    public var words: String {
      switch (choice, value) {
      case (.resolution, .integer(let side)): "\(side)×\(side)"
      case (.average, .number(let kimg)), (.adaptation, .number(let kimg)): "\(kimg.plain) kimg"
      case (.snapshots, .number(let kimg)): "every \(kimg.plain) kimg"
      case (.growing, .flag(let grows)): grows ? "yes" : "no"
      case (.mirror, .flag(let isOn)), (.labels, .flag(let isOn)): isOn ? "used" : "not used"
      case (_, .text(let text)): text
      case (_, .flag(let isOn)): isOn ? "yes" : "no"
      case (_, .integer(let number)): "\(number)"
      case (_, .number(let number)): number.plain
      }
    }
  }

  /// What can be expected.
  public struct Forecast: Sendable, Encodable {
    /// Thousands of images that the training shows, and how many it shows in a second at its final resolution.
    public let kimg, imagesPerSecond: Double
    /// When pictures can be recognized: thousands of images, and seconds from the start. nil where the time is too short.
    public let recognizableKimg, recognizableSeconds: Double?
    /// The hours that recognizable pictures need, where the time is too short for them.
    public let neededHours: Double?
    /// The peak of resident memory in bytes; nil on other devices than the CPU.
    public let memoryBytes: Int?
    /// The files of the run, in bytes.
    public let diskBytes: Int

    /// - Parameters:
    ///   - options: of the training, with the length that fits into the time.
    ///   - probe: measured steps of all its resolutions.
    ///   - memory: see ``MemoryUse``; nil where it is unknown.
    public init(_ options: TrainingOptions, probe: StepProbe.Result, memory: MemoryUse?) {
      let estimate = TimeEstimate(options, probe: probe)
      let resolution = options.configuration.resolution
      kimg = options.totalKimg
      let step = estimate.step(images: 1000, at: options.configuration.grown)
      imagesPerSecond = step > 0 ? 1000 / step : 0
      let first = TrainingRule.recognizableKimg(resolution: resolution)
      if first <= kimg {
        var part = options
        part.totalKimg = first
        (recognizableKimg, neededHours) = (first, nil)
        recognizableSeconds = TimeEstimate(part, probe: probe).remaining(afterImages: 0)
      } else {
        (recognizableKimg, recognizableSeconds) = (nil, nil)
        neededHours = step > 0 ? first * step / 3600 : nil
      }
      memoryBytes = memory?.total
      diskBytes = DiskUse(options).total
    }
  }

  /// The time for the training, in hours.
  public let hours: Double
  /// The pictures.
  public let pictures: Pictures
  /// The choices, in the order of the rules.
  public let choices: [Choice]
  /// What can be expected.
  public let forecast: Forecast
  /// All options, as in `options.json`.
  public let options: TrainingOptions
  /// The command that trains with these choices.
  public var command = ""

  /// A plan.
  /// - Parameters:
  ///   - options: of the training, fitted to its time.
  ///   - survey: the pictures.
  ///   - situation: what the rules looked at.
  ///   - asked: what the user has chosen.
  public init(
    _ options: TrainingOptions, hours: Double, survey: DatasetSurvey, situation: TrainingSituation,
    asked: Set<TrainingRule.Choice>, forecast: Forecast
  ) {
    (self.options, self.hours, self.forecast) = (options, hours, forecast)
    pictures = Pictures(survey)
    choices = Self.choices(options, in: situation, asked: asked)
  }

  /// Each choice with its value in `options` and the rule that led to it.
  package static func choices(
    _ options: TrainingOptions, in situation: TrainingSituation, asked: Set<TrainingRule.Choice>
  ) -> [Choice] {
    TrainingRule.Choice.allCases.compactMap { choice in
      let rule = TrainingRule.deciding(choice, in: situation)
      let isAsked = asked.contains(choice)
      let resolution = options.configuration.resolution
      let value: SettingValue
      switch choice {
      case .resolution: value = .integer(resolution)
      case .channels: value = .integer(options.configuration.imageChannels)
      case .width:
        // A network of other feature maps has no named width.
        guard !isAsked else { return nil }
        value = rule.value(situation)
      case .growing: value = .flag(options.schedule.grows)
      case .minibatch: value = .integer(options.schedule.batchSize(at: resolution))
      case .learningRate: value = .number(options.schedule.learningRate(at: resolution))
      case .gamma: value = .number(options.objective.gamma)
      case .penaltyInterval: value = .integer(options.objective.penaltyInterval)
      case .mixing: value = .number(options.mixingProbability)
      case .average: value = .number(options.averageHalfLifeKimg)
      case .precision: value = .text(options.precision.rawValue)
      case .augmentation:
        value = .text(options.augmentation.map { $0.mode == .adaptive ? "ada" : "fixed" } ?? "none")
      case .adaptation:
        guard let augmentation = options.augmentation, augmentation.mode == .adaptive else { return nil }
        value = .number(augmentation.adaptationKimg)
      case .mirror: value = .flag(options.mirror)
      case .labels: value = .flag(options.configuration.labelSize > 0)
      case .snapshots: value = .number(options.tickKimg * Double(options.snapshotTicks))
      }
      return Choice(
        choice: choice, value: value, condition: isAsked ? nil : rule.condition, reason: isAsked ? nil : rule.reason,
        source: isAsked ? nil : rule.source)
    }
  }
}

/// The memory of a training on the CPU: measured steps, and what a run adds to them.
public struct MemoryUse: Sendable {
  /// The peak of resident memory until now: a training of a given time also measures before it starts.
  public let before: Int
  /// The peak of resident memory in a few steps, with the rest of the program.
  public let steps: Int
  /// Decoded pictures that stay in memory.
  public let pictures: Int
  /// What a run needs besides: reading pictures, drawing grids and plots. It was 46 and 110 MB in two short trainings.
  static let rest = 60_000_000
  /// The peak of the training.
  public var total: Int { max(before, steps + pictures + Self.rest) }

  /// Measures a few steps of a training, in a process that did not do more than fit it to its time.
  /// - Parameter pictures: see `DatasetSurvey.cachedBytes(resolution:channels:)`.
  /// - Throws: `DeviceError`.
  public init(measuring options: TrainingOptions, pictures: Int) throws {
    before = ProcessMemory.peakResident
    let rounds = Double(options.totalImages) / Double(max(options.dataset.count, 1))
    self.pictures = Int(Double(pictures) * min(1, rounds))
    steps = try StepProbe.peakMemory(of: options)
  }
}
