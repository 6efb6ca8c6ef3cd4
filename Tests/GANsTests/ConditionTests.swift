import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// The squares of ``SyntheticDataset`` in three classes: dark, middle, bright.
struct LabeledDataset: ImageDataset {
  private let squares = SyntheticDataset()
  var name: String { "labeled" }
  var count: Int { squares.count }
  var channels: Int { 1 }
  var resolution: Int { 16 }
  var labelCount: Int { 3 }
  var labelNames: [String] { ["dark", "middle", "bright"] }
  var fingerprint: String { "50 squares in three classes" }
  func label(at index: Int) -> Int? { index % 3 }
  func image(at index: Int) -> [UInt8] { squares.image(at: index).map { $0 / 3 * UInt8(1 + index % 3) } }
}

/// Labels from the data to the picture.
@Suite struct ConditionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func options() -> TrainingOptions {
    let dataset = LabeledDataset()
    var options = smallOptions(lazy: 3)
    options.configuration.labelSize = 3
    options.dataset = .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count)
    return options
  }

  /// Networks, losses, R1 and path lengths with all their gradients against conditional.safetensors.
  @Test(arguments: Compute.Kernels.allCases) func conditionalNetworks(kernels: Compute.Kernels) throws {
    let compute = Compute(kernels: kernels)
    let fixture = try Fixture("conditional")
    var configuration = try fixture.configuration
    configuration.labelSize = try fixture.integer("labels")
    let generator = StyleGANGenerator(configuration, seed: 0)
    let discriminator = StyleGANDiscriminator(configuration, seed: 0)
    try fixture.file.load(into: generator.store.state, prefix: "G.")
    try fixture.file.load(into: discriminator.store.state, prefix: "D.")
    let (z, labels) = (try fixture["in.z"], Condition(try fixture["in.labels"]))
    let objective = Objective(gamma: try fixture.number("gamma"))
    let compare = Comparison("conditional, \(kernels)")
    for (name, growth) in try fixture.growths {
      func check(_ loss: Tensor, _ what: String, _ parameters: [Parameter]) throws {
        compare(loss, try fixture["out.\(name).\(what)"], "\(name).\(what)")
        let found = gradients(of: loss, withRespectTo: parameters.map(\.value))
        let expected = try parameters.map { try fixture["out.\(name).\(what).d.\($0.name)"] }
        // As in the other golden tests: on the scale of the largest gradient of the loss. Path lengths are a second
        // derivative through instance norms; PyTorch in float32 is 1.1e-5 of a tensor away.
        let scale = expected.reduce(0) { max($0, $1.magnitude().maximum().item) }
        for ((parameter, gradient), golden) in zip(zip(parameters, found), expected) {
          compare(gradient, golden, "\(name).\(what).d.\(parameter.name)", absolute: 1e-5 * scale)
        }
      }
      let w = generator.map(z, condition: labels)
      compare(w, try fixture["out.\(name).w"], "\(name).w")
      let ws = generator.broadcast(w)
      let fakes = generator.synthesize(ws, noise: .constant, growth: growth, compute)
      compare(fakes, try fixture["out.\(name).fakes"], "\(name).fakes")
      func scores(_ images: Tensor) -> Tensor { discriminator(images, condition: labels, growth: growth, compute) }
      let fakeScores = scores(fakes)
      compare(fakeScores, try fixture["out.\(name).fake_scores"], "\(name).fake_scores")
      try check(objective.generatorLoss(fakeScores: fakeScores), "g_loss", generator.store.parameters)
      let reals = growth.prepared(try fixture["in.reals\(growth.resolution)"]).requiringGradient()
      let realScores = scores(reals)
      compare(realScores, try fixture["out.\(name).real_scores"], "\(name).real_scores")
      try check(
        objective.discriminatorLoss(realScores: realScores, fakeScores: scores(fakes.withoutGraph)), "d_loss",
        discriminator.store.parameters)
      try check(
        objective.r1Penalty(reals: reals, realScores: scores(reals)), "r1", discriminator.store.parameters)

      let regularizer = PathLengthRegularizer(
        PathLength(weight: try fixture.number("weight"), decay: try fixture.number("decay")))
      regularizer.state[0].value.overwrite(with: try fixture["in.mean"])
      // Made again: taking G's gradients has freed the graph.
      let again = generator.broadcast(generator.map(z, condition: labels))
      let lengths = regularizer(
        ws: again, activeLayers: generator.activeLayers(at: growth).count,
        images: generator.synthesize(again, noise: .constant, growth: growth, compute),
        y: try fixture["in.y\(growth.resolution)"])
      try check(lengths, "path_lengths", generator.store.parameters)
      compare(
        regularizer.state[0].value, try fixture["out.\(name).path_lengths_mean"], "\(name).path_lengths_mean")
    }
    compare.report()
  }

  /// A stopped run ends with the same bytes, with labels and path lengths, in a fade too.
  @Test func aStoppedRunEndsTheSame() throws {
    var options = options()
    options.objective.pathLength = PathLength(interval: 2)
    func trainer(_ parent: String) throws -> Trainer {
      try Trainer(options, dataset: LabeledDataset(), in: folder.file(parent))
    }
    let whole = try trainSmallRun(trainer("whole"))
    let stopped = try trainSmallRun(trainer("stopped"), stops: [8, 100, 140], dataset: LabeledDataset())
    expectSame(whole, stopped)
    #expect(whole.statistics.allSatisfy { $0["Loss/pl_penalty"] != nil && $0["Loss/pl_mean"] ?? 0 > 0 })
  }

  /// The file has the classes' names; every class draws its own picture; metrics ask for labels of the data.
  @Test func labelsReachThePicture() throws {
    var options = options()
    options.totalKimg = 0.04
    let trainer = try Trainer(options, dataset: LabeledDataset(), in: folder.file("run"))
    _ = try trainer.train()
    let network = try NetworkFile(path: trainer.directory.networks[0])
    #expect(network.labelNames == ["dark", "middle", "bright"] && network.configuration.labelSize == 3)
    let pictures = (0..<3).map { label in
      Renderer(network, condition: Condition(classes: [label], of: 3)).images(seeds: [1, 2]).map(\.pixels)
    }
    #expect(Set(pictures.flatMap { $0 }).count == 6)
    let labels = try #require(LabelDistribution(for: network.configuration, data: LabeledDataset()))
    let subject = MetricSubject(network.generator, growth: network.growth, seed: 1, labels: labels)
    let images = try subject.images(0..<4)
    #expect(images.shape == [4, 1, 8, 8] && images[0].bytes != images[1].bytes)
    let lengths = try PerceptualPathLength(space: .w, sampling: .end, samples: 8).distances(
      try #require(subject.generator), perceptual: { $0.reshaped([$0.size(0), -1]) })
    #expect(lengths.count == 8 && lengths.allSatisfy { $0.isFinite && $0 > 0 })
  }

  @Test func labelsThatDoNotFitAreRefused() throws {
    var options = options()
    options.configuration.labelSize = 4
    let error = #expect(throws: ConfigurationError.self) {
      try Trainer(options, dataset: LabeledDataset(), in: folder.file("none"))
    }
    #expect(error?.description == "the network takes 4 classes, but the data has 3")
    options.configuration = StyleGANConfiguration(resolution: 16, zSize: 8, wSize: 8, mappingLayers: 0)
    options.configuration.labelSize = 3
    #expect(throws: ConfigurationError.self) { try options.configuration.validate() }
  }
}
