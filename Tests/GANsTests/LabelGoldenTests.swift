import GANs
import Testing
import Torch
import _TestSupport

/// The conditional networks before StyleGAN against labels.safetensors.
@Suite struct LabelGoldenTests {
  private let reference: LineageReference
  private let labels = 3

  init() throws { reference = try LineageReference("labels") }

  private func condition(_ name: String, _ what: String) -> Condition {
    Condition(reference.draw("\(name).\(what)", [reference.batch, labels]))
  }

  private func options(_ name: String, _ settings: Settings, side: Int) throws -> TrainingOptions {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    var configuration = try recipe.configuration(settings, resolution: side, imageChannels: 1)
    configuration.labelSize = labels
    var options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 1), configuration: configuration)
    options.objective.halvesDiscriminatorLoss = false
    return options
  }

  @Test(arguments: ["gan", "dcgan", "wgan", "wgan-gp"])
  func plainNetworks(name: String) throws {
    let settings: Settings = name == "gan" ? ["zSize": 8] : ["features": 2, "zSize": 8]
    let side = name == "gan" ? 8 : 16
    let options = try options(name, settings, side: side)
    let generator = options.configuration.makeGenerator(seed: 0, device: .cpu)
    let discriminator = options.configuration.makeDiscriminator(seed: 0, device: .cpu)
    reference.fill(generator.store, "\(name).G", name == "gan" ? 0.08 : 0.2)
    reference.fill(discriminator.store, "\(name).D", name == "gan" ? 0.08 : 0.2)
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("\(name) with labels, \(kernels)")
      try reference.checkLosses(
        compare, name, options.objective, generator: generator, discriminator: discriminator,
        sample: TrainingSample(
          z: reference.draw("\(name).z", [reference.batch, 8]), condition: condition(name, "fake_labels")),
        reals: reference.draw("\(name).reals", [reference.batch, 1, side, side], 0.5),
        labels: condition(name, "labels"), growth: Growth(resolution: side), Compute(kernels: kernels))
      compare.report()
    }
  }

  @Test func progressiveGAN() throws {
    let settings: Settings = ["fmapBase": 32, "fmapMax": 8, "zSize": 8]
    let options = try options("pggan", settings, side: 16)
    let generator = options.configuration.makeGenerator(seed: 0, device: .cpu)
    let discriminator = options.configuration.makeDiscriminator(seed: 0, device: .cpu)
    // The names of the weights are those of StyleGAN's configuration A, whose latents are longer by the labels.
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan-a" })
    let same = try recipe.configuration(
      settings.merging(["zSize": .integer(8 + labels)]) { $1 }, resolution: 16, imageChannels: 1
    ).makeGenerator(seed: 0, device: .cpu).store
    reference.fill(same, "pggan.G", 1)
    for (mine, theirs) in zip(generator.store.parameters, same.parameters) { mine.set(theirs.value) }
    reference.fill(discriminator.store, "pggan.D", 1)
    let stages = [
      ("whole", Growth(resolution: 16)), ("fade", Growth(resolution: 16, alpha: 0.3)), ("start", Growth(resolution: 4)),
    ]
    for kernels in Compute.Kernels.allCases {
      let compare = Comparison("pggan with labels, \(kernels)")
      for (stage, growth) in stages {
        let side = growth.resolution
        try reference.checkLosses(
          compare, "pggan.\(stage)", options.objective, generator: generator, discriminator: discriminator,
          sample: TrainingSample(
            z: reference.draw("pggan.z", [reference.batch, 8]), condition: condition("pggan", "fake_labels")),
          reals: reference.draw("pggan.reals\(side)", [reference.batch, 1, side, side], 0.5),
          labels: condition("pggan", "labels"), growth: growth, Compute(kernels: kernels),
          generatorNames: same.parameters.map(\.name))
      }
      compare.report()
    }
  }
}
