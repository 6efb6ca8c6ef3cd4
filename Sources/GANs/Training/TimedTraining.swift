import Datasets
import Torch

/// The recipe for a StyleGAN that has a given time to train, for minutes to a few days. ``TrainingRule/table`` has its rules,
/// and docs/RECIPES.md what was tried.
public struct TimedTraining: Sendable {
  /// The time for the training, in seconds.
  public let seconds: Double

  /// A training of this time.
  public init(seconds: Double) { self.seconds = seconds }

  /// Sets all that does not depend on the speed of the machine. Options of the user come after it.
  public func prepare(_ options: inout TrainingOptions) {
    var situation = TrainingSituation()
    situation.resolution = options.configuration.resolution
    func number(_ choice: TrainingRule.Choice) -> Double {
      TrainingRule.deciding(choice, in: situation).value(situation).double!
    }
    options.schedule = .fixed(
      resolution: situation.resolution, batch: Int(number(.minibatch)), learningRate: number(.learningRate))
    options.objective.gamma = number(.gamma)
    options.objective.penaltyInterval = Int(number(.penaltyInterval))
    options.mixingProbability = options.configuration.traits.hasStyles ? number(.mixing) : 0
    situation.pictures = options.dataset.count
    if TrainingRule.deciding(.augmentation, in: situation).value(situation) == .text("ada") {
      options.augmentation = Augmentation()
    }
  }

  /// The situation of these pictures, before anything is measured.
  public func situation(of survey: DatasetSurvey) -> TrainingSituation {
    var situation = TrainingSituation()
    (situation.pictures, situation.classes, situation.side) = (survey.count, survey.labelCount, survey.medianSide)
    (situation.channels, situation.sameChannels) = (survey.usualChannels, survey.channelCounts.count == 1)
    return situation
  }

  /// The resolution for the pictures. Measures resolutions above 32×32 from the lowest on, as far as the time is enough.
  /// - Parameter make: the training at a resolution and the least width.
  public func resolution(
    for situation: inout TrainingSituation, make: (Int) throws -> TrainingOptions
  ) throws -> Int {
    func decided() -> Int {
      Int(TrainingRule.deciding(.resolution, in: situation).value(situation).double!)
    }
    var side = 64
    while side <= min(situation.side, 1024) {
      let cost = try StepProbe.measure(try make(side), only: side, seconds: 3).secondsPerImage[side]!
      situation.kimgByResolution[side] = seconds / cost / 1000
      guard decided() == side else { break }
      side *= 2
    }
    situation.resolution = decided()
    return situation.resolution
  }

  /// The channels for the pictures.
  public func channels(for situation: TrainingSituation) -> Int {
    Int(TrainingRule.deciding(.channels, in: situation).value(situation).double!)
  }

  /// Measured seconds of a training step for one image at each resolution that the training may use, the last one in any
  /// case. A resolution that takes too long to measure is estimated by its operations.
  public static func costs(of options: TrainingOptions) throws -> [Int: Double] {
    let (resolution, relative) = (options.configuration.resolution, options.relativeCosts)
    var probed = options
    if mayGrow(options) {
      probed.schedule.initialResolution = 8
      (probed.schedule.fadeKimg, probed.schedule.stableKimg, probed.totalKimg) = (1, 1, 100)
    }
    var seconds = try StepProbe.measure(probed).secondsPerImage
    if seconds[resolution] == nil, let last = seconds.keys.max(), let known = seconds[last] {
      seconds[resolution] = known * (relative[resolution] ?? 1) / max(relative[last] ?? 1, 1)
    }
    return seconds
  }

  /// The widths to choose from, the widest first. The least one has too few feature maps for large pictures.
  public static func widths(resolution: Int) -> [NetworkWidth] {
    NetworkWidth.allCases.filter { $0 != .micro || resolution <= 32 }
  }

