import Torch

/// The recipe for a StyleGAN that has a given time to train, for minutes to a few days: docs/RECIPES.md has what was tried.
public struct TimedTraining: Sendable {
  /// The time for the training, in seconds.
  public let seconds: Double

  /// A training of this time.
  public init(seconds: Double) { self.seconds = seconds }

  /// Sets all that does not depend on the speed of the machine. Options of the user come after it.
  public func prepare(_ options: inout TrainingOptions) {
    let resolution = options.configuration.resolution
    options.schedule = .fixed(resolution: resolution, batch: 16, learningRate: 0.005)
    options.objective.gamma = 1
    options.objective.penaltyInterval = 16
    options.mixingProbability = options.configuration.traits.hasStyles ? 0.5 : 0
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
  /// - Parameter costs: operations of each width that the memory allows.
  public func width(secondsPerImage: Double, costs: [NetworkWidth: Double]) -> NetworkWidth {
    let widths = NetworkWidth.allCases.filter { costs[$0] != nil }
    guard let least = widths.last else { return .tiny }
    func kimg(_ width: NetworkWidth) -> Double {
      seconds / (secondsPerImage * costs[width]! / costs[least]!) / 1000
    }
    return widths.first { kimg($0) >= Self.usefulKimg($0) } ?? least
  }

  /// Thousands of images from which a width is worth its cost.
  package static func usefulKimg(_ width: NetworkWidth) -> Double {
    switch width {
    case .paper: 1500
    case .small: 500
    case .tiny: 250
    case .micro: 0
    }
  }

  /// Options of a user that are not fitted.
  public enum Asked: Sendable { case average, snapshots }

  /// Fits the growth, the moving average and the snapshots to the time, and lets the clock end the training.
  /// - Parameters:
  ///   - secondsPerImage: of ``costs(of:)``.
  ///   - growing: whether the network grows; nil: if the time is too short to do without.
  ///   - asked: what the user has set.
  public func fit(
    _ options: inout TrainingOptions, secondsPerImage: [Int: Double], growing: Bool? = nil, asked: Set<Asked> = []
  ) {
    let resolution = options.configuration.resolution
    guard let cost = secondsPerImage[resolution], cost > 0 else { return }
    var kimg = seconds / cost / 1000
    let isShort = Self.mayGrow(options) && kimg < Self.kimgWithoutGrowing && options.initialNetwork == nil
    if growing ?? isShort, options.configuration.traits.grows, resolution > 8 {
      options.schedule.initialResolution = 8
      kimg = grown(&options, secondsPerImage)
    }
    // The clock ends the training before that, if the machine is busy now and idle later, too.
    options.totalSeconds = seconds
    options.totalKimg = min(max(1, (4 * kimg).rounded(.up)), 1e9)
    if !asked.contains(.average) {
      (options.averageHalfLifeKimg, options.averageDecay) = (min(max(0.04 * kimg, 0.5), 10), nil)
    }
    if !asked.contains(.snapshots) {
      options.snapshotTicks = Int(min(max(1, (kimg / Self.snapshots / options.tickKimg).rounded()), 1e6))
    }
  }

  /// Below so many thousand images at the final resolution, a network of more than 32×32 grows.
  static let kimgWithoutGrowing = 40.0
  /// About so many snapshots are written.
  static let snapshots = 8.0

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
