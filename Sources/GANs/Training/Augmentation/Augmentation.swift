/// The settings of the augmentation of D's images (Karras et al. 2020, "Training Generative Adversarial Networks with Limited
/// Data").
///
/// Every image that D sees, real or fake, is changed at random: turned, moved, tinted. Each change happens with probability p.
/// Where a data set is small, D then cannot learn its images by heart. G does not learn the changes, as long as p is below
/// about 0.8.
public struct Augmentation: Codable, Sendable, Equatable {
  /// How p is chosen.
  public enum Mode: String, Codable, CaseIterable, Sendable {
    /// p starts at 0 and follows D's overfitting ("adaptive discriminator augmentation", §3).
    case adaptive = "ada"
    /// p is constant.
    case fixed
  }

  /// How p is chosen.
  public var mode: Mode
  /// The changes.
  public var pipe: AugmentationPipe
  /// The constant p of ``Mode/fixed``, 0…1; nil for ``Mode/adaptive``.
  public var p: Double?
  /// ``Mode/adaptive`` keeps the mean sign of D's scores of reals at this number; 0.6 in the paper. It is 0 for a D that
  /// guesses, and 1 for one that knows all reals.
  public var target: Double
  /// The steps between two changes of p; 4 in the paper.
  public var interval: Int
  /// Thousands of images in which p can move from 0 to 1; 500 in the paper.
  public var adaptationKimg: Double

  /// Adaptive augmentation with the paper's constants, or other settings.
  public init(
    mode: Mode = .adaptive, pipe: AugmentationPipe = .bgc, p: Double? = nil, target: Double = 0.6, interval: Int = 4,
    adaptationKimg: Double = 500
  ) {
    (self.mode, self.pipe, self.p, self.target) = (mode, pipe, p, target)
    (self.interval, self.adaptationKimg) = (interval, adaptationKimg)
  }

  /// Checks every field.
  /// - Throws: ``ConfigurationError`` naming the first field that is out of range or useless.
  func validate(loss: Objective.Loss) throws(ConfigurationError) {
    switch mode {
    case .fixed:
      guard let p else {
        throw ConfigurationError(
          "fixed augmentation needs its strength: give \(field: .augmentationStrength, 0.2), or another number up to 1")
      }
      try require(p >= 0 && p <= 1, .augmentationStrength, p, "0 to 1")
    case .adaptive:
      guard p == nil else {
        throw ConfigurationError(
          "\(field: .augmentationStrength) is the strength of fixed augmentation, but adaptive augmentation finds its "
            + "own: use \(field: .augmentation, "fixed") or leave it out")
      }
      if loss == .wasserstein || loss == .relativistic {
        let why: Message =
          loss == .wasserstein
          ? "a Wasserstein critic's scores have no zero" : "only differences of scores count in the relativistic loss"
        throw ConfigurationError(
          "\(field: .augmentation, "ada") looks at the signs of D's scores, which mean nothing here, because \(why): use "
            + "\(field: .augmentation, "fixed") with \(field: .augmentationStrength)")
      }
    }
    try require(target >= 0 && target <= 1, .augmentationTarget, target, "0 to 1")
    try require((1...1024).contains(interval), .augmentationInterval, interval, "1 to 1024")
    try require(
      adaptationKimg > 0 && adaptationKimg <= 1e6, .augmentationKimg, adaptationKimg, "above 0 and at most 1000000")
  }
}

/// The groups of changes, by the field's names.
public enum AugmentationPipe: String, Codable, CaseIterable, Sendable {
  /// Mirror, quarter turns, shifts by whole pixels.
  case blit
  /// Scaling, stretching, rotations, shifts by fractions of pixels.
  case geom
  /// Brightness, contrast, inverted luma, hue, saturation.
  case color
  /// Four frequency bands amplified or damped.
  case filter
  /// Noise in the image.
  case noise
  /// A square of the image is removed.
  case cutout
  /// The first groups together.
  case bg, bgc, bgcf, bgcfn, bgcfnc

  /// Its steps, in the order in which they are applied.
  package var steps: [AugmentationStep] {
    switch self {
    case .blit: [.flip, .quarterTurn, .integerShift]
    case .geom: [.scale, .rotationBefore, .stretch, .rotationAfter, .fractionalShift]
    case .color: [.brightness, .contrast, .lumaFlip, .hue, .saturation]
    case .filter: [.filter]
    case .noise: [.noise]
    case .cutout: [.cutout]
    case .bg: Self.blit.steps + Self.geom.steps
    case .bgc: Self.bg.steps + Self.color.steps
    case .bgcf: Self.bgc.steps + Self.filter.steps
    case .bgcfn: Self.bgcf.steps + Self.noise.steps
    case .bgcfnc: Self.bgcfn.steps + Self.cutout.steps
    }
  }
}

/// A random change of an image.
package enum AugmentationStep: String, CaseIterable, Sendable {
  case flip, quarterTurn, integerShift
  case scale, rotationBefore, stretch, rotationAfter, fractionalShift
  case brightness, contrast, lumaFlip, hue, saturation
  case filter, noise, cutout

  /// Its random numbers for one image: those that decide whether it happens, and those of its strength.
  var draws: (gates: Int, values: Int, areNormal: Bool) {
    switch self {
    case .flip, .quarterTurn, .rotationBefore, .rotationAfter, .lumaFlip, .hue: (1, 1, false)
    case .integerShift, .cutout: (1, 2, false)
    case .scale, .stretch, .brightness, .contrast, .saturation, .noise: (1, 1, true)
    case .fractionalShift: (1, 2, true)
    case .filter: (4, 4, true)
    }
  }
}