  /// The width for a machine that needs `secondsPerImage` for a network of the least width: the widest one that will see
  /// enough images. A wider network has more operations, and computes them no slower.
  /// - Parameters:
  ///   - costs: operations of each width that the memory allows.
  ///   - situation: gets the thousands of images of each width.
  public func width(
    secondsPerImage: Double, costs: [NetworkWidth: Double], in situation: inout TrainingSituation
  ) -> NetworkWidth {
    guard let least = NetworkWidth.allCases.last(where: { costs[$0] != nil }) else { return .tiny }
    situation.kimgByWidth = costs.mapValues { seconds / (secondsPerImage * $0 / costs[least]!) / 1000 }
    guard case .text(let name) = TrainingRule.deciding(.width, in: situation).value(situation),
      let width = NetworkWidth(rawValue: name), costs[width] != nil
    else { return least }
    return width
  }

  /// Options of a user that are not fitted.
  public enum Asked: Sendable { case average, snapshots, adaptation }

  /// Fits the growth, the moving average and the snapshots to the time, and lets the clock end the training.
  /// - Parameters:
  ///   - secondsPerImage: of ``costs(of:)``.
  ///   - growing: whether the network grows; nil: if the time is too short to do without.
  ///   - asked: what the user has set.
  ///   - situation: gets the thousands of images that fit.
  public func fit(
    _ options: inout TrainingOptions, secondsPerImage: [Int: Double], growing: Bool? = nil, asked: Set<Asked> = [],
    in situation: inout TrainingSituation
  ) {
    let resolution = options.configuration.resolution
    guard let cost = secondsPerImage[resolution], cost > 0 else { return }
    var kimg = seconds / cost / 1000
    (situation.resolution, situation.kimg) = (resolution, kimg)
    situation.isTrained = options.initialNetwork != nil
    func value(_ choice: TrainingRule.Choice, _ situation: TrainingSituation) -> SettingValue {
      TrainingRule.deciding(choice, in: situation).value(situation)
    }
    if growing ?? (value(.growing, situation) == true), options.configuration.traits.grows, resolution > 8 {
      options.schedule.initialResolution = 8
      kimg = grown(&options, secondsPerImage)
    }
    // The rules for what follows look at the images of the whole training, growth included.
    var whole = situation
    whole.kimg = kimg
    // The clock ends the training before that, if the machine is busy now and idle later, too.
    options.totalSeconds = seconds
    options.totalKimg = min(max(1, (4 * kimg).rounded(.up)), 1e9)
    if !asked.contains(.average) {
      (options.averageHalfLifeKimg, options.averageDecay) = (value(.average, whole).double!, nil)
    }
    if options.augmentation?.mode == .adaptive, !asked.contains(.adaptation) {
      options.augmentation?.adaptationKimg = value(.adaptation, whole).double!
    }
    if !asked.contains(.snapshots) {
      options.snapshotTicks = Int(
        min(max(1, (kimg / value(.snapshots, whole).double! / options.tickKimg).rounded()), 1e6))
    }
  }

  private static func mayGrow(_ options: TrainingOptions) -> Bool {
    options.configuration.traits.grows && options.configuration.resolution > 32
  }

  /// Growth takes 40 % of the images. Sets the phases.
  /// - Returns: the thousands of images that the time allows.
  private func grown(_ options: inout TrainingOptions, _ secondsPerImage: [Int: Double]) -> Double {
    func seconds(_ kimg: Double) -> Double {
      (options.schedule.fadeKimg, options.schedule.stableKimg) = (kimg, kimg)
      options.schedule.fitGrowth(totalKimg: kimg)
      let last = secondsPerImage[options.schedule.finalResolution]!
      return options.schedule.phases(from: 0, to: Int(kimg * 1000)).reduce(0) { sum, phase in
        sum + Double(phase.images.count) * (secondsPerImage[phase.resolution] ?? last)
      }
    }
    var (low, high) = (0.001, 1.0)
    while seconds(high) < self.seconds, high < 1e6 { high *= 2 }
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if seconds(middle) < self.seconds { low = middle } else { high = middle }
    }
    _ = seconds(low)
    return low
  }
}
