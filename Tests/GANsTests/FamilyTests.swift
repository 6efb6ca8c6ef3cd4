import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// A short run of any recipe: its own objective and optimizer, at 16×16 with small networks; what grows starts at 8×8 and
/// fades after 160 images.
func shortOptions(_ name: String, mappingLayers: Int? = nil) throws -> TrainingOptions {
  let dataset = SyntheticDataset()
  let recipe = try #require(Families.recipes.first { $0.name == name })
  var settings: Settings =
    switch recipe.family.family {
    case "gan": [:]
    case "stylegan": ["fmapBase": 32, "fmapMax": 8, "zSize": 8, "wSize": 8]
    case "stylegan2": ["fmapBase": 64, "fmapMax": 8, "zSize": 8, "wSize": 8]
    case "pggan": ["fmapBase": 32, "fmapMax": 8, "zSize": 8]
    default: ["features": 2, "zSize": 8]
    }
  settings["mappingLayers"] = mappingLayers.map { .integer($0) }
  var options = TrainingOptions(
    recipe: recipe, data: "synthetic",
    dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
    configuration: try recipe.configuration(settings, resolution: 16, imageChannels: 1))
  if options.schedule.grows {
    options.schedule.initialResolution = 8
    (options.schedule.fadeKimg, options.schedule.stableKimg) = (0.08, 0.08)
  }
  options.schedule.batchSizes = [4: 4]
  options.batchGridSteps = min(options.batchGridSteps, 7)
  options.totalKimg = 0.2
  options.tickKimg = 0.03
  options.snapshotTicks = 2
  options.seed = 3
  return options
}

