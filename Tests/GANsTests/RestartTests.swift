import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// A run that was stopped or killed leaves what an uninterrupted one leaves, byte for byte.
@Suite struct RestartTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func newTrainer(_ options: TrainingOptions, _ parent: String) throws -> Trainer {
    try Trainer(options, dataset: SyntheticDataset(), in: folder.file(parent))
  }

  /// The folder of a run that was trained to its end.
  private func finishedRun(_ options: TrainingOptions, _ parent: String) throws -> RunDirectory {
    let trainer = try newTrainer(options, parent)
    _ = try trainer.train()
    return trainer.directory
  }

  /// Stops: in the stable phase in the middle of a tick; there again, right after the last 8×8 step; in the fade; in
  /// its last step; after it. With R1 in every step and in every third.
  @Test(arguments: [1, 3])
  func aStoppedRunEndsTheSame(lazy: Int) throws {
    let options = smallOptions(lazy: lazy)
    let whole = try trainSmallRun(newTrainer(options, "whole"))
    #expect(whole.snapshots.keys.sorted() == [64, 120, 180, 240])
    #expect(whole.statistics.map { $0["Progress/resolution"] } == [8, 8, 16, 16, 16, 16, 16, 16])
    #expect(whole.statistics.contains { ($0["Progress/alpha"] ?? 1) < 1 })
    #expect(
      whole.files.keys.sorted() == [
        "data.json", "fakes000000.064.png", "fakes000000.120.png", "fakes000000.180.png", "fakes000000.240.png",
        "loss.png", "network-snapshot-000000.064.safetensors", "network-snapshot-000000.120.safetensors",
        "network-snapshot-000000.180.safetensors", "network-snapshot-000000.240.safetensors", "options.json",
        "reals.png", "training-state.safetensors",
      ])
    let stopped = try trainSmallRun(newTrainer(options, "stopped"), stops: [8, 40, 80, 100, 160, 200, 236])
    expectSame(whole, stopped)
  }

  /// A new resolution starts the optimizers anew, with its own learning rate, and so does the end of its fade-in; D's is
  /// corrected where R1 is lazy.
  @Test(arguments: [1, 3])
  func optimizersAreResetWhereTheResolutionDoubles(lazy: Int) throws {
    let trainer = try newTrainer(smallOptions(lazy: lazy), "run")
    _ = try trainer.train(shouldStop: { trainer.imagesShown >= 80 })
    let g = try #require(trainer.networks.generatorOptimizer as? Adam)
    let d = try #require(trainer.networks.discriminatorOptimizer as? Adam)
    #expect(g.stepCount == 10 && g.learningRate == 0.001)
    // Lazy R1 takes steps of its own: in the steps 0, 3, 6 and 9 of the first ten, 30 to 48 of the last twenty.
    #expect(d.stepCount == (lazy == 1 ? 10 : 14))
    _ = try trainer.train()
    #expect(g.stepCount == 20 && g.learningRate == 0.002)
    #expect(d.stepCount == (lazy == 1 ? 20 : 27))
    #expect(abs(d.learningRate - (lazy == 1 ? 0.002 : 0.002 * 0.75)) < 1e-15)
    #expect(abs(d.beta2 - (lazy == 1 ? 0.99 : pow(0.99, 0.75))) < 1e-15)
  }

  /// Where γ is 0 no step is added, whatever the interval: nothing is corrected.
  @Test func lazinessWithoutAPenaltyCorrectsNothing() throws {
    var options = smallOptions(lazy: 16)
    #expect(abs(options.objective.lazyCorrections.discriminator - 16.0 / 17) < 1e-15)
    options.objective.gamma = 0
    let networks = TrainingNetworks(options)
    networks.setLearningRate(0.002)
    let d = try #require(networks.discriminatorOptimizer as? Adam)
    #expect(d.learningRate == 0.002 && d.beta2 == 0.99)
  }

  /// The folder as a killed process leaves it: its state is older than its statistics.
  @Test(arguments: [1, 3])
  func aKilledRunEndsTheSame(lazy: Int) throws {
    var copies: [String] = []
    let whole = try trainSmallRun(newTrainer(smallOptions(lazy: lazy), "whole")) { event, trainer in
      guard case .tick(let report) = event, [1, 3, 5].contains(report.tick) else { return }
      copies.append(folder.file("killed\(report.tick)"))
      try FileManager.default.copyItem(atPath: trainer.directory.path, toPath: copies.last!)
    }
    #expect(copies.count == 3)
    for copy in copies {
      // As if killed while writing a line, too.
      let directory = RunDirectory(path: copy)
      try RunDirectory.append(#"{"Loss/D/loss":1.0"#, to: directory.statistics)
      expectSame(whole, try trainSmallRun(Trainer(resuming: directory.state) { _ in SyntheticDataset() }))
    }
  }

  @Test func theSameSeedGivesTheSameRunAndAnotherAnother() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let first = try trainSmallRun(newTrainer(options, "a"))
    expectSame(first, try trainSmallRun(newTrainer(options, "b")))
    options.seed += 1
    let other = try trainSmallRun(newTrainer(options, "c"))
    #expect(
      other.files["network-snapshot-000000.032.safetensors"] != first.files["network-snapshot-000000.032.safetensors"])
    #expect(other.statistics != first.statistics)
  }

  @Test func aRunGoesFurtherThanPlanned() throws {
    var options = smallOptions()
    options.totalKimg = 0.06
    let short = try finishedRun(options, "short")
    let name = "\(short.path)/network-snapshot-000000.064.safetensors"
    let first = try Data(contentsOf: URL(fileURLWithPath: name))
    let longer = try Trainer(resuming: short.state, with: RunChanges(totalKimg: 0.12)) { _ in SyntheticDataset() }
    #expect(longer.imagesShown == 64 && longer.totalImages == 120)
    let last = "\(longer.directory.path)/network-snapshot-000000.120.safetensors"
    #expect(try longer.train() == .finished(network: last))
    #expect(longer.imagesShown == 120)
    // What was there stays: the new one has a name of its own.
    #expect(try Data(contentsOf: URL(fileURLWithPath: name)) == first)
    #expect(try [name, last].map { try NetworkFile(path: $0).history?.kimg } == [0.064, 0.12])
    #expect(try longer.train() == .finished(network: last))
  }

  @Test func otherDataIsRefused() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let run = try finishedRun(options, "run")
    #expect(throws: TrainingError.dataChanged("synthetic", "1 file changed (synthetic)")) {
      try Trainer(resuming: run.state) { _ in SyntheticDataset(fingerprint: "51 squares") }
    }
  }

  @Test func aNetworkIsNoState() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let run = try finishedRun(options, "run")
    #expect(throws: NetworkFileError.self) {
      try Trainer(resuming: run.networks[0]) { _ in SyntheticDataset() }
    }
  }

  /// From a network whose discriminator's last weights are the largest floats: its first loss is infinite.
  @Test func aDivergedRunKeepsItsLastGoodState() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let network = try SafetensorsFile(path: try finishedRun(options, "good").networks[0])
    var writer = SafetensorsWriter(metadata: network.metadata)
    for name in network.names {
      let value = try network.tensor(name)
      writer.add([(name, name == "D.b4.dense1.weight" ? Tensor(repeating: 3e38, shape: value.shape) : value)])
    }
    let huge = folder.file("huge.safetensors")
    try writer.write(to: huge)
    options.initialNetwork = huge

    func diverge() throws -> RunDirectory {
      let trainer = try newTrainer(options, "bad")
      let before = try Data(contentsOf: URL(fileURLWithPath: trainer.directory.state))
      let error = #expect(throws: TrainingError.self) { try trainer.train() }
      #expect(
        error
          == .diverged(
            kimg: 0.032, state: trainer.directory.state,
            remedies: "a larger \(field: .gamma) or a smaller \(field: .learningRates)"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: trainer.directory.state)) == before)
      return trainer.directory
    }
    let bad = try diverge()
    #expect(bad.networks.isEmpty)
    #expect(try NetworkFile(path: bad.state).generator.store.state.allSatisfy { $0.value.isAllFinite })
    #expect(try Trainer(resuming: bad.state) { _ in SyntheticDataset() }.imagesShown == 0)
  }

  @Test func aRunStartsFromANetwork() throws {
    var options = smallOptions()
    options.totalKimg = 0.06
    let first = try newTrainer(options, "first")
    guard case .finished(let path) = try first.train() else {
      Issue.record("not finished")
      return
    }
    options.seed = 99
    options.initialNetwork = path
    let second = try newTrainer(options, "second")
    let pairs = [
      (first.networks.generator.store, second.networks.generator.store),
      (first.networks.average.store, second.networks.average.store),
      (first.networks.discriminator.store, second.networks.discriminator.store),
    ]
    for (a, b) in pairs {
      for (x, y) in zip(a.state, b.state) { #expect(x.value.bytes == y.value.bytes, "\(x.name)") }
    }
    #expect(
      first.networks.generator.store.state.map(\.value.bytes) != first.networks.average.store.state.map(\.value.bytes))
    #expect(second.imagesShown == 0 && second.networks.generatorOptimizer.stepCount == 0)
    // Another architecture is refused, with the file's name.
    options.stylegan.fmapMax = 4
    let error = #expect(throws: LoadError.self) { try newTrainer(options, "third") }
    #expect(error?.path == path)
  }

  /// A network for another resolution, other channels, or without labels is adapted; what it lacks starts anew.
  @Test func aRunAdaptsANetwork() throws {
    var options = smallOptions()
    options.totalKimg = 0.06
    let first = try newTrainer(options, "first")
    _ = try first.train()
    options.initialNetwork = first.directory.networks[0]
    let same = try newTrainer(options, "same")
    #expect(same.adaptation?.summary == "all \(same.adaptation?.taken ?? 0) tensors taken")

    func trainer(_ name: String, _ dataset: SyntheticDataset, labels: Int = 0) throws -> Trainer {
      var new = options
      new.configuration = try options.configuration.adapted(
        resolution: dataset.resolution, imageChannels: dataset.channels, labelSize: labels)
      new.schedule.finalResolution = dataset.resolution
      return try Trainer(new, dataset: dataset, in: folder.file(name))
    }
    let larger = try trainer("larger", SyntheticDataset(resolution: 32))
    let summary = try #require(larger.adaptation?.summary)
    #expect(summary.hasSuffix("tensors taken; new: D.b32, G.synthesis.b32"), "\(summary)")
    #expect(larger.adaptation?.taken == same.adaptation?.taken)
    // At the old resolution it draws the same.
    let z = RandomStream(seed: 3).normal([4, 8])
    func images(_ trainer: Trainer, _ condition: Condition? = nil) -> [Double] {
      trainer.networks.average.images(
        z, condition: condition, truncation: .none, noise: .none, growth: Growth(resolution: 16), .default
      ).doubles
    }
    #expect(images(larger) == images(same))

    let conditional = try trainer("conditional", SyntheticDataset(labelCount: 3), labels: 3)
    let adaptation = try #require(conditional.adaptation)
    #expect(adaptation.resized == ["G.mapping.dense0.weight"])
    #expect(
      adaptation.new.sorted() == [
        "D.dense1.bias", "D.dense1.weight", "D.embedding.weight", "G.mapping.embedding.weight",
      ]
        || adaptation.new.allSatisfy { $0.contains("dense1") || $0.contains("embedding") })
    // Whatever the class, it maps as before, until it learns to tell them apart.
    func mapped(_ trainer: Trainer, _ condition: Condition? = nil) throws -> [Double] {
      try #require(trainer.networks.average as? StyleGANGenerator).map(z, condition: condition).doubles
    }
    for label in 0..<3 {
      let w = try mapped(conditional, Condition(classes: .init(repeating: label, count: 4), of: 3))
      #expect(try zip(w, mapped(same)).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    _ = try conditional.train()

    let coloured = try trainer("coloured", SyntheticDataset(channels: 3))
    #expect(coloured.adaptation?.new.allSatisfy { $0.contains("rgb") } == true, "\(coloured.adaptation?.summary ?? "")")
    _ = try coloured.train()
  }
}
