import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// The open training step: what is due when, the one way to D, and how often it waits for the device.
@Suite struct StepTests {
  @Test func phasesFollowTheInterval() {
    #expect((0..<5).map { Phase(every: 1, at: $0) } == [.joint, .joint, .joint, .joint, .joint])
    #expect(
      (0..<5).map { Phase(every: 4, at: $0) } == [.separate(weight: 4), .none, .none, .none, .separate(weight: 4)])
    var objective = Objective(penaltyInterval: 16, pathLength: PathLength())
    #expect(abs(objective.lazyCorrections.discriminator - 16.0 / 17) < 1e-15)
    #expect(abs(objective.lazyCorrections.generator - 4.0 / 5) < 1e-15)
    objective.regularizer = .none
    objective.pathLength?.interval = 1
    #expect(objective.lazyCorrections == (1, 1))
  }

  /// Everything that D sees went through the augmentation: reals and fakes, in D's steps, in G's, and under each penalty.
  @Test(
    arguments: [(Objective.Regularizer.none, 1), (.r1, 1), (.r1, 3), (.gradientPenalty, 1), (.gradientPenalty, 3)],
    [Objective.Loss.nonSaturating, .relativistic])
  func everyImagePassesTheAugmentation(penalty: (Objective.Regularizer, Int), loss: Objective.Loss) throws {
    let (regularizer, interval) = penalty
    var options = smallOptions()
    options.objective = Objective(loss: loss, regularizer: regularizer, penaltyInterval: interval)
    let networks = TrainingNetworks(options)
    let (random, growth) = (SamplingStreams(seed: 1), Growth(resolution: 8))
    let reals = TrainingNetworks.Reals(random.tensors.normal([4, 1, 8, 8]))
    var sample = networks.generator.sample(
      count: 4, condition: nil, growth: growth, mixingProbability: 1, random: random)
    sample.position = random.tensors.uniform([4, 1, 1, 1])
    /// The named values of two steps, with images changed on their way to D.
    func values(_ augmentation: ((Tensor) -> Tensor)?) -> (values: [String: Double], calls: Int) {
      var (values, calls): ([String: Double], Int) = ([:], 0)
      let networks = TrainingNetworks(options)
      networks.augmentation = augmentation.map { change in
        { images in
          calls += 1
          return change(images)
        }
      }
      let record = { (name: String, value: Tensor) in values[name] = value.item }
      networks.updateDiscriminator(
        reals, sample: sample, growth: growth, phase: Phase(every: interval, at: 0), record: record)
      networks.updateGenerator(
        sample: sample, reals: loss == .relativistic ? reals : nil, growth: growth, record: record)
      return (values, calls)
    }
    let plain = values(nil).values
    // The identity changes nothing and sees every batch: two of D's loss, one or two of G's, those of a penalty that
    // looks again.
    let same = values { $0 * 1 }
    #expect(same.values == plain)
    let looksAgain = regularizer == .gradientPenalty || (regularizer == .r1 && interval > 1)
    #expect(same.calls == 3 + (loss == .relativistic ? 1 : 0) + (looksAgain ? 1 : 0))
    // D is blinded: every image scores alike, no image has a gradient.
    let blind = values { $0 * 0 }.values
    #expect(blind["Loss/scores/real"] == blind["Loss/scores/fake"])
    if regularizer == .r1 { #expect(blind["Loss/r1_penalty"] == 0 && plain["Loss/r1_penalty"]! > 0) }
    if regularizer == .gradientPenalty { #expect(abs(blind["Loss/gradient_penalty"]! - 10) < 1e-4) }
  }

  /// A step in which no penalty is due needs no place to take one: this trapped before there were phases.
  @Test func aStepWithoutThePenaltyRuns() throws {
    let options = try shortOptions("wgan-gp")
    let networks = TrainingNetworks(options)
    let (random, growth) = (SamplingStreams(seed: 1), Growth(resolution: 16))
    let sample = networks.generator.sample(
      count: 4, condition: nil, growth: growth, mixingProbability: 0, random: random)
    var names: [String] = []
    networks.updateDiscriminator(
      .init(random.tensors.normal([4, 1, 16, 16])), sample: sample, growth: growth, phase: .none
    ) { name, _ in names.append(name) }
    #expect(names.contains("Loss/D/loss") && !names.contains("Loss/gradient_penalty"))
  }

  /// No step reads from the device: the losses of a tick come in one transfer.
  @Test(arguments: ["stylegan", "stylegan2", "wgan-gp", "pggan", "gan"])
  func aTickWaitsOnceForTheDevice(name: String) throws {
    let folder = try TemporaryFolder()
    var options = try shortOptions(name)
    (options.tickKimg, options.totalKimg, options.snapshotTicks) = (0.04, 0.16, 1000)
    options.batchGridSteps = 0
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
    var (ticks, perTick, before): (Int, [Int], Int) = (0, [], HostReads.count)
    _ = try trainer.train(
      // Before the last tick, whose snapshot reads the weights.
      shouldStop: { trainer.imagesShown >= 140 },
      observe: { event in
        guard case .tick = event else { return }
        ticks += 1
        perTick.append(HostReads.count - before)
        before = HostReads.count
      })
    #expect(ticks == 3 && perTick == [1, 1, 1])
  }

  /// Path lengths enter G's update, joint or on their own, and only there.
  @Test(arguments: [1, 4]) func pathLengthsMoveTheGenerator(interval: Int) throws {
    let folder = try TemporaryFolder()
    func weights(_ pathLength: PathLength?) throws -> (generator: [UInt8], steps: Int) {
      var options = smallOptions()
      options.objective.pathLength = pathLength
      options.totalKimg = 0.016
      let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("\(UUID().uuidString)"))
      _ = try trainer.train()
      return (
        trainer.networks.generator.store.parameters[0].value.bytes, trainer.networks.generatorOptimizer.stepCount
      )
    }
    let (plain, regularized) = (try weights(nil), try weights(PathLength(interval: interval)))
    #expect(plain.generator != regularized.generator)
    #expect(plain.steps == 2 && regularized.steps == (interval == 1 ? 2 : 3))
  }

  /// Without mapping layers w is the normalized z.
  @Test(arguments: ["stylegan", "stylegan2"]) func pathLengthsWithoutMappingLayers(name: String) throws {
    let folder = try TemporaryFolder()
    var options = try shortOptions(name, mappingLayers: 0)
    options.objective.pathLength = PathLength()
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.path)
    _ = try trainer.train()
    #expect(trainer.networks.generatorOptimizer.stepCount > 0)
  }

  @Test func pathLengthsNeedW() throws {
    var options = try shortOptions("dcgan")
    options.objective.pathLength = PathLength()
    let error = #expect(throws: ConfigurationError.self) { try options.validate() }
    #expect(error?.field == .pathLengthWeight)
  }
}
