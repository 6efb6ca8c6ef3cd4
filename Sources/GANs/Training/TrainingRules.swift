import Datasets
import Files

/// The rules for a training of a given time: what is chosen from the data and from the speed of the machine.
///
/// All of them are in this table, with their sources. `stylegan plan --rules` prints it; every choice can be overridden by
/// an option. docs/RECIPES.md has the measurements.
public struct TrainingRules: Sendable {
  /// The rules of this version.
  public static let standard = TrainingRules()

  /// The minibatch size at all resolutions.
  public var batch = 16
  /// The learning rate at all resolutions.
  public var learningRate = 0.005
  /// Steps between two uses of R1.
  public var penaltyInterval = 16
  /// The share of minibatches with mixed styles.
  public var mixing = 0.5
  /// γ of R1 at 32×32, and its limit in large pictures.
  public var gammaRange = (at32: 1.0, limit: 10.0)
  /// Thousands of images from which a resolution is worth its cost.
  public var usefulKimgOfResolutions: [Int: Double] = [64: 100, 128: 300, 256: 1000, 512: 3000, 1024: 8000]
  /// Thousands of images from which a width is worth its cost.
  public var usefulKimgOfWidths: [NetworkWidth: Double] = [.paper: 1500, .small: 500, .tiny: 250, .micro: 0]
  /// The largest resolution with a network of the least width.
  public var largestMicro = 32
  /// Below so many thousand images at the final resolution, a network of more than 32×32 grows.
  public var kimgWithoutGrowing = 40.0
  /// The half-life of the moving average, as a share of all images, and its limits in thousands of images.
  public var halfLife = (share: 0.04, least: 0.5, most: 10.0)
  /// About so many snapshots are written.
  public var snapshots = 8.0
  /// Below so many pictures the discriminator's images are augmented.
  public var augmentedBelow = 10_000
  /// Thousands of images at 32×32 until the first recognizable pictures.
  public var firstKimgAt32 = 25.0

  /// The rules of this version; each of them can be set.
  public init() {}

  // MARK: Choices

  /// γ of R1: 1 at 32×32, in proportion to the side, at most 10 (the paper's).
  public func gamma(resolution: Int) -> Double {
    min(max(gammaRange.at32 * Double(resolution) / 32, gammaRange.at32), gammaRange.limit)
  }

  /// Whether the discriminator's images are augmented for a data set of so many pictures.
  public func usesAugmentation(count: Int) -> Bool { count < augmentedBelow }

  /// Applies the rule of ``usesAugmentation(count:)`` to a training, unless the user chose.
  ///
  /// The seam for adaptive augmentation: this is the only place that turns it on.
  public func applyAugmentation(to options: inout TrainingOptions) {
    guard usesAugmentation(count: options.dataset.count) else { return }
  }

  /// The resolutions that the pictures support, ascending: powers of two from 8 (16, where they have that many pixels) up
  /// to the median of the shorter sides.
  public func resolutions(_ survey: DatasetSurvey) -> [Int] {
    let all = [8, 16, 32, 64, 128, 256, 512, 1024].filter { survey.allows(side: $0) }
    let fitting = all.filter { $0 <= survey.median }
    return fitting.isEmpty ? Array(all.prefix(1)) : fitting
  }

  /// The resolution of a training: the largest that the pictures support and of which the time shows enough images.
  /// - Parameters:
  ///   - seconds: the time.
  ///   - secondsPerImage: of a training step, by resolution.
  public func resolution(_ survey: DatasetSurvey, seconds: Double, secondsPerImage: (Int) -> Double) -> Int {
    let possible = resolutions(survey)
    let worth = possible.filter { side in
      guard let useful = usefulKimgOfResolutions[side] else { return true }
      return seconds / secondsPerImage(side) / 1000 >= useful
    }
    return worth.last ?? possible.first ?? 32
  }

  /// Thousands of images until the first recognizable pictures: a rule of thumb.
  public func firstKimg(resolution: Int) -> Double { firstKimgAt32 * max(1, Double(resolution) / 32) }

  // MARK: The table

  /// A rule in words.
  public struct Row: Codable, Sendable, Equatable {
    /// What is chosen, how, and from which source the rule is.
    public let choice, rule, source: String
  }

  /// The rules in words.
  public var table: [Row] {
    func kimg(_ table: [(some Any, Double)]) -> String {
      table.map { "\($0): \($1.plain)" }.joined(separator: ", ")
    }
    let resolutions = usefulKimgOfResolutions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let widths = NetworkWidth.allCases.filter { usefulKimgOfWidths[$0] ?? 0 > 0 }.map {
      ($0.rawValue, usefulKimgOfWidths[$0]!)
    }
    let sides = kimg(resolutions)
    let (half, limits) = ((100 * halfLife.share).plain, "\(halfLife.least.plain) to \(halfLife.most.plain)")
    var rows: [Row] = []
    func add(_ choice: String, _ rule: String, _ source: String) {
      rows.append(Row(choice: choice, rule: rule, source: source))
    }
    add(
      "resolution",
      "the largest power of two up to the median of the pictures' shorter sides that sees enough thousands of images (\(sides))",
      "rule of thumb")
    add("channels", "4 where half of the pictures have alpha, 1 where all are gray, else 3", "the data")
    add(
      "width",
      "the widest that sees enough thousands of images (\(kimg(widths))), else micro; tiny above \(largestMicro)×\(largestMicro)",
      "micro and tiny measured at 32×32, the others by rule of thumb")
    add(
      "minibatch, learning rate, R1 interval, mixing",
      "\(batch), \(learningRate.plain), \(penaltyInterval), \(mixing.plain)", "measured at 32×32")
    add(
      "γ", "\(gammaRange.at32.plain) at 32×32, in proportion to the side, at most \(gammaRange.limit.plain)",
      "1 measured at 32×32 (0.1 is worse), 10 is the paper's at 1024×1024; the usual 0.0002·side²/minibatch has 0.01 and 13 there")
    add(
      "growing", "from 8×8, above 32×32 and below \(kimgWithoutGrowing.plain) thousand images, in 40 % of them",
      "rule of thumb")
    add("half-life of the average", "\(half) % of the images, \(limits) thousand", "measured at 32×32, ten minutes")
    add(
      "augmentation", "below \(augmentedBelow) pictures", "Karras et al. 2020: large gains below 10,000 pictures")
    add("mirror", "never by itself: letters and faces in profile have a side", "choice")
    add("precision", "the faster one on this machine", "measured at the start")
    add(
      "first recognizable pictures",
      "after \(firstKimgAt32.plain) thousand images at 32×32, in proportion to the side",
      "Fashion-MNIST at 32×32; rule of thumb, later for pictures of many kinds")
    return rows
  }
}
