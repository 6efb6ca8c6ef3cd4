import GANs
import Testing
import Torch
import _TestSupport

/// StyleGAN2 against stylegan2.safetensors, which holds results only: weights and inputs follow from their names, as in
/// make_stylegan2_fixture.py. `gray` has one channel and no labels, `color` three channels and labels.
@Suite struct StyleGAN2Tests {
  private let fixture: Fixture
  private let batch: Int

  init() throws {
    fixture = try Fixture("stylegan2")
    batch = try fixture.integer("batch")
  }

  /// RandomState(fnv1a(NAME)).randn · scale.
  private func draw(_ name: String, _ shape: [Int], _ scale: Double = 1) -> Tensor {
    var state = NumPyRandomState(seed: fnv1a(name))
    return Tensor(state.randn(shape.reduce(1, *)).map { Float($0 * scale) }, shape: shape)
  }

  /// Gives every parameter its value; see `parameters` in the script.
  private func fill(_ store: ParameterStore, _ prefix: String) {
    for parameter in store.parameters {
      let name = parameter.name
      let deviation = name.hasSuffix("weight") || name.hasSuffix("constant") ? 1 : 0.3
      let isMapping = name.hasPrefix("mapping.dense")
      parameter.set(draw("\(prefix).\(name)", parameter.value.shape, isMapping ? 100 * deviation : deviation))
    }
  }

  /// A network of the file with its inputs.
  private struct Network {
    let configuration: StyleGAN2Configuration
    let generator: StyleGAN2Generator
    let discriminator: StyleGAN2Discriminator
    /// Labels of reals and of fakes.
    var labels, fakeLabels: Condition?
    let z, z2: Tensor
    let noise: [Tensor?]
    let growth: Growth
  }

  private func network(_ name: String) throws -> Network {
    var configuration = StyleGAN2Configuration(
      resolution: try fixture.integer("resolution"), imageChannels: name == "gray" ? 1 : 3,
      zSize: try fixture.integer("z_dim"), wSize: try fixture.integer("w_dim"),
      mappingLayers: try fixture.integer("mapping_layers"), fmapBase: try fixture.integer("fmap_base"),
      fmapMax: try fixture.integer("fmap_max"))
    configuration.labelSize = name == "gray" ? 0 : try fixture.integer("labels")
    configuration.labelMappingLayers = try fixture.integer("label_layers")
    try configuration.validate()
    let generator = StyleGAN2Generator(configuration, seed: 0)
    let discriminator = StyleGAN2Discriminator(configuration, seed: 0)
    fill(generator.store, "\(name).G")
    fill(discriminator.store, "\(name).D")
    generator.wAverage.set(draw("\(name).w_avg", [configuration.wSize], 0.3))
    for (i, layer) in generator.blocks.flatMap({ [$0.conv0, $0.conv1].compactMap { $0 } }).enumerated() {
      layer.noise.set(draw("\(name).stored\(i)", layer.noise.value.shape))
    }
    func condition(_ what: String) -> Condition? {
      configuration.labelSize > 0 ? Condition(draw("\(name).\(what)", [batch, configuration.labelSize])) : nil
    }
    return Network(
      configuration: configuration, generator: generator, discriminator: discriminator, labels: condition("labels"),
      fakeLabels: condition("fake_labels"), z: draw("\(name).z", [batch, configuration.zSize]),
      z2: draw("\(name).z2", [batch, configuration.zSize]),
      noise: generator.layers.enumerated().map { i, layer in
        layer.noise.map { _ in draw("\(name).noise\(i)", [batch, 1, layer.resolution, layer.resolution]) }
      }, growth: Growth(resolution: configuration.resolution))
  }

  /// w, images of every kind of noise, of mixed and of truncated styles, and scores.
  @Test(arguments: Compute.Kernels.allCases, ["gray", "color"])
  func networks(kernels: Compute.Kernels, name: String) throws {
    let (compute, n, compare) = (Compute(kernels: kernels), try network(name), Comparison("\(name), \(kernels)"))
    let g = n.generator
    try withoutGradients { compare(g.map(n.z, condition: n.fakeLabels), try fixture["\(name).w"], "w") }
    let truncation = Truncation(psi: try fixture.number("psi"), cutoff: try fixture.integer("cutoff"))
    for (what, truncation, noise) in [
      ("image", Truncation.none, NoiseMode.constant), ("image_no_noise", .none, .none),
      ("image_truncated", truncation, .constant),
    ] {
      let images = g.images(n.z, condition: n.fakeLabels, truncation: truncation, noise: noise, compute)
      compare(images, try fixture["\(name).\(what)"], what)
    }
    try withoutGradients {
      let fakes = g.trainingImages(try sample(n), growth: n.growth, updatingAverage: false, compute)
      compare(fakes, try fixture["\(name).fakes"], "fakes")
      let reals = draw("\(name).reals", fakes.shape, 0.5)
      func judge(_ images: Tensor, _ labels: Condition?) -> Tensor {
        n.discriminator(images, condition: labels, growth: n.growth, compute)
      }
      compare(judge(reals, n.labels), try fixture["\(name).scores.real"], "scores.real")
      compare(judge(fakes, n.fakeLabels), try fixture["\(name).scores.fake"], "scores.fake")
      // Six images make groups of three for the minibatch standard deviation, four make one of four.
      compare(judge(reals[0..<4], n.labels?[0..<4]), try fixture["\(name).scores.four"], "scores.four")
    }
    compare.report()
  }

