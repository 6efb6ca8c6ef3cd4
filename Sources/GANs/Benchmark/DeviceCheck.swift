import Torch

/// Compares a device with the CPU: the networks and objectives of every family with equal weights and inputs, their values
/// and their first and second derivatives.
///
/// The CPU computes with the plain operations of the reference kernels.
public struct DeviceCheck {
  /// The device that is checked.
  public let device: Device
  /// The precision of its activations.
  public let precision: Compute.Precision

  /// A check of a device.
  public init(_ device: Device, precision: Compute.Precision = .float32) {
    (self.device, self.precision) = (device, precision)
  }

  /// One comparison.
  public struct Row: Codable, Sendable {
    /// The name of the family in files: "stylegan".
    public let family: String
    /// What was compared: "images", "gradient of G's loss".
    public let subject: String
    /// The largest difference, relative to the largest value.
    public let error: Double
  }

  /// The comparisons of one family at 32×32 with the least width and a minibatch of 4.
  public func rows(_ family: any NetworkConfiguration.Type) throws -> [Row] {
    guard let recipe = family.recipes.first(where: { $0.name == family.family }) ?? family.recipes.first else {
      return []
    }
    let hasWidth = family.settings.contains { $0.field == "width" }
    var options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 0),
      configuration: try recipe.configuration(
        hasWidth ? ["width": .text("tiny")] : [:], resolution: 32, imageChannels: 3))
    let hasW = options.configuration.traits.hasW
    if hasW { options.objective.pathLength = PathLength(interval: 1) }
    options.kernels = .reference
    let plain = TrainingNetworks(options)
    (options.kernels, options.precision) = (.fast, precision)
    let checked = TrainingNetworks(options, device: device)
    for (mine, theirs) in [
      (checked.generator.store, plain.generator.store), (checked.discriminator.store, plain.discriminator.store),
    ] {
      for (target, source) in zip(mine.state, theirs.state) { target.value.overwrite(with: source.value.to(device)) }
    }

    let (growth, batch, objective) = (options.configuration.grown, 4, options.objective)
    let random = SamplingStreams(seed: 1)
    var sample = plain.generator.sample(
      count: batch, condition: nil, growth: growth, mixingProbability: 0, random: random)
    sample.position = random.tensors.uniform([batch, 1, 1, 1])
    let side = options.configuration.resolution
    let reals = random.tensors.normal([batch, 3, side, side])
    let directions = random.tensors.normal([batch, 3, side, side])

    /// Everything that is compared, of one pair of networks.
    func values(_ networks: TrainingNetworks, on device: Device) -> [(subject: String, tensors: [Tensor])] {
      let (generator, discriminator) = (networks.generator, networks.discriminator)
      let (sample, reals) = (sample.moved(to: device), reals.to(device))
      func judge(_ images: Tensor) -> Tensor { networks.judge(images, nil, growth: growth) }
      func slopes(_ loss: Tensor, _ store: ParameterStore) -> [Tensor] {
        gradients(of: loss, withRespectTo: store.parameters.map(\.value))
      }
      func fakes() -> Tensor {
        generator.trainingImages(sample, growth: growth, updatingAverage: false, networks.compute)
      }
      let realScores = withoutGradients { judge(reals) }
      let fixed = withoutGradients { fakes() }
      var found: [(String, [Tensor])] = [("images", [fixed]), ("scores", [realScores])]
      found.append(
        (
          "gradient of G's loss",
          slopes(objective.generatorLoss(fakeScores: judge(fakes()), realScores: realScores), generator.store)
        ))
      found.append(
        (
          "gradient of D's loss",
          slopes(
            objective.discriminatorLoss(realScores: judge(reals), fakeScores: judge(fixed)), discriminator.store)
        ))
      switch objective.regularizer {
      case .none: break
      case .r1:
        let leaf = reals.requiringGradient()
        let penalty = objective.r1Penalty(reals: leaf, realScores: judge(leaf))
        found.append(("gradient of R1", slopes(penalty, discriminator.store)))
      case .gradientPenalty:
        let penalty = objective.gradientPenalty(
          reals: reals, fakes: fixed, position: sample.position!, discriminator: judge)
        found.append(("gradient of the gradient penalty", slopes(penalty, discriminator.store)))
      }
      if let generator = generator as? any StyleBasedGenerator {
        var ws = generator.trainingStyles(sample, updatingAverage: false)
        // Without mapping layers w is z, which no parameter computes.
        if !ws.requiresGradient { ws = ws.requiringGradient() }
        let images = generator.synthesize(ws, noise: .given(sample.noise), growth: growth, networks.compute)
        let lengths = PathLengthRegularizer(PathLength(), device: device)(
          ws: ws, activeLayers: generator.activeLayers(at: growth).count, images: images, y: directions.to(device))
        found.append(("gradient of path lengths", slopes(lengths, generator.store)))
      }
      return found
    }

    return zip(values(plain, on: .cpu), values(checked, on: device)).map { expected, found in
      let pairs = zip(expected.tensors, found.tensors).map { ($0.to(.float32), $1.to(.cpu).to(.float32)) }
      let scale = pairs.map { $0.0.magnitude().maximum().item }.max() ?? 0
      let error = pairs.map { ($0.1 - $0.0).magnitude().maximum().item }.max() ?? 0
      return Row(family: family.family, subject: expected.subject, error: error / max(scale, 1e-30))
    }
  }
}

extension TrainingSample {
  /// The same inputs on a device.
  func moved(to device: Device) -> TrainingSample {
    TrainingSample(
      z: z.to(device), condition: condition.map { Condition($0.vectors.to(device)) },
      mixing: mixing.map { ($0.z.to(device), $0.crossover) }, noise: noise.map { $0?.to(device) },
      position: position?.to(device))
  }
}
