import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The families before StyleGAN and its steps from Progressive GAN against lineage.safetensors, which holds results only:
/// weights and inputs follow from their names, as in make_lineage_fixture.py.
@Suite struct LineageGoldenTests {
  private let fixture: Fixture
  private let batch = 6

  init() throws { fixture = try Fixture("lineage") }

  /// RandomState(fnv1a(NAME)).randn · scale + mean.
  private func draw(_ name: String, _ shape: [Int], _ scale: Double = 1, _ mean: Double = 0) -> Tensor {
    var state = NumPyRandomState(seed: fnv1a(name))
    return Tensor(state.randn(shape.reduce(1, *)).map { Float($0 * scale + mean) }, shape: shape)
  }

  /// Gives every parameter its value; see `parameters` in the script.
  private func fill(_ store: ParameterStore, _ prefix: String, _ scale: Double) {
    for parameter in store.parameters {
      let name = parameter.name
      let isWeight = name.hasSuffix("weight")
      let (deviation, mean) =
        if ".\(name)".contains(".norm") {
          (0.1, isWeight ? 1.0 : 0)
        } else if name.hasPrefix("mapping.dense") {
          (isWeight ? 100.0 : 30, 0.0)
        } else if name.hasSuffix("constant") {
          (1.0, 0.5)
        } else {
          (isWeight ? scale : min(scale, 0.3), 0.0)
        }
      parameter.set(draw("\(prefix).\(name)", parameter.value.shape, deviation, mean))
    }
  }

  /// A loss and its gradient with respect to every parameter. As in the first golden files, each gradient is judged on the
  /// scale of all: those that are sums of large terms are no more exact than these. Pixel norm enlarges the rounding of pixels
  /// with small features: measured 1.2e-5 of that scale.
  /// - Parameter names: what the file calls the parameters, where they have other names here.
  private func check(
    _ compare: Comparison, _ loss: Tensor, _ name: String, _ parameters: [Parameter], names: [String]? = nil
  ) throws {
    let names = names ?? parameters.map(\.name)
    // A mean of scores of both signs is judged on the scale of the scores.
    compare(loss.reshaped([1]), try fixture[name], name, absolute: 1e-6)
    let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
    let expected = try names.map { try fixture["\(name).d.\($0)"] }
    let scale = expected.reduce(0) { max($0, $1.magnitude().maximum().item) }
    for ((parameter, gradient), golden) in zip(zip(names, found), expected) {
      let what = "\(name).d.\(parameter)"
      if fixture.has("\(what).norm") {
        compare(gradient.squared().sum().squareRoot().reshaped([1]), try fixture["\(what).norm"], "\(what).norm")
        compare(
          gradient.laidOut(.contiguous).reshaped([-1]).sliced(0..<gradient.elementCount, along: 0, step: 97), golden,
          what, absolute: 1e-5 * scale)
      } else {
        compare(gradient, golden, what, absolute: 2e-5 * scale)
      }
    }
  }

  /// Fakes, scores, losses and penalties of one state of growth, with their gradients.
  private func checkLosses(
    _ compare: Comparison, _ name: String, _ objective: Objective, generator: any Generator,
    discriminator: any Discriminator, sample: TrainingSample, reals: Tensor, growth: Growth, _ compute: Compute,
    generatorNames: [String]? = nil
  ) throws {
    let fakes = generator.trainingImages(sample, growth: growth, updatingAverage: false, compute)
    // Where leaky ReLU leaves little of a pixel's few features, pixel norm enlarges their rounding: measured 1.1e-5
    // (PyTorch in float32: 7e-6).
    compare(fakes, try fixture["\(name).fakes"], "\(name).fakes", relative: 2e-5)
    func judge(_ images: Tensor) -> Tensor { discriminator(images, condition: nil, growth: growth, compute) }
    let (realScores, fakeScores) = (judge(reals), judge(fakes))
    compare(realScores, try fixture["\(name).scores.real"], "\(name).scores.real")
    compare(fakeScores, try fixture["\(name).scores.fake"], "\(name).scores.fake")
    try check(
      compare, objective.generatorLoss(fakeScores: fakeScores), "\(name).g_loss", generator.store.parameters,
      names: generatorNames)
    try check(
      compare,
      objective.discriminatorLoss(realScores: realScores, fakeScores: judge(fakes.withoutGraph)), "\(name).d_loss",
      discriminator.store.parameters)
    if objective.drift > 0 {
      try check(
        compare, objective.driftTerm(realScores: judge(reals)), "\(name).drift", discriminator.store.parameters)
    }
    if objective.regularizer == .gradientPenalty {
      let position = Tensor(
        draw("\(name).position", [batch, 1, 1, 1]).floats.map { Float(1 / (1 + exp(-Double($0)))) },
        shape: [batch, 1, 1, 1])
      let penalty = objective.gradientPenalty(
        reals: reals, fakes: fakes.withoutGraph, position: position, discriminator: judge)
      try check(compare, penalty, "\(name).penalty", discriminator.store.parameters)
    }
  }