  /// The losses, R1 and path length regularization, each with its gradient with respect to every parameter.
  @Test(arguments: Compute.Kernels.allCases, ["gray", "color"])
  func lossesAndTheirGradients(kernels: Compute.Kernels, name: String) throws {
    let (compute, n, compare) = (
      Compute(kernels: kernels), try network(name), Comparison("\(name) losses, \(kernels)")
    )
    // As in GoldenTrainingTests each gradient is judged on the scale of all of them.
    func check(_ loss: Tensor, _ what: String, _ parameters: [Parameter]) throws {
      compare(loss.reshaped([1]), try fixture["\(name).\(what)"], what)
      let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
      let golden = try parameters.map { try fixture["\(name).\(what).d.\($0.name)"] }
      let scale = golden.reduce(0) { max($0, $1.magnitude().maximum().item) }
      for (i, parameter) in parameters.enumerated() {
        compare(found[i], golden[i], "\(what).d.\(parameter.name)", absolute: 1e-5 * scale)
      }
    }
    let objective = Objective(gamma: try fixture.number("gamma"))
    let (g, d) = (n.generator.store.parameters, n.discriminator.store.parameters)
    func judge(_ images: Tensor, _ labels: Condition?) -> Tensor {
      n.discriminator(images, condition: labels, growth: n.growth, compute)
    }
    let fakes = n.generator.trainingImages(try sample(n), growth: n.growth, updatingAverage: false, compute)
    try check(objective.generatorLoss(fakeScores: judge(fakes, n.fakeLabels)), "g_loss", g)
    let reals = draw("\(name).reals", fakes.shape, 0.5).requiringGradient()
    let loss = objective.discriminatorLoss(
      realScores: judge(reals, n.labels), fakeScores: judge(fakes.withoutGraph, n.fakeLabels))
    try check(loss, "d_loss", d)
    try check(objective.r1Penalty(reals: reals, realScores: judge(reals, n.labels)), "r1", d)
    let ws = n.generator.broadcast(n.generator.map(n.z, condition: n.fakeLabels))
    let images = n.generator.synthesize(ws, noise: .given(n.noise), growth: n.growth, compute)
    let lengths = PathLengthRegularizer(PathLength())(
      ws: ws, activeLayers: n.generator.activeLayers(at: n.growth).count, images: images,
      y: draw("\(name).y", images.shape))
    try check(lengths, "path_length", g)
    compare.report()
  }

  /// bfloat16 keeps 8 bits of a number, so an image may be off by a few hundredths of its range. Scores come from differences
  /// that random weights enlarge.
  @Test(arguments: Compute.Kernels.allCases)
  func bfloat16IsNearFloat32(kernels: Compute.Kernels) throws {
    let (n, compute) = (try network("color"), Compute(precision: .bfloat16, kernels: kernels))
    let images = n.generator.images(n.z, condition: n.fakeLabels, compute)
    #expect(images.dtype == .float32)
    expectClose(images, try fixture["color.image"], relative: 5e-2, "images")
    #expect(relativeError(images, try fixture["color.image"]) > 1e-5, "bfloat16 was not used")
    let reals = draw("color.reals", images.shape, 0.5)
    let scores = withoutGradients { n.discriminator(reals, condition: n.labels, growth: n.growth, compute) }
    #expect(scores.dtype == .float32)
    expectClose(scores, try fixture["color.scores.real"], relative: 1e-1, "scores")
  }

