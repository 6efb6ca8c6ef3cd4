/// DCGAN among the families.
extension DCGANConfiguration {
  /// The name in files.
  public static var family: String { "dcgan" }
  /// The name for people.
  public static var title: String { "DCGAN" }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "dcgan", "DCGAN (Radford et al. 2015): strided convolutions with batch normalization",
        cost: "about 1,300 pictures a second at the smallest width", of: Self.self, training: { $0.trainAsDCGAN() })
    ]
  }

  /// True, as in the paper.
  public static var normalizesDiscriminator: Bool { true }
}

extension TrainingOptions {
  /// The logistic loss, Adam with β₁ = 0.5, batches of 128 (DCGAN §4); 50 epochs of 60,000 images.
  fileprivate mutating func trainAsDCGAN() {
    objective = Objective(regularizer: .none, gamma: 0)
    schedule = .fixed(resolution: configuration.resolution, batch: 128, learningRate: 2e-4)
    (adam.beta1, adam.beta2) = (0.5, 0.999)
    (mixingProbability, averageHalfLifeKimg, totalKimg) = (0, 0, 3000)
  }
}
