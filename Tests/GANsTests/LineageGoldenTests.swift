import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The families before StyleGAN and its steps from Progressive GAN against lineage.safetensors.
@Suite struct LineageGoldenTests {
  private let reference: LineageReference

  init() throws { reference = try LineageReference("lineage") }

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
    reference.fill(generator.store, "\(name).G", name == "gan" ? 0.08 : 0.2)
    reference.fill(discriminator.store, "\(name).D", name == "gan" ? 0.08 : 0.2)
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("\(name), \(kernels)")
      try reference.checkLosses(
        compare, name, options.objective, generator: generator, discriminator: discriminator,
        sample: TrainingSample(z: reference.draw("\(name).z", [reference.batch, configuration.zSize])),
        reals: reference.draw("\(name).reals", [reference.batch, 1, side, side], 0.5), growth: Growth(resolution: side),
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
      reference.fill(same, "pggan.G", 1)
      for (mine, theirs) in zip(generator.store.parameters, same.parameters) { mine.set(theirs.value) }
      names = same.parameters.map(\.name)
    } else {
      reference.fill(generator.store, "\(drawn).G", 1)
    }
    reference.fill(discriminator.store, "\(drawn).D", 1)
    let stages = [
      ("whole", Growth(resolution: 16)), ("fade", Growth(resolution: 16, alpha: 0.3)), ("start", Growth(resolution: 4)),
    ]
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("\(name), \(kernels)")
      for (stage, growth) in stages {
        let noise = (0..<6).map {
          reference.draw("\(drawn).noise\($0)", [reference.batch, 1, 4 << ($0 / 2), 4 << ($0 / 2)])
        }
        let side = growth.resolution
        try reference.checkLosses(
          compare, "\(name).\(stage)", options.objective, generator: generator,
          discriminator: discriminator,
          sample: TrainingSample(z: reference.draw("\(drawn).z", [reference.batch, 8]), noise: noise),
          reals: reference.draw("\(drawn).reals\(side)", [reference.batch, 1, side, side], 0.5), growth: growth,
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
    let real = reference.draw("losses.real", [reference.batch, 1], 2).requiringGradient()
    let fake = reference.draw("losses.fake", [reference.batch, 1], 2).requiringGradient()
    let compare = Comparison("loss \(loss)")
    for (name, value) in [
      ("g", objective.generatorLoss(fakeScores: fake, realScores: real)),
      ("d", objective.discriminatorLoss(realScores: real, fakeScores: fake)),
    ] {
      compare(value.reshaped([1]), try reference.fixture["losses.\(loss.rawValue).\(name)"], name)
      for (input, gradient) in zip(["real", "fake"], gradients(of: value, withRespectTo: [real, fake])) {
        compare(gradient, try reference.fixture["losses.\(loss.rawValue).\(name).d.\(input)"], "\(name).d.\(input)")
      }
    }
    compare.report()
  }
}