  /// L = 2·log2(r) − 2 layers. Each but the last has a noise input; to-RGB shares its w with the next block's first convolution.
  @Test func layersAreThoseOfThePaper() throws {
    let configuration = StyleGAN2Configuration(resolution: 32, zSize: 4, wSize: 4, fmapBase: 64, fmapMax: 8)
    let generator = StyleGAN2Generator(configuration, seed: 1)
    #expect(generator.layers.count == 8 && configuration.layerCount == 8)
    #expect(generator.layers.map(\.resolution) == [4, 8, 8, 16, 16, 32, 32, 32])
    #expect(generator.layers.map { $0.noise?.size(3) } == [4, 8, 8, 16, 16, 32, 32, nil])
    #expect(generator.layers.allSatisfy { $0.styleWeight?.size(1) == 4 })
    // A w moves the picture exactly from the block on that takes it: 4×4's to-RGB takes the second.
    let ws = RandomStream(seed: 2).normal([1, 8, 4])
    func image(_ ws: Tensor) -> Tensor { generator.synthesize(ws, noise: .none, growth: configuration.grown, .default) }
    let change = RandomStream(seed: 3).normal([1, 1, 4])
    let toRGB = generator.blocks[0].toRGB
    for parameter in generator.store.parameters where !parameter.name.hasPrefix("synthesis.b4.") {
      if parameter.name.contains("to_rgb") && !parameter.name.contains("affine") { parameter.set(parameter.value * 0) }
    }
    #expect(toRGB.convolution.weight.value.magnitude().maximum().item > 0)
    let same = (0..<8).map { layer in
      let all = (0..<8).map { ws.sliced($0..<$0 + 1, along: 1) }
      let moved = Tensor.concatenated(all.indices.map { $0 == layer ? all[$0] + change : all[$0] }, along: 1)
      return relativeError(image(moved), image(ws)) < 1e-6
    }
    #expect(same == [false, false, true, true, true, true, true, true])
  }

  /// Demodulated features do not depend on the size of the style, and start with unit variance.
  @Test func demodulationRemovesTheScale() throws {
    let store = ParameterStore(seed: 4)
    let layer = ModulatedConvolution(store.root, inputs: 32, outputs: 64, wSize: 8, inputGain: 1)
    let (x, w) = (RandomStream(seed: 5).normal([8, 32, 16, 16]), RandomStream(seed: 6).normal([8, 8]))
    let y = withoutGradients { layer(x, w: w) }
    let inside = y.sliced(1..<15, along: 2).sliced(1..<15, along: 3)
    #expect(abs(inside.squared().mean().item - 1) < 0.05)
    // s = A(w) + 1: three times s from a weight of three times and a bias of 2 more.
    for parameter in store.parameters where parameter.name.hasPrefix("affine") {
      parameter.set(parameter.value * 3 + (parameter.name.hasSuffix("bias") ? 2 : 0))
    }
    expectClose(withoutGradients { layer(x, w: w) }, y)
  }

  /// Configuration F at a named width, and what its recipe sets.
  @Test func theRecipeIsThePapers() throws {
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan2" })
    let paper = try recipe.configuration(["width": .text("paper")], resolution: 1024, imageChannels: 3)
    let configuration = try #require(paper as? StyleGAN2Configuration)
    #expect(configuration.blockResolutions.map(configuration.channels) == [512, 512, 512, 512, 512, 256, 128, 64, 32])
    #expect(configuration.resolutions == [1024] && configuration.layerCount == 18)
    let options = TrainingOptions(
      recipe: recipe, data: "", dataset: .init(name: "", fingerprint: "", count: 1), configuration: configuration)
    try options.validate()
    #expect(options.objective == Objective(gamma: 10, penaltyInterval: 16, pathLength: PathLength()))
    #expect(options.schedule.batchSize(at: 1024) == 32 && options.schedule.learningRate(at: 1024) == 0.002)
    #expect(!options.schedule.grows && options.mixingProbability == 0.9 && options.averageHalfLifeKimg == 10)
    #expect(options.adam == TrainingOptions.AdamConstants())
    // 30.37 and 29.01 million are the numbers usually told of G and D at 1024².
    let size = NetworkSize(of: configuration)
    #expect(size.generator / 10_000 == 3037 && size.discriminator / 10_000 == 2901, "\(size)")
  }

  /// Without a mapping network w is the normalized z.
  @Test func withoutAMappingNetworkWIsZ() throws {
    let recipe = try #require(Families.recipes.first { $0.name == "stylegan2" })
    let configuration = try recipe.configuration(
      ["mappingLayers": 0, "zSize": 8, "fmapMax": 4], resolution: 8, imageChannels: 1)
    try configuration.validate()
    let generator = try #require(configuration.makeGenerator(seed: 1, device: .cpu) as? StyleGAN2Generator)
    let z = RandomStream(seed: 1).normal([3, 8])
    expectClose(generator.map(z), pixelNorm(z))
  }

  /// Latents mixed at the file's crossover, with the file's noise.
  private func sample(_ n: Network) throws -> TrainingSample {
    TrainingSample(
      z: n.z, condition: n.fakeLabels, mixing: (n.z2, try fixture.integer("crossover")), noise: n.noise)
  }
}
