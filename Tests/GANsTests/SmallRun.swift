import Datasets
import Foundation
import GANs
import Images
import Testing
import Torch
import _TestSupport

/// Gray squares on noise: a data set that needs no file.
struct SyntheticDataset: ImageDataset {
  var name = "synthetic"
  var count = 50
  var channels = 1
  var resolution = 16
  var labelCount = 0
  var pictureArea: PictureArea?
  var labelNames: [String] { [] }
  var fingerprint = "50 squares"

  func label(at index: Int) -> Int? { labelCount > 0 ? index % labelCount : nil }

  func image(at index: Int) -> [UInt8] {
    (0..<channels * resolution * resolution).map { i in
      let (y, x) = (i / resolution % resolution, i % resolution)
      let inside = abs(y - index % resolution) < 4 && abs(x - index * 7 % resolution) < 4
      return UInt8((inside ? 180 : 20) + (i * 31 + index * 17) % 23)
    }
  }
}

/// A run small enough to be done many times: 8→16 with a fade, 10 steps of 8 images, then 40 of 4.
func smallOptions(lazy: Int = 1) -> TrainingOptions {
  let dataset = SyntheticDataset()
  var options = TrainingOptions(
    recipe: "test", data: "synthetic",
    dataset: .init(name: dataset.name, fingerprint: dataset.fingerprint, count: dataset.count),
    configuration: StyleGANConfiguration(
      resolution: 16, imageChannels: 1, zSize: 8, wSize: 8, mappingLayers: 2, fmapBase: 32, fmapMax: 8))
  options.schedule = Schedule(
    initialResolution: 8, finalResolution: 16, fadeKimg: 0.08, stableKimg: 0.08, batchSizes: [4: 8, 16: 4],
    learningRates: [4: 0.001, 16: 0.002])
  options.objective.penaltyInterval = lazy
  options.totalKimg = 0.24
  options.tickKimg = 0.03
  options.snapshotTicks = 2
  options.averageHalfLifeKimg = 0.1
  options.mirror = true
  options.seed = 5
  return options
}

extension TrainingOptions {
  /// The architecture where it is StyleGAN's.
  var stylegan: StyleGANConfiguration {
    get { configuration as! StyleGANConfiguration }
    set { configuration = newValue }
  }
}

/// What a run leaves behind.
struct RunRecord {
  /// By name, as they are at the end: the networks, the grids, the training state, options.json.
  var files: [String: Data] = [:]
  /// Each snapshot's network and grid, by the images shown.
  var snapshots: [Int: [Data]] = [:]
  /// stats.jsonl without what no two runs share: `Timing/…` and `Resources/…`.
  var statistics: [[String: Double]] = []

  mutating func add(_ event: Trainer.Event, of trainer: Trainer) throws {
    if case .snapshot(let network, let fakes) = event {
      snapshots[trainer.imagesShown] = try [network, fakes].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    }
  }

  mutating func finish(_ directory: RunDirectory) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name != "stats.jsonl" {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)"))
    }
    let lines = try String(contentsOfFile: directory.statistics, encoding: .utf8).split(separator: "\n")
    statistics = try lines.map { line in
      try JSONDecoder().decode([String: Double].self, from: Data(line.utf8)).filter {
        !$0.key.hasPrefix("Timing/") && !$0.key.hasPrefix("Resources/")
      }
    }
  }
}

/// Trains to the end, stopping where `stops` says (images shown) and going on with a fresh trainer each time.
/// - Parameters:
///   - first: makes the first trainer, of which nobody else may keep hold: a trainer holds its folder.
///   - observe: told each event before it is recorded.
func trainSmallRun(
  _ first: @autoclosure () throws -> Trainer, stops: [Int] = [], dataset: any ImageDataset = SyntheticDataset(),
  observe: (Trainer.Event, Trainer) throws -> Void = { _, _ in }
) throws -> RunRecord {
  var record = RunRecord()

  /// Trains until `stop` images are shown, and lets go of the trainer.
  func train(_ trainer: Trainer, until stop: Int) throws -> (Trainer.Outcome, images: Int, RunDirectory) {
    var failure: (any Error)?
    let outcome = try trainer.train(shouldStop: { trainer.imagesShown >= stop }) { event in
      do {
        try observe(event, trainer)
        try record.add(event, of: trainer)
      } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    return (outcome, trainer.imagesShown, trainer.directory)
  }

  var (outcome, images, directory) = try train(try first(), until: stops.first ?? .max)
  for stop in stops.dropFirst() + (stops.isEmpty ? [] : [Int.max]) {
    #expect(outcome == .interrupted, "the run ended before it was to be stopped")
    let resumed = try Trainer(resuming: directory.state) { _ in dataset }
    #expect(resumed.imagesShown == images)
    (outcome, images, directory) = try train(resumed, until: stop)
  }
  #expect(outcome != .interrupted)
  try record.finish(directory)
  return record
}

/// Expects two runs to have left the same bytes.
func expectSame(_ a: RunRecord, _ b: RunRecord, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(a.files.keys.sorted() == b.files.keys.sorted(), sourceLocation: sourceLocation)
  for (name, data) in a.files {
    #expect(b.files[name] == data, "\(name) differs", sourceLocation: sourceLocation)
  }
  for (images, files) in b.snapshots {
    #expect(a.snapshots[images] == files, "the snapshot after \(images) images differs", sourceLocation: sourceLocation)
  }
  #expect(a.statistics == b.statistics, sourceLocation: sourceLocation)
}
