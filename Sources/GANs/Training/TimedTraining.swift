/// The recipe for a StyleGAN that has a given time to train, for minutes to a few days: docs/RECIPES.md has what was tried.
public struct TimedTraining: Sendable {
  /// The time for the training, in seconds.
  public let seconds: Double

  /// A training of this time.
  public init(seconds: Double) { self.seconds = seconds }

  /// Sets all that does not depend on the speed of the machine. Options of the user come after it.
  public func prepare(_ options: inout TrainingOptions) {
    let resolution = options.configuration.resolution
    options.schedule = .fixed(resolution: resolution, batch: 16, learningRate: 0.002)
    options.objective.gamma = 1
    options.objective.penaltyInterval = 16
    options.mixingProbability = options.configuration.traits.hasStyles ? 0.5 : 0
  }

  /// The width for a machine that needs `secondsPerImage` for a network of the tiny width: the widest one that will see
  /// enough images. A wider network has more operations, and computes them no slower.
  public func width(secondsPerImage: Double, costs: [NetworkWidth: Double]) -> NetworkWidth {
    let tiny = costs[.tiny] ?? 1
    func kimg(_ width: NetworkWidth) -> Double {
      seconds / (secondsPerImage * (costs[width] ?? .infinity) / tiny) / 1000
    }
    return NetworkWidth.allCases.first { kimg($0) >= Self.usefulKimg($0) } ?? .tiny
  }

  /// Thousands of images from which a width is worth its cost.
  package static func usefulKimg(_ width: NetworkWidth) -> Double {
    switch width {
    case .paper: 1500
    case .small: 300
    case .tiny: 0
    }
  }

  /// Fits the growth, the length, the moving average and the snapshots to the time.
  /// - Parameters:
  ///   - secondsPerImage: measured at each resolution from 8×8 on, or at the last one alone.
  ///   - asked: what the user has set and is not changed.
  public func fit(_ options: inout TrainingOptions, secondsPerImage: [Int: Double], asked: Set<Asked> = []) {
    let resolution = options.configuration.resolution
    guard let cost = secondsPerImage[resolution], cost > 0 else { return }
    var kimg = seconds / cost / 1000
    if !asked.contains(.growth), options.configuration.traits.grows, resolution > 32, kimg < Self.kimgWithoutGrowing {
      options.schedule.initialResolution = 8
      kimg = grown(&options, secondsPerImage)
    }
    // The clock ends the training, on a machine that becomes faster too.
    options.totalKimg = max(1, (3 * kimg).rounded(.up))
    if !asked.contains(.average) { options.averageHalfLifeKimg = min(max(0.04 * kimg, 0.5), 10) }
    if !asked.contains(.snapshots) {
      options.snapshotTicks = max(1, Int((kimg / Double(Self.snapshots) / options.tickKimg).rounded()))
    }
  }

  /// Options of a user.
  public enum Asked: Sendable { case growth, average, snapshots }

  /// Below so many thousand images at the final resolution, a network of more than 32×32 grows.
  static let kimgWithoutGrowing = 40.0
  /// About so many snapshots are written.
  static let snapshots = 8

  /// Growth takes 40 % of the images. Sets the phases; the thousands of images that the time allows.
  private func grown(_ options: inout TrainingOptions, _ secondsPerImage: [Int: Double]) -> Double {
    func seconds(_ kimg: Double) -> Double {
      var schedule = options.schedule
      (schedule.fadeKimg, schedule.stableKimg) = (kimg, kimg)
      schedule.fitGrowth(totalKimg: kimg)
      options.schedule = schedule
      return schedule.phases(from: 0, to: Int(kimg * 1000)).reduce(0) { sum, phase in
        sum + Double(phase.images.count)
          * (secondsPerImage[phase.resolution] ?? secondsPerImage[schedule.finalResolution]!)
      }
    }
    var (low, high) = (0.0, 1.0)
    while seconds(high) < self.seconds, high < 1e6 { high *= 2 }
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if seconds(middle) < self.seconds { low = middle } else { high = middle }
    }
    _ = seconds(max(low, 0.001))
    return low
  }
}
