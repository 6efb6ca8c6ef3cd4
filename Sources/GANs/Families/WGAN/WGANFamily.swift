/// WGAN among the families.
extension WGANConfiguration {
  /// The name in files.
  public static var family: String { "wgan" }
  /// The name for people.
  public static var title: String { "WGAN" }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "wgan", "WGAN (Arjovsky et al. 2017): a clipped critic that estimates the Wasserstein distance",
        cost: "about 2,500 pictures a second at the smallest width", of: Self.self, training: { $0.trainAsWGAN() })
    ]
  }

  /// True, as in the paper.
  public static var normalizesDiscriminator: Bool { true }
}

extension TrainingOptions {
  /// RMSProp at 5e-5, weights clipped to ±0.01, five critic steps per step of G, batches of 64 (WGAN, Algorithm 1).
  fileprivate mutating func trainAsWGAN() {
    objective = Objective(loss: .wasserstein, regularizer: .none, gamma: 0, clip: 0.01)
    schedule = .fixed(resolution: configuration.resolution, batch: 64, learningRate: 5e-5)
    optimizer = .rmsprop
    criticSteps = 5
    (mixingProbability, averageHalfLifeKimg, totalKimg) = (0, 0, 10_000)
  }
}
