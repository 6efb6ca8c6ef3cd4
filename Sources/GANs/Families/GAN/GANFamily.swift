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
        cost: "about 3,500 pictures a second",
        of: Self.self,
        training: { $0.trainAsGAN() })
    ]
  }

  /// The architecture that settings ask for. Grayscale images of 32×32 are what 28×28 ones get as a border when they are
  /// read: it is cut off again.
  public init(_ settings: ArchitectureSettings, resolution: Int, imageChannels: Int) throws(ConfigurationError) {
    try settings.require(only: ["--z-dim", "--bn-epsilon"], of: Self.title)
    let border = resolution == 32 && imageChannels == 1 ? 2 : 0
    self.init(
      resolution: resolution - 2 * border, imageChannels: imageChannels, border: border,
      zSize: settings.zSize ?? 100, batchNormEpsilon: settings.batchNormEpsilon ?? 0.8)
  }

  /// Nothing.
  public var traits: NetworkTraits { NetworkTraits() }
}

extension TrainingOptions {
  /// G first, then D on the same fakes with half the sum of its losses; Adam 2e-4 (0.5, 0.999), batches of 64, 200 epochs of
  /// 60,000 images; a grid of the batch every 2,000 of them.
  fileprivate mutating func trainAsGAN() {
    objective = Objective(regularizer: .none, gamma: 0, halvesDiscriminatorLoss: true)
    schedule = .fixed(resolution: configuration.resolution, batch: 64, learningRate: 2e-4)
    adam.beta1 = 0.5
    adam.beta2 = 0.999
    stepOrder = .generatorFirst
    batchGridSteps = 2000
    mixingProbability = 0
    averageHalfLifeKimg = 0
    totalKimg = 12_000
  }
}
