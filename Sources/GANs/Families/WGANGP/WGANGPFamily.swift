/// WGAN-GP among the families.
extension WGANGPConfiguration {
  /// The name in files.
  public static var family: String { "wgan-gp" }
  /// The name for people.
  public static var title: String { "WGAN-GP" }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "wgan-gp", "WGAN-GP (Gulrajani et al. 2017): a gradient penalty in place of clipping",
        cost: "about 870 pictures a second on one core at the smallest width",
        of: Self.self, training: { $0.trainAsWGANGP() })
    ]
  }

  /// False: the penalty needs the gradient of each image on its own.
  public static var normalizesDiscriminator: Bool { false }
}

extension TrainingOptions {
  /// λ = 10, Adam 1e-4 (0, 0.9), five critic steps per step of G, batches of 64 (WGAN-GP, Algorithm 1).
  fileprivate mutating func trainAsWGANGP() {
    objective = Objective(loss: .wasserstein, regularizer: .gradientPenalty, gamma: 10)
    schedule = .fixed(resolution: configuration.resolution, batch: 64, learningRate: 1e-4)
    (adam.beta1, adam.beta2) = (0, 0.9)
    criticSteps = 5
    (mixingProbability, averageHalfLifeKimg, totalKimg) = (0, 0, 10_000)
  }
}