  @Test(arguments: ["gan", "dcgan", "wgan", "wgan-gp"])
  func plainNetworks(name: String) throws {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    let settings: Settings = name == "gan" ? [:] : ["features": 2, "zSize": 8]
    let side = name == "gan" ? 8 : 16
    let configuration = try recipe.configuration(settings, resolution: side, imageChannels: 1)
    var options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 1), configuration: configuration)
    options.objective.halvesDiscriminatorLoss = false
    let generator = configuration.makeGenerator(seed: 0, device: .cpu)
    let discriminator = configuration.makeDiscriminator(seed: 0, device: .cpu)
    fill(generator.store, "\(name).G", name == "gan" ? 0.08 : 0.2)
    fill(discriminator.store, "\(name).D", name == "gan" ? 0.08 : 0.2)
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("\(name), \(kernels)")
      try checkLosses(
        compare, name, options.objective, generator: generator, discriminator: discriminator,
        sample: TrainingSample(z: draw("\(name).z", [batch, configuration.zSize])),
        reals: draw("\(name).reals", [batch, 1, side, side], 0.5), growth: Growth(resolution: side),
        Compute(kernels: kernels))
      compare.report()
    }
  }

  /// Progressive GAN; configurations A to E; and Table 4's traditional generator with a mapping network.
  @Test(arguments: ["pggan", "stylegan-a", "stylegan-b", "stylegan-c", "stylegan-d", "stylegan-e", "table4"])
  func growingNetworks(name: String) throws {
    let recipe = try #require(Families.recipes.first { $0.name == (name == "table4" ? "stylegan-b" : name) })
    // Progressive GAN and configuration A are one network, with the same weights.
    let drawn = name == "stylegan-a" ? "pggan" : name
    var settings: Settings = ["fmapBase": 32, "fmapMax": 8, "zSize": 8]
    if name != "pggan" {
      settings["wSize"] = 8
      settings["mappingLayers"] = ["stylegan-a", "stylegan-b"].contains(name) ? 0 : 2
    }
    let configuration = try recipe.configuration(settings, resolution: 16, imageChannels: 1)
    let options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 1), configuration: configuration)
    let generator = configuration.makeGenerator(seed: 0, device: .cpu)
    let discriminator = configuration.makeDiscriminator(seed: 0, device: .cpu)
    var names: [String]?
    if name == "pggan" {
      let same = try configurationA().store
      fill(same, "pggan.G", 1)
      for (mine, theirs) in zip(generator.store.parameters, same.parameters) { mine.set(theirs.value) }
      names = same.parameters.map(\.name)
    } else {
      fill(generator.store, "\(drawn).G", 1)
    }
    fill(discriminator.store, "\(drawn).D", 1)
    let stages = [
      ("whole", Growth(resolution: 16)), ("fade", Growth(resolution: 16, alpha: 0.3)), ("start", Growth(resolution: 4)),
    ]
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("\(name), \(kernels)")
      for (stage, growth) in stages {
        let noise = (0..<6).map { draw("\(drawn).noise\($0)", [batch, 1, 4 << ($0 / 2), 4 << ($0 / 2)]) }
        let side = growth.resolution
        try checkLosses(
          compare, "\(name).\(stage)", options.objective, generator: generator,
          discriminator: discriminator,
          sample: TrainingSample(z: draw("\(drawn).z", [batch, 8]), noise: noise),
          reals: draw("\(drawn).reals\(side)", [batch, 1, side, side], 0.5), growth: growth,
          Compute(kernels: kernels), generatorNames: names)
      }
      compare.report()
    }
  }

  /// Progressive GAN's generator has the parameters of StyleGAN's configuration A, in the same order.
  private func configurationA() throws -> any Generator {
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan-a" })
    let settings: Settings = ["fmapBase": 32, "fmapMax": 8, "zSize": 8]
    return try recipe.configuration(settings, resolution: 16, imageChannels: 1).makeGenerator(seed: 0, device: .cpu)
  }

  /// The losses of scores, with the sigmoids and logarithms of the papers.
  @Test(arguments: Objective.Loss.allCases)
  func losses(loss: Objective.Loss) throws {
    let objective = Objective(loss: loss, regularizer: .none)
    let real = draw("losses.real", [batch, 1], 2).requiringGradient()
    let fake = draw("losses.fake", [batch, 1], 2).requiringGradient()
    let compare = Comparison("loss \(loss)")
    for (name, value) in [
      ("g", objective.generatorLoss(fakeScores: fake, realScores: real)),
      ("d", objective.discriminatorLoss(realScores: real, fakeScores: fake)),
    ] {
      compare(value.reshaped([1]), try fixture["losses.\(loss.rawValue).\(name)"], name)
      for (input, gradient) in zip(["real", "fake"], gradients(of: value, withRespectTo: [real, fake])) {
        compare(gradient, try fixture["losses.\(loss.rawValue).\(name).d.\(input)"], "\(name).d.\(input)")
      }
    }
    compare.report()
  }
}
