import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Details of the published program that the papers leave open (the article Training): penalties of full-size images while
/// growing, and what a step moves and resets.
@Suite struct PublishedDetailsTests {
  private let batch = 6

  /// RandomState(fnv1a(NAME)).randn · scale, as in make_growing_fixture.py.
  private func draw(_ name: String, _ shape: [Int], _ scale: Double = 1) -> Tensor {
    var state = NumPyRandomState(seed: fnv1a(name))
    return Tensor(state.randn(shape.reduce(1, *)).map { Float($0 * scale) }, shape: shape)
  }

  /// The options of a family's networks with a penalty.
  private func options(_ name: String, _ regularizer: Objective.Regularizer) throws -> TrainingOptions {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    var settings: Settings = ["fmapBase": 32, "fmapMax": 8, "zSize": 8]
    if name == "stylegan" { (settings["wSize"], settings["mappingLayers"]) = (8, 2) }
    var options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: try recipe.configuration(settings, resolution: 16, imageChannels: 1))
    options.objective = Objective(regularizer: regularizer)
    return options
  }

  // MARK: Penalties while growing

  /// The penalty that a step records, and its gradient, against a reference whose discriminator takes images of the final
  /// size and averages them down.
  @Test(arguments: ["stylegan", "pggan"], [Objective.Regularizer.r1, .gradientPenalty])
  func penaltiesAreOfFullSizeImages(name: String, regularizer: Objective.Regularizer) throws {
    let fixture = try Fixture("growing")
    let growths = [
      ("r16", Growth(resolution: 16)), ("r16_fade", Growth(resolution: 16, alpha: 0.3)), ("r8", Growth(resolution: 8)),
      ("r8_fade", Growth(resolution: 8, alpha: 0.6)), ("r4", Growth(resolution: 4)),
    ]
    let compare = Comparison("\(name) \(regularizer.rawValue)")
    for (stage, growth) in growths {
      let side = growth.resolution
      let reals = growth.prepared(draw("growing.reals\(side)", [batch, 1, side, side], 0.5))
      let fakes = draw("growing.fakes\(side)", [batch, 1, side, side], 0.5)
      let position = Tensor(
        draw("growing.position", [batch, 1, 1, 1]).floats.map { Float(1 / (1 + exp(-Double($0)))) },
        shape: [batch, 1, 1, 1])
      let label = "\(name).\(regularizer == .r1 ? "r1" : "gp").\(stage)"
      for (resolution, key) in [(Objective.PenaltyResolution.full, label), (.current, "\(label).current")] {
        var options = try options(name, regularizer)
        options.objective.penaltyResolution = resolution
        let networks = TrainingNetworks(options)
        let store = networks.discriminator.store
        for parameter in store.parameters {
          let deviation = parameter.name.hasSuffix("weight") ? 1.0 : 0.3
          parameter.set(draw("growing.\(name).D.\(parameter.name)", parameter.value.shape, deviation))
        }
        var recorded: [String: Double] = [:]
        networks.updateDiscriminator(
          .init(reals), sample: TrainingSample(z: .zeros([batch, 8]), position: position), fakes: fakes, growth: growth,
          phase: .joint
        ) { recorded[$0] = $1.item }
        let found = try #require(recorded[regularizer == .r1 ? "Loss/r1_penalty" : "Loss/gradient_penalty"])
        compare(Tensor([found], shape: [1]), try fixture[key], key)
      }

      let objective = try options(name, regularizer).objective
      let discriminator = try options(name, regularizer).configuration.makeDiscriminator(seed: 0, device: .cpu)
      for parameter in discriminator.store.parameters {
        let deviation = parameter.name.hasSuffix("weight") ? 1.0 : 0.3
        parameter.set(draw("growing.\(name).D.\(parameter.name)", parameter.value.shape, deviation))
      }
      func judge(_ images: Tensor) -> Tensor { discriminator(images, condition: nil, growth: growth, .default) }
      let scale = objective.gradientScale(at: growth, of: 16)
      let x = reals.requiringGradient()
      let penalty =
        regularizer == .r1
        ? objective.r1Penalty(reals: x, realScores: judge(x), scale: scale)
        : objective.gradientPenalty(
          reals: reals, fakes: fakes, position: position, scale: scale, discriminator: judge)
      let parameters = discriminator.store.parameters
      let gradients = gradients(of: penalty, withRespectTo: parameters.map(\.value))
      let largest = try parameters.reduce(0) { max($0, try fixture["\(label).d.\($1.name).norm"].item) }
      for (parameter, gradient) in zip(parameters, gradients) {
        let what = "\(label).d.\(parameter.name)"
        let sample = gradient.laidOut(.contiguous).reshaped([-1]).sliced(
          0..<gradient.elementCount, along: 0, step: 5)
        // On the scale of all gradients, as those of biases are small sums of large terms.
        compare(sample, try fixture[what], what, absolute: 1e-5 * largest)
      }
    }
    compare.report()
  }

  /// At 8² of 1024² the published γ = 10 acts as 10/4⁷, also while 8² is faded in.
  @Test func theScaleIsThatOfTheResolution() {
    let objective = Objective()
    #expect(objective.penaltyResolution == .full)
    for alpha in [0.25, 1] {
      #expect(objective.gradientScale(at: Growth(resolution: 8, alpha: alpha), of: 1024) == 1.0 / 128)
      #expect(objective.gradientScale(at: Growth(resolution: 1024, alpha: alpha), of: 1024) == 1)
    }
    var literal = objective
    literal.penaltyResolution = .current
    #expect(literal.gradientScale(at: Growth(resolution: 8), of: 1024) == 1)
  }

  // MARK: Steps

  /// w_avg moves in D's step too; earlier runs move it in G's alone.
  @Test(arguments: ["stylegan", "stylegan2"], TrainingOptions.StepDetails.allCases)
  func discriminatorStepsMoveTheMeanOfW(name: String, details: TrainingOptions.StepDetails) throws {
    var options = try shortOptions(name)
    options.stepDetails = details
    let networks = TrainingNetworks(options)
    let generator = try #require(networks.generator as? any StyleBasedGenerator)
    let growth = Growth(resolution: 16)
    let random = SamplingStreams(seed: 3)
    let sample = generator.sample(count: 4, condition: nil, growth: growth, mixingProbability: 1, random: random)
    let mean = generator.map(sample.z, condition: nil).withoutGraph.mean(over: [0])
    networks.updateDiscriminator(
      .init(random.tensors.normal([4, 1, 16, 16])), sample: sample, growth: growth, phase: .none
    ) { _, _ in }
    let expected = details == .published ? mean * 0.005 : mean * 0
    expectClose(generator.wAverage.value, expected)
    networks.updateGenerator(sample: sample, growth: growth) { _, _ in }
    expectClose(generator.wAverage.value, expected + (mean - expected) * 0.005)
  }

  /// The average of G moves between D's update and G's, by the images shown to D in all critic steps; the average of a
  /// training without averaging is G itself.
  @Test(arguments: TrainingOptions.StepDetails.allCases, [(0.0, 1), (0.02, 1), (0.02, 5)])
  func theAverageMovesBeforeTheGenerator(
    details: TrainingOptions.StepDetails, averaging: (halfLife: Double, criticSteps: Int)
  ) throws {
    let folder = try TemporaryFolder()
    let (halfLife, criticSteps) = averaging
    var options = smallOptions()
    (options.stepDetails, options.averageHalfLifeKimg, options.totalKimg) = (details, halfLife, 0.08)
    options.criticSteps = criticSteps
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
    func weights(_ generator: any Generator) -> Tensor { generator.store.parameters[0].value.withoutGraph.copied() }
    var (average, before) = (weights(trainer.networks.average), weights(trainer.networks.generator))
    _ = try trainer.train(observe: { event in
      guard case .step = event else { return }
      let after = weights(trainer.networks.generator)
      let beta = halfLife == 0 ? 0 : pow(0.5, Double(8 * criticSteps) / (halfLife * 1000))
      let target = details == .published && halfLife > 0 ? before : after
      expectClose(weights(trainer.networks.average), target + (average - target) * beta)
      (average, before) = (weights(trainer.networks.average), after)
    })
    #expect(trainer.imagesShown == 80)
  }

  /// The moments are reset at the start of a fade-in and at its end, once where both meet; earlier runs at the start alone.
  @Test(
    arguments: [
      (TrainingOptions.StepDetails.published, 0.04, 0.04, [5, 10, 15, 20]),
      (TrainingOptions.StepDetails.earlier, 0.04, 0.04, [5, 15]),
      (TrainingOptions.StepDetails.published, 0.0, 0.04, [5, 10]),
      (TrainingOptions.StepDetails.published, 0.04, 0.0, [5, 10]),
      (TrainingOptions.StepDetails.published, 0.0, 0.0, []),
    ])
  func momentsAreReset(_ details: TrainingOptions.StepDetails, fade: Double, stable: Double, at steps: [Int]) throws {
    let folder = try TemporaryFolder()
    var options = smallOptions()
    (options.stepDetails, options.totalKimg) = (details, 0.24)
    options.schedule = Schedule(
      initialResolution: 4, finalResolution: 16, fadeKimg: fade, stableKimg: stable, batchSizes: [4: 8],
      learningRates: [4: 0.001])
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
    var (resets, last, count): ([Int], [Int], Int) = ([], [0, 0], 0)
    _ = try trainer.train(observe: { event in
      guard case .step = event else { return }
      let optimizers = [trainer.networks.generatorOptimizer, trainer.networks.discriminatorOptimizer]
      let counts = optimizers.map(\.stepCount)
      if counts == [1, 1] && count > 0 { resets.append(count) } else { #expect(counts == last.map { $0 + 1 }) }
      (last, count) = (counts, count + 1)
    })
    #expect(resets == steps && count == 30)
  }
}