/// Every named training, from its seed to its files.
@Suite struct FamilyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let names = Families.recipes.map(\.name)

  /// Stopped twice, in a fade where there is one, it ends with the same bytes.
  @Test(arguments: names)
  func aStoppedRunEndsTheSame(name: String) throws {
    let options = try shortOptions(name)
    let whole = try trainSmallRun(Trainer(options, dataset: SyntheticDataset(), in: folder.file("whole")))
    #expect(whole.statistics.contains { ($0["Progress/alpha"] ?? 1) < 1 } == options.schedule.grows)
    #expect(whole.files["loss.png"] != nil && whole.snapshots.count >= 2)
    #expect(whole.files.keys.contains { $0.hasPrefix("batch") } == (name == "gan"))
    let stopped = try trainSmallRun(
      Trainer(options, dataset: SyntheticDataset(), in: folder.file("stopped")), stops: [44, 100, 140])
    expectSame(whole, stopped)
  }

  /// Table 4: traditional and style-based generators with mapping networks of several depths, or without.
  @Test(arguments: StyleGANConfiguration.table4.indices)
  func mappingNetworksOfEveryDepth(row: Int) throws {
    let (title, recipe, depth) = StyleGANConfiguration.table4[row]
    var options = try shortOptions(recipe, mappingLayers: depth)
    #expect(options.stylegan.mappingLayers == depth && options.stylegan.styles == (title == "style-based"))
    options.totalKimg = 0.12
    let whole = try trainSmallRun(Trainer(options, dataset: SyntheticDataset(), in: folder.file("whole")))
    let stopped = try trainSmallRun(
      Trainer(options, dataset: SyntheticDataset(), in: folder.file("stopped")), stops: [8, 92])
    expectSame(whole, stopped)
    let run = try #require(RunDirectory.latest(in: folder.file("stopped")))
    let network = try NetworkFile(path: run.networks[0])
    let mapping = try #require(network.styleGenerator(withStyles: false) as? StyleGANGenerator).mapping
    #expect(mapping.layers.count == depth)
    let renderer = Renderer(network)
    let pictures = renderer.images(seeds: [1, 2])
    #expect(pictures[0] != pictures[1])
    // Without a mapping network w is z on its sphere.
    if depth == 0 { expectClose(mapping(renderer.z(seeds: [1, 2])), pixelNorm(renderer.z(seeds: [1, 2]))) }
  }

  /// The file of each tells all that is needed to draw with it.
  @Test(arguments: names)
  func aNetworkFileExplainsItself(name: String) throws {
    var options = try shortOptions(name)
    options.totalKimg = 0.04
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("run"))
    _ = try trainer.train()
    let network = try NetworkFile(path: trainer.directory.networks[0])
    #expect(network.history?.recipe == name)
    #expect(type(of: network.configuration).family == type(of: options.configuration).family)
    let renderer = Renderer(network)
    let pictures = renderer.images(seeds: [1, 2])
    #expect(pictures.map(\.width) == [network.growth.resolution, network.growth.resolution])
    #expect(pictures[0] != pictures[1])
    // What is drawn from a code is what the averaged generator draws from its latent.
    let average = trainer.networks.average.images(
      renderer.z(seeds: [1, 2]), condition: nil, truncation: .none, noise: .constant, growth: network.growth, .default)
    #expect(renderer.images(renderer.codes(seeds: [1, 2])) == Image.images(of: average))
    #expect(renderer.images(renderer.walk(seeds: [1, 2], frames: 2, space: .z, loop: false)).count == 3)
    if !network.configuration.traits.hasW {
      // Without W the codes are z, and a walk keeps their length.
      let norms = { (codes: LatentCodes) in codes.tensor.squared().sum(over: [-1]).squareRoot().doubles }
      let ends = norms(renderer.codes(seeds: [1, 2]))
      let walk = norms(renderer.walk(seeds: [1, 2], frames: 4, space: .z, loop: false))
      #expect(walk.allSatisfy { $0 > ends.min()! - 1e-3 && $0 < ends.max()! + 1e-3 }, "\(walk), \(ends)")
    }
    // Metrics see pictures of the data's size, and W where there is one.
    let subject = MetricSubject(network.generator, growth: network.growth, seed: 1)
    let side = network.growth.resolution + 2 * network.configuration.border
    #expect(try subject.images(30..<34).shape == [4, subject.channels, side, side])
    #expect((subject.generator?.mapping != nil) == network.configuration.traits.hasW)
    if network.configuration.traits.hasStyles {
      try network.styleGenerator()
    } else {
      let error = #expect(throws: ConfigurationError.self) { try network.styleGenerator() }
      #expect(error?.description.contains("styles") == true)
    }
  }

  /// Sizes told from a configuration are those of the networks that are built.
  @Test(arguments: names, [16, 32])
  func countsAreThoseOfTheNetworks(name: String, resolution: Int) throws {
    let recipe = try #require(Families.recipes.first { $0.name == name })
    let configuration = try recipe.configuration(resolution: resolution, imageChannels: resolution == 16 ? 3 : 1)
    let (generator, size) = (configuration.makeGenerator(seed: 0, device: .cpu).store, NetworkSize(of: configuration))
    #expect(size.generator == generator.parameterCount)
    #expect(size.generatorBuffers == generator.buffers.reduce(0) { $0 + $1.value.elementCount })
    #expect(size.discriminator == configuration.makeDiscriminator(seed: 0, device: .cpu).store.parameterCount)
  }

  /// Progressive GAN's discriminator is StyleGAN's without filters: one implementation, the same names, scores and files.
  @Test(arguments: [Growth(resolution: 16), Growth(resolution: 16, alpha: 0.3), Growth(resolution: 8, alpha: 0.6)])
  func progressiveGANsDiscriminatorIsStyleGANsWithoutFilters(growth: Growth) throws {
    let (pggan, a) = (try shortOptions("pggan").configuration, try shortOptions("stylegan-a").configuration)
    let (first, second) = (
      pggan.makeDiscriminator(seed: 1, device: .cpu), a.makeDiscriminator(seed: 1, device: .cpu)
    )
    #expect(first is PGGANDiscriminator && second is StyleGANDiscriminator)
    #expect(first.store.state.map(\.name) == second.store.state.map(\.name))
    #expect(first.store.state.map(\.value.bytes) == second.store.state.map(\.value.bytes))
    let images = RandomStream(seed: 2).normal([4, 1, growth.resolution, growth.resolution])
    for kernels in Compute.Kernels.allCases {
      let compute = Compute(kernels: kernels)
      #expect(
        first(images, condition: nil, growth: growth, compute).bytes
          == second(images, condition: nil, growth: growth, compute).bytes)
    }
    // With filters it is another function of the same weights.
    let filtered = try shortOptions("stylegan-b").configuration.makeDiscriminator(seed: 1, device: .cpu)
    #expect(filtered.store.state.map(\.value.bytes) == first.store.state.map(\.value.bytes))
    #expect(
      filtered(images, condition: nil, growth: growth, .default).bytes
        != first(images, condition: nil, growth: growth, .default).bytes)
  }

  /// Parameters are named as they were when each family had a discriminator of its own, so that older files load.
  @Test(arguments: ["pggan", "stylegan-a", "dcgan", "wgan", "wgan-gp"])
  func discriminatorsKeepTheirNames(name: String) throws {
    let names = try shortOptions(name).configuration.makeDiscriminator(seed: 0, device: .cpu).store.state.map(\.name)
    func both(_ prefix: String) -> [String] { ["\(prefix).weight", "\(prefix).bias"] }
    let expected =
      switch name {
      case "pggan", "stylegan-a":
        ["b16", "b8"].flatMap { block in ["from_rgb", "conv0", "conv1"].flatMap { both("\(block).\($0)") } }
          + ["from_rgb", "conv", "dense0", "dense1"].flatMap { both("b4.\($0)") }
      case "wgan-gp": ["b8", "b4", "b1"].flatMap { both("\($0).conv") }
      default:
        both("b8.conv") + ["b4.conv.weight"] + both("b4.norm") + both("b1.conv")
          + ["b4.norm.running_mean", "b4.norm.running_var"]
      }
    #expect(names == expected)
  }

  /// After every step of the critic no weight is outside, and those that were are at the limit.
  @Test func weightsOfWGANAreClippedAfterEveryCriticStep() throws {
    var options = try shortOptions("wgan")
    options.schedule.learningRates = [4: 0.02]
    let networks = TrainingNetworks(options)
    let random = SamplingStreams(seed: 1)
    let growth = Growth(resolution: 16)
    #expect(networks.discriminator.store.parameters.contains { $0.value.magnitude().maximum().item > 0.0101 })
    for _ in 0..<5 {
      networks.updateDiscriminator(
        .init(random.tensors.normal([4, 1, 16, 16])),
        sample: networks.generator.sample(
          count: 4, condition: nil, growth: growth, mixingProbability: 0, random: random),
        growth: growth, phase: .none, record: { _, _ in })
      let largest = networks.discriminator.store.parameters.map { $0.value.magnitude().maximum().item }
      #expect(largest.allSatisfy { $0 <= Double(Float(0.01)) })
      #expect(largest.contains { $0 == Double(Float(0.01)) })
    }
  }

  /// Five steps of the critic to one of G, each on its own images.
  @Test func criticStepsAreCounted() throws {
    let trainer = try Trainer(try shortOptions("wgan"), dataset: SyntheticDataset(), in: folder.file("run"))
    _ = try trainer.train(shouldStop: { trainer.imagesShown >= 60 })
    #expect(trainer.imagesShown == 60)
    #expect(trainer.networks.generatorOptimizer.stepCount == 3)
    #expect(trainer.networks.discriminatorOptimizer.stepCount == 15)
    #expect(trainer.networks.discriminatorOptimizer is RMSProp)
  }

  /// Parts that do not go together are refused with the reason.
  @Test func nonsenseIsRefused() throws {
    let changes: [(String, String, (inout TrainingOptions) -> Void)] = [
      ("gan", "cannot grow", { $0.schedule.initialResolution = 8 }),
      ("gan", "no styles to mix", { $0.mixingProbability = 0.5 }),
      ("stylegan-b", "no styles to mix", { $0.mixingProbability = 0.5 }),
      ("gan", "critic steps needs its own fakes", { $0.criticSteps = 5 }),
      ("dcgan", "does not need that", { $0.objective.clip = 0.01 }),
      (
        "dcgan", "normalizes over the batch",
        { $0.objective = Objective(loss: .wasserstein, regularizer: .gradientPenalty) }
      ),
      ("dcgan", "unbounded", { $0.objective.loss = .wasserstein }),
      ("wgan", "unbounded", { $0.objective.clip = nil }),
      ("pggan", "bound the critic's Lipschitz constant", { $0.objective.clip = 0.01 }),
      ("stylegan", "drift", { $0.objective.drift = 0.001 }),
      ("dcgan", "no penalty to apply", { $0.objective.penaltyInterval = 4 }),
      (
        "stylegan", "lazy regularization",
        {
          $0.optimizer = .rmsprop
          $0.objective.penaltyInterval = 16
        }
      ),
      ("stylegan-b", "same image", { $0.stylegan.constantInput = true }),
    ]
    for (name, reason, change) in changes {
      var options = try shortOptions(name)
      try options.validate()
      change(&options)
      do {
        try options.validate()
        Issue.record("nothing is said against \(reason)")
      } catch { #expect(error.description.contains(reason), "\(error)") }
    }
  }

  /// One image has no variance: networks that normalize over the minibatch ask for two.
  @Test(arguments: names) func minibatchesOfOneAreRefusedWhereTheyAreNormalized(name: String) throws {
    var options = try shortOptions(name)
    try options.requireBatches()
    options.schedule.batchSizes = [4: 1]
    let parent = folder.file("none")
    func start() throws { _ = try Trainer(options, dataset: SyntheticDataset(), in: parent) }
    guard ["gan", "dcgan", "wgan", "wgan-gp"].contains(name) else { return try start() }
    let error = #expect(throws: ConfigurationError.self) { try start() }
    #expect(error?.field == .batchSizes && error?.description.contains("batchSizes = 2") == true)
    #expect(!FileManager.default.fileExists(atPath: parent))
  }

  /// What helps a training that diverges depends on what holds it.
  @Test(
    arguments: [
      ("gan", "a smaller learningRates"), ("wgan", "a smaller clip or a smaller learningRates"),
      ("stylegan", "a larger gamma or a smaller learningRates"),
    ])
  func remediesFitTheTraining(name: String, remedies: String) throws {
    var options = try shortOptions(name)
    #expect(options.remedies.description == remedies)
    options.precision = .bfloat16
    #expect(options.remedies.description == remedies + " or precision = fp32")
  }

  /// Settings of other families are refused by name.
  @Test func foreignSettingsAreRefused() throws {
    let settings: Settings = ["mappingLayers": 4]
    let dcgan = try #require(Families.recipes.first { $0.name == "dcgan" })
    let error = #expect(throws: ConfigurationError.self) {
      try dcgan.configuration(settings, resolution: 16, imageChannels: 1)
    }
    #expect(error?.field == "mappingLayers" && error?.description.contains("means nothing to DCGAN") == true)
  }

  /// Files from before there were families and switches say nothing of them.
  @Test func olderFilesAreRead() throws {
    let configuration = StyleGANConfiguration(resolution: 16)
    var old = try #require(
      JSONSerialization.jsonObject(with: try JSONEncoder().encode(configuration)) as? [String: Any])
    for key in ["blur", "styles", "constantInput", "noise", "labelSize", "denseGain"] {
      #expect(old.removeValue(forKey: key) != nil)
    }
    let read = try JSONDecoder().decode(
      StyleGANConfiguration.self, from: try JSONSerialization.data(withJSONObject: old))
    var expected = configuration
    expected.denseGain = 2.0.squareRoot()
    #expect(read == expected)
    let options = smallOptions()
    var text = try #require(JSONSerialization.jsonObject(with: Data(options.text().utf8)) as? [String: Any])
    text["configuration"] = old
    for key in ["family", "criticSteps", "stepOrder", "stepDetails", "optimizer", "rmsprop", "batchGridSteps"] {
      #expect(text.removeValue(forKey: key) != nil)
    }
    text["objective"] = ["gamma": 7, "penaltyInterval": 2]
    let data = try JSONSerialization.data(withJSONObject: text)
    let again = try TrainingOptions(text: String(decoding: data, as: UTF8.self), path: "options.json")
    var objective = Objective(gamma: 7, penaltyInterval: 2)
    objective.penaltyResolution = .current
    #expect(again.objective == objective && again.stepDetails == .earlier)
    #expect(again.optimizer == .adam && again.criticSteps == 1 && again.stepOrder == .discriminatorFirst)
    #expect(again.configuration as? StyleGANConfiguration == expected)
  }
}
