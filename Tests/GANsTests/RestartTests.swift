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

  /// Stops: in the stable phase in the middle of a tick; there again, right after the last 8×8 step; in the fade; in
  /// its last step; after it. With R1 in every step and in every third.
  @Test(arguments: [1, 3])
  func aStoppedRunEndsTheSame(lazy: Int) throws {
    let options = smallOptions(lazy: lazy)
    let whole = try trainSmallRun(try newTrainer(options, "whole"))
    #expect(whole.snapshots.keys.sorted() == [64, 120, 180, 240])
    #expect(whole.statistics.map { $0["Progress/resolution"] } == [8, 8, 16, 16, 16, 16, 16, 16])
    #expect(whole.statistics.contains { ($0["Progress/alpha"] ?? 1) < 1 })
    #expect(
      whole.files.keys.sorted() == [
        "fakes000000.png", "network-snapshot-000000.safetensors", "options.json", "reals.png",
        "training-state.safetensors",
      ])
    let stopped = try trainSmallRun(try newTrainer(options, "stopped"), stops: [8, 40, 80, 100, 160, 200, 236])
    expectSame(whole, stopped)
  }

  /// The folder as a killed process leaves it: its state is older than its statistics.
  @Test(arguments: [1, 3])
  func aKilledRunEndsTheSame(lazy: Int) throws {
    let trainer = try newTrainer(smallOptions(lazy: lazy), "whole")
    var copies: [String] = []
    let whole = try trainSmallRun(trainer) { event, trainer in
      guard case .tick(let report) = event, [1, 3, 5].contains(report.tick) else { return }
      copies.append(folder.file("killed\(report.tick)"))
      try FileManager.default.copyItem(atPath: trainer.directory.path, toPath: copies.last!)
    }
    #expect(copies.count == 3)
    for copy in copies {
      // As if killed while writing a line, too.
      let directory = RunDirectory(path: copy)
      try RunDirectory.append(#"{"Loss/D/loss":1.0"#, to: directory.statistics)
      let resumed = try Trainer(resuming: directory.state) { _ in SyntheticDataset() }
      #expect(resumed.imagesShown < 180)
      expectSame(whole, try trainSmallRun(resumed))
    }
  }

  @Test func theSameSeedGivesTheSameRunAndAnotherAnother() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let first = try trainSmallRun(try newTrainer(options, "a"))
    expectSame(first, try trainSmallRun(try newTrainer(options, "b")))
    options.seed += 1
    let other = try trainSmallRun(try newTrainer(options, "c"))
    #expect(other.files["network-snapshot-000000.safetensors"] != first.files["network-snapshot-000000.safetensors"])
    #expect(other.statistics != first.statistics)
  }

  @Test func aRunGoesFurtherThanPlanned() throws {
    var options = smallOptions()
    options.totalKimg = 0.06
    let trainer = try newTrainer(options, "short")
    _ = try trainSmallRun(trainer)
    let longer = try Trainer(resuming: trainer.directory.state, totalKimg: 0.12) { _ in SyntheticDataset() }
    #expect(longer.imagesShown == 64 && longer.totalImages == 120)
    #expect(try longer.train() == .finished(network: longer.directory.network(kimg: 0)))
    #expect(longer.imagesShown == 120)
  }

  @Test func otherDataIsRefused() throws {
    let trainer = try newTrainer(smallOptions(), "run")
    #expect(throws: TrainingError.dataChanged("synthetic")) {
      try Trainer(resuming: trainer.directory.state) { _ in SyntheticDataset(fingerprint: "51 squares") }
    }
  }

  @Test func aNetworkIsNoState() throws {
    var options = smallOptions()
    options.totalKimg = 0.03
    let trainer = try newTrainer(options, "run")
    _ = try trainer.train()
    #expect(throws: NetworkFileError.self) {
      try Trainer(resuming: trainer.directory.network(kimg: 0)) { _ in SyntheticDataset() }
    }
  }

  /// A learning rate that makes weights infinite in its first step.
  @Test func aDivergedRunKeepsItsLastGoodState() throws {
    var options = smallOptions()
    options.totalKimg = 0.06
    let good = try newTrainer(options, "run")
    _ = try good.train()
    let state = try Data(contentsOf: URL(fileURLWithPath: good.directory.state))
    // Latents are drawn anew; Adam's step is the learning rate, whatever the gradient is.
    options.schedule.learningRates = [4: 1e38]
    let trainer = try newTrainer(options, "bad")
    let before = try Data(contentsOf: URL(fileURLWithPath: trainer.directory.state))
    let error = #expect(throws: TrainingError.self) { try trainer.train() }
    guard case .diverged(_, let path)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == trainer.directory.state)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(before != state)
    let kept = try NetworkFile(path: path)
    #expect(kept.generator.store.state.allSatisfy { $0.value.isAllFinite })
    #expect(!FileManager.default.fileExists(atPath: trainer.directory.network(kimg: 0)))
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
    options.configuration.fmapMax = 4
    let error = #expect(throws: LoadError.self) { try newTrainer(options, "third") }
    #expect(error?.path == path)
  }
}
