import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Old networks are removed where the options say so, and only those that the run wrote itself.
@Suite struct SnapshotKeepingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Snapshots after 64, 120, 180 and 240 images.
  private func trainer(_ keeping: SnapshotKeeping?, metrics: [Metric]? = nil) throws -> Trainer {
    var options = smallOptions()
    options.keeping = keeping
    options.measures = metrics.map { MeasureOptions(metrics: $0) }
    return try Trainer(options, dataset: SyntheticDataset(), in: folder.file("runs"))
  }

  private func names(_ paths: [String]) -> [String] {
    paths.map { String($0.split(separator: "-").last!.dropLast(".safetensors".count)) }
  }

  private func names(in directory: RunDirectory) -> [String] { names(directory.networks) }

  /// Two snapshots within a thousand images: the name of the second depends on the first, which is removed.
  @Test func theLastNetworkExists() throws {
    var options = smallOptions()
    options.schedule = .fixed(resolution: 16, batch: 100, learningRate: 0.001)
    (options.totalKimg, options.tickKimg, options.snapshotTicks) = (1.2, 1, 1)
    options.keeping = SnapshotKeeping(newest: 1)
    let trainer = try Trainer(options, dataset: SyntheticDataset(), in: folder.file("runs"))
    guard case .finished(let network) = try trainer.train() else { preconditionFailure("it was stopped") }
    #expect(names([network]) == ["000001.200"] && names(in: trainer.directory) == ["000001.200"])
  }

  @Test func theNewestAreKept() throws {
    let trainer = try trainer(SnapshotKeeping(newest: 2))
    var seen: [[String]] = []
    _ = try trainer.train(observe: { event in
      if case .step = event { seen.append(names(in: trainer.directory)) }
    })
    #expect(names(in: trainer.directory) == ["000000.180", "000000.240"])
    #expect(seen.allSatisfy { $0.count <= 2 })
    // Pictures stay.
    let pictures = try FileManager.default.contentsOfDirectory(atPath: trainer.directory.path)
      .filter { $0.hasPrefix("fakes") }
    #expect(pictures.count == 4)
  }

  @Test func allAreKeptByDefault() throws {
    let trainer = try trainer(nil)
    _ = try trainer.train()
    #expect(names(in: trainer.directory) == ["000000.064", "000000.120", "000000.180", "000000.240"])
  }

  /// Also the best by a metric; of lower and of higher values, measured twice, not finite, and of other runs.
  @Test(arguments: [(Metric.swd, "000000.120"), (.is50k, "000000.064")])
  func theBestIsKept(metric: Metric, best: String) throws {
    let values = ["000000.064": 5.0, "000000.120": 1, "000000.180": 3, "000000.240": 2]
    let trainer = try trainer(SnapshotKeeping(newest: 1, best: metric), metrics: [metric])
    _ = try trainer.train(observe: { event in
      guard case .snapshot(let network, _) = event else { return }
      let name = URL(fileURLWithPath: network).lastPathComponent
      func write(_ value: Double, _ network: String, weights: String = "ema") throws {
        let text =
          #"{"metric":"\#(metric.rawValue)","value":\#(value),"values":{},"samples":{},"seed":0,"seconds":1,"#
          + #""network":"\#(network)","weights":"\#(weights)"}"#
        try RunDirectory.append(text, to: "\(trainer.directory.path)/metric-\(metric.rawValue).jsonl")
      }
      try write(0.5 * values[names([name])[0]]!, name, weights: "raw")
      try write(values[names([name])[0]]! * 10, name)
      try write(values[names([name])[0]]!, name)
      try write(metric == .swd ? 0 : 100, "network-snapshot-000999.safetensors")
    })
    #expect(names(in: trainer.directory) == [best, "000000.240"])
  }

  /// A network of another run, a copy under another name, a link, and what took the name of a network of ours.
  @Test func whatIsNotOursStays() throws {
    var other = smallOptions()
    (other.seed, other.totalKimg) = (77, 0.06)
    let foreign = try Trainer(other, dataset: SyntheticDataset(), in: folder.file("others"))
    _ = try foreign.train()
    let trainer = try trainer(SnapshotKeeping(newest: 1))
    let run = trainer.directory.path
    let target = folder.file("elsewhere.safetensors")
    var count = 0
    _ = try trainer.train(observe: { event in
      guard case .snapshot(let network, _) = event else { return }
      count += 1
      switch count {
      case 1:
        try FileManager.default.copyItem(
          atPath: foreign.directory.networks[0], toPath: "\(run)/network-snapshot-000000.001.safetensors")
        try FileManager.default.copyItem(atPath: network, toPath: "\(run)/best.safetensors")
        // The user moves it to a larger disk.
        try FileManager.default.moveItem(atPath: network, toPath: target)
        try FileManager.default.createSymbolicLink(atPath: network, withDestinationPath: target)
      case 2:
        try FileManager.default.removeItem(atPath: network)
        try FileManager.default.copyItem(atPath: foreign.directory.networks[0], toPath: network)
      default: break
      }
    })
    #expect(names(in: trainer.directory) == ["000000.001", "000000.064", "000000.120", "000000.240"])
    for path in [target, "\(run)/best.safetensors", "\(run)/network-snapshot-000000.120.safetensors"] {
      #expect(throws: Never.self) { try NetworkFile(path: path) }
    }
  }

  /// A process that was killed before it removed, or while it did, leaves it to the next one; the bytes are the same.
  @Test func killedRunsRemoveLater() throws {
    let whole = try trainSmallRun(trainer(SnapshotKeeping(newest: 1)))
    #expect(whole.files.keys.filter { $0.hasPrefix("network") } == ["network-snapshot-000000.240.safetensors"])
    var copy = ""
    _ = try trainSmallRun(trainer(SnapshotKeeping(newest: 1))) { event, trainer in
      guard case .snapshot(let network, _) = event, network.contains("180") else { return }
      copy = folder.file("killed")
      try FileManager.default.copyItem(atPath: trainer.directory.path, toPath: copy)
    }
    let directory = RunDirectory(path: copy)
    #expect(names(in: directory) == ["000000.120", "000000.180"])
    var other = whole
    other.snapshots = [240: whole.snapshots[240]!]
    expectSame(other, try trainSmallRun(Trainer(resuming: directory.state) { _ in SyntheticDataset() }))
  }

  /// A run that keeps all can be told otherwise when it is resumed; the newest stay, the state too.
  @Test func aResumedRunKeepsFewer() throws {
    let directory = try {
      let trainer = try trainer(nil)
      _ = try trainer.train(shouldStop: { trainer.imagesShown >= 200 })
      return trainer.directory
    }()
    #expect(names(in: directory).count == 3)
    var changes = RunChanges()
    changes.keeping = { $0 = SnapshotKeeping(newest: 1) }
    let resumed = try Trainer(resuming: directory.state, with: changes) { _ in SyntheticDataset() }
    #expect(names(in: directory) == ["000000.180"])
    _ = try resumed.train()
    #expect(names(in: directory) == ["000000.240"])
    #expect(try NetworkFile(path: directory.state).history?.kimg == 0.24)
  }

  /// No run fills a disk: the paper's width at 64×64 has a thousand networks of 290 MB.
  @Test func defaultsAreBounded() {
    var options = TrainingOptions(
      recipe: "stylegan", data: "", dataset: .init(name: "", fingerprint: "", count: 1),
      configuration: StyleGANConfiguration(width: .paper, resolution: 64, imageChannels: 3))
    let all = DiskUse(options)
    #expect(all.snapshots == 1000 && all.networks == 1000 && all.total > 200_000_000_000)
    options.keeping = options.usualKeeping
    #expect(DiskUse(options).total < 15_000_000_000)
    #expect(options.keeping!.newest >= 5 && options.keeping!.newest * all.network <= SnapshotKeeping.usualBytes)
    options.totalKimg = 500
    #expect(options.usualKeeping == nil)
  }
}
