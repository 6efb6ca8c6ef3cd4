import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The first 50 batches of the teaching program: G, then D on the same fakes, on garments.
///
/// program.safetensors holds the losses of the program in PyTorch, from the same weights, latents and images, as
/// make_program_fixture.py says. The game amplifies rounding: PyTorch's own runs in float32 and float64 are 4e-4 apart after
/// 50 batches. So the trajectory is followed in float64, and float32 is judged from the weights of each batch.
@Suite struct ProgramTests {
  private let fixture: Fixture
  private let dataset: any ImageDataset
  private let options: TrainingOptions
  private let steps = 50

  init() throws {
    fixture = try Fixture("program")
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/fashion-256-images-idx3-ubyte", withExtension: "gz"))
    dataset = try DatasetSource.open(url.path)
    let recipe = try #require(Families.recipes.first { $0.name == "gan" })
    var options = TrainingOptions(
      recipe: recipe, data: url.path,
      dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
      configuration: try recipe.configuration(resolution: dataset.resolution, imageChannels: dataset.channels))
    options.seed = UInt64(try fixture.integer("seed"))
    // A line of statistics a batch: a tick is a little less.
    (options.tickKimg, options.totalKimg, options.snapshotTicks) = (0.063, 3.2, 1000)
    self.options = options
  }

  /// Linear layers start as PyTorch's do, U(±1/√inputs), by random_sample of RandomState(fnv1a("program." + NAME)).
  private func fill(_ networks: TrainingNetworks) {
    for (name, store) in [("G", networks.generator.store), ("D", networks.discriminator.store)] {
      var inputs = 0
      for parameter in store.parameters where parameter.name.hasPrefix("dense") {
        let shape = parameter.value.shape
        if shape.count == 2 { inputs = shape[1] }
        let bound = 1 / Double(inputs).squareRoot()
        var state = NumPyRandomState(seed: fnv1a("program.\(name).\(parameter.name)"))
        parameter.set(
          Tensor((0..<shape.reduce(1, *)).map { _ in Float((2 * state.uniform() - 1) * bound) }, shape: shape))
      }
    }
  }

  /// One batch of the program: appends to `losses` what it would print.
  private func step(_ networks: TrainingNetworks, _ reals: Tensor, _ z: Tensor, _ losses: inout [String: [Double]]) {
    let growth = Growth(resolution: 28)
    let sample = TrainingSample(z: z)
    let record = { (name: String, value: Tensor) in losses[name, default: []].append(value.item) }
    let fakes = networks.updateGenerator(sample: sample, growth: growth, record: record)
    networks.updateDiscriminator(
      .init(reals), sample: sample, fakes: fakes, growth: growth, phase: .none, record: record)
  }

  private func check(_ losses: [String: [Double]], _ what: String, relative: Double, first: Int? = nil) throws {
    let (compare, count) = (Comparison(what, relative: relative), first ?? steps)
    for (name, golden) in [("Loss/G/loss", "g_loss"), ("Loss/D/loss", "d_loss")] {
      let found = try #require(losses[name])
      try #require(found.count == steps)
      compare(Tensor(found, shape: [steps], dtype: .float64)[0..<count], try fixture[golden][0..<count], name)
    }
    compare.report()
  }

  /// The whole trajectory in float64, and float32 from its weights at each batch: both losses of a batch are of the weights
  /// before it, so that the moments of the optimizers have no part in them.
  @Test func theLossesOfTheTeachingProgram() throws {
    let (exact, single) = (TrainingNetworks(options, type: .float64), TrainingNetworks(options))
    fill(exact)
    let (loader, random) = (BatchLoader(dataset, seed: options.seed), RandomStream(seed: options.seed))
    var (exactLosses, singleLosses): ([String: [Double]], [String: [Double]]) = ([:], [:])
    for _ in 0..<steps {
      // Without the border.
      let reals = try loader.next(64).tensor(channels: 1, resolution: 32).sliced(2..<30, along: 2)
        .sliced(2..<30, along: 3)
      let z = random.normal([64, 100])
      single.generator.store.copy(from: exact.generator.store)
      single.discriminator.store.copy(from: exact.discriminator.store)
      step(single, reals, z, &singleLosses)
      step(exact, reals.to(.float64), z.to(.float64), &exactLosses)
    }
    try check(exactLosses, "teaching program in float64", relative: 1e-9)
    try check(singleLosses, "teaching program, each batch in float32", relative: 1e-6)
  }

  /// `stylegan train --cfg gan` is that program: its order of images, latents and updates, in float32.
  @Test func theTrainerRunsTheProgram() throws {
    let folder = try TemporaryFolder()
    let trainer = try Trainer(options, dataset: dataset, in: folder.path)
    fill(trainer.networks)
    _ = try trainer.train()
    var losses: [String: [Double]] = [:]
    for line in try String(contentsOfFile: trainer.directory.statistics, encoding: .utf8).split(separator: "\n") {
      for (name, value) in try JSONDecoder().decode([String: Double].self, from: Data(line.utf8)) {
        losses[name, default: []].append(value)
      }
    }
    try check(losses, "trainer, first 15 batches", relative: 1e-6, first: 15)
    try check(losses, "trainer", relative: 2e-3)
  }
}
