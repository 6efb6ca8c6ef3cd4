/// The first GAN among the families.
extension GANConfiguration {
  /// The name in files.
  public static var family: String { "gan" }
  /// The name for people.
  public static var title: String { "GAN" }

  /// The named trainings of this family.
  public static var recipes: [Recipe] {
    [
      Recipe(
        "gan", "GAN (Goodfellow et al. 2014): fully connected, 28×28, G before D on the same fakes",
        cost: "about 3,500 pictures a second", of: Self.self, training: { $0.trainAsGAN() })
    ]
  }

  /// z and batch normalization.
  public static var settings: [Setting] {
    [
      .zSize,
      Setting(
        "batchNormEpsilon", names: ["bn-epsilon"], .number, help: "GAN: ε of batch normalization (default: 0.8)."),
    ]
  }

  /// Grayscale images of 28×28 are padded to 32×32 when they are read; the border of 2 removes that padding.
  public static func defaults(for asked: Settings, resolution: Int, imageChannels: Int) -> Self {
    let border = resolution == 32 && imageChannels == 1 ? 2 : 0
    return Self(resolution: resolution - 2 * border, imageChannels: imageChannels, border: border)
  }

  /// The generator has batch normalization; labels are inputs of both networks.
  public var traits: NetworkTraits {
    var traits = NetworkTraits()
    (traits.normalizesGeneratorBatches, traits.takesLabels) = (true, true)
    return traits
  }
}

extension TrainingOptions {
  /// G first, then D on the same fakes with half the sum of its losses; Adam 2e-4 (0.5, 0.999), batches of 64, 200 epochs of
  /// 60,000 images; a grid of fakes every 2,000 batches.
  fileprivate mutating func trainAsGAN() {
    objective = Objective(regularizer: .none, gamma: 0, halvesDiscriminatorLoss: true)
    schedule = .fixed(resolution: configuration.resolution, batch: 64, learningRate: 2e-4)
    (adam.beta1, adam.beta2) = (0.5, 0.999)
    (stepOrder, batchGridSteps) = (.generatorFirst, 2000)
    (mixingProbability, averageHalfLifeKimg, totalKimg) = (0, 0, 12_000)
  }
}
