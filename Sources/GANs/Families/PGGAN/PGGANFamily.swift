/// Progressive GAN among the families.
extension PGGANConfiguration {
  /// The name in files.
  public static var family: String { "pggan" }
  /// The name for people.
  public static var title: String { "Progressive GAN" }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "pggan", "Progressive GAN (Karras et al. 2018): grows from 4×4, gradient penalty and drift",
        cost: "about 80 pictures a second at the smallest width: the penalty is differentiated twice", of: Self.self,
        training: { $0.trainAsProgressiveGAN() })
    ]
  }

  /// The settings for width and latents.
  public static var settings: [Setting] { [Setting.width] + Setting.featureMaps + [.zSize] }

  /// The architecture of a named width.
  public static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self {
    let width = NetworkWidth(asked)
    return Self(
      resolution: resolution, imageChannels: imageChannels, zSize: width.latentSize, fmapBase: width.featureMaps.base,
      fmapMax: width.featureMaps.max)
  }

  /// Growth and labels.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.grows, traits.takesLabels, traits.hasEqualizedWeights) = (true, true, true)
    return traits
  }
}

extension TrainingOptions {
  /// Wasserstein loss with gradient penalty and drift, growing from 4×4, moving average of G with decay 0.999 (PGGAN §A.1).
  mutating func trainAsProgressiveGAN() {
    objective = Objective(loss: .wasserstein, regularizer: .gradientPenalty, gamma: 10, drift: 0.001)
    schedule = Schedule(
      initialResolution: 4, finalResolution: configuration.resolution, fadeKimg: 800, stableKimg: 800,
      batchSizes: [4: 16, 256: 14, 512: 6, 1024: 3], learningRates: [4: 0.001])
    (mixingProbability, averageDecay, totalKimg) = (0, 0.999, 12_000)
  }
}
