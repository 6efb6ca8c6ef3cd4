import Datasets
import Foundation
import GANs
import Testing
import Torch
import _TestSupport

/// Counts how often each image is read.
private final class CountingDataset: ImageDataset, @unchecked Sendable {
  private let base = SyntheticDataset()
  private let lock = NSLock()
  private var counts: [Int: Int] = [:]
  var name: String { base.name }
  var count: Int { base.count }
  var channels: Int { 1 }
  var resolution: Int { 16 }
  var labelCount: Int { 0 }
  var labelNames: [String] { [] }
  var fingerprint: String { base.fingerprint }
  func label(at index: Int) -> Int? { nil }
  func image(at index: Int) -> [UInt8] {
    lock.withLock { counts[index, default: 0] += 1 }
    return base.image(at: index)
  }
  var reads: [Int: Int] { lock.withLock { counts } }
}

/// Held-out images, the signs of overfitting and of collapse, and the warnings.
@Suite struct OverfittingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func trainer(_ share: Double?, _ name: String, dataset: any ImageDataset = SyntheticDataset()) throws
    -> Trainer
  {
    var options = smallOptions()
    options.validation = share
    return try Trainer(options, dataset: dataset, in: folder.file(name))
  }

  /// Two disjoint parts with every image once, by the seed alone.
  @Test func aSplitIsAPartition() throws {
    let split = try #require(ValidationSplit(SyntheticDataset(), share: 0.2, seed: 3))
    #expect(split.held.count == 10 && split.training.count == 40)
    #expect((split.held.indices + split.training.indices).sorted() == Array(0..<50))
    #expect(Set(split.heldOrder) == Set(split.held.indices) && split.trainingOrder.count == 10)
    #expect(Set(split.trainingOrder).isSubset(of: split.training.indices))
    #expect(try #require(ValidationSplit(SyntheticDataset(), share: 0.2, seed: 3)).held.indices == split.held.indices)
    #expect(try #require(ValidationSplit(SyntheticDataset(), share: 0.2, seed: 4)).held.indices != split.held.indices)
    #expect(try split.held.image(at: 0) == SyntheticDataset().image(at: split.held.indices[0]))
    #expect(try #require(ValidationSplit(SyntheticDataset(count: 2), share: 0.01, seed: 1)).held.count == 1)
    #expect(ValidationSplit(SyntheticDataset(count: 1), share: 0.5, seed: 1) == nil)
  }

  /// The held-out images are read once a tick, to be scored, and for nothing else; the folder has their numbers.
  @Test func heldOutImagesAreNeverTrainedOn() throws {
    let dataset = CountingDataset()
    let trainer = try trainer(0.2, "run", dataset: dataset)
    struct Record: Decodable { let heldOut: [Int] }
    let record = try JSONDecoder().decode(
      Record.self, from: Data(contentsOf: URL(fileURLWithPath: trainer.directory.validationRecord)))
    #expect(record.heldOut.count == 10)
    _ = try trainer.train()
    let reads = dataset.reads
    #expect(record.heldOut.allSatisfy { reads[$0] == 8 }, "8 ticks")
    #expect((0..<50).filter { !record.heldOut.contains($0) }.allSatisfy { reads[$0] ?? 0 > 8 || reads[$0] == nil })
    #expect(reads.filter { !record.heldOut.contains($0.key) }.values.reduce(0, +) >= 240)
  }

  /// The values are those of the formulas, and measuring them changes nothing of the training: fakes and weights are those of a
  /// training on the other images alone.
  @Test func measuringChangesNothing() throws {
    let trainer = try trainer(0.2, "run")
    let split = try #require(ValidationSplit(SyntheticDataset(), share: 0.2, seed: trainer.options.seed))
    var lines: [[String: Double]] = []
    _ = try trainer.train(observe: { event in
      guard case .tick(let report) = event else { return }
      lines.append(report.statistics)
      func mean(_ items: [Int]) -> Double {
        // In minibatches, because D compares the images of one.
        let batch = trainer.options.schedule.batchSize(at: report.growth.resolution)
        let scores = stride(from: 0, to: items.count, by: batch).flatMap { start -> [Double] in
          let part = items[start..<min(start + batch, items.count)]
          let pixels = part.flatMap { SyntheticDataset().image(at: $0) }
          let images = ImageBatch(pixels: pixels, labels: [], count: part.count).tensor(channels: 1, resolution: 16)
          return withoutGradients {
            trainer.networks.discriminator(
              report.growth.prepared(images), condition: nil, growth: report.growth, .default
            ).doubles
          }
        }
        return scores.reduce(0, +) / Double(scores.count)
      }
      let (train, held) = (mean(split.trainingOrder), mean(split.heldOrder))
      let line = report.statistics
      #expect(abs(line["Loss/scores/train"]! - train) < 1e-5 && abs(line["Loss/scores/validation"]! - held) < 1e-5)
      #expect(line["Overfitting/r_t"] == line["Loss/signs/real"])
      if let r = line["Overfitting/r_v"] {
        #expect(abs(r - (train - held) / (train - line["Loss/scores/fake"]!)) < 1e-4 * max(1, abs(r)))
        #expect(line["Overfitting/r_v_error"]! > 0)
      }
    })
    #expect(lines.count == 8 && lines.contains { $0["Overfitting/r_v"] != nil })

    var options = smallOptions()
    options.totalKimg = trainer.options.totalKimg
    let other = try Trainer(options, dataset: split.training, in: folder.file("alone"))
    _ = try other.train()
    for (a, b) in zip(trainer.networks.generator.store.state, other.networks.generator.store.state) {
      #expect(a.value.bytes == b.value.bytes, "\(a.name)")
    }
  }

  /// Normalization over the minibatch keeps its running means.
  @Test func normalizationIsNotMoved() throws {
    func weights(_ share: Double?, _ dataset: any ImageDataset) throws -> [[UInt8]] {
      var options = TrainingOptions(
        recipe: "test", data: "x", dataset: .init(name: "x", fingerprint: dataset.fingerprint, count: dataset.count),
        configuration: DCGANConfiguration(resolution: 16, imageChannels: 1, zSize: 8, features: 4))
      options.schedule = .fixed(resolution: 16, batch: 8, learningRate: 0.001)
      options.objective.regularizer = .none
      (options.mixingProbability, options.totalKimg, options.tickKimg) = (0, 0.1, 0.02)
      options.validation = share
      let trainer = try Trainer(options, dataset: dataset, in: folder.file("dcgan"))
      _ = try trainer.train()
      return trainer.networks.discriminator.store.state.map(\.value.bytes)
    }
    let split = try #require(ValidationSplit(SyntheticDataset(), share: 0.2, seed: 0))
    #expect(try weights(0.2, SyntheticDataset()) == weights(nil, split.training))
  }

  @Test func impossibleSharesAreRefused() throws {
    for share in [0, -1, 0.6, .nan] {
      let error = #expect(throws: ConfigurationError.self) { try trainer(share, "none") }
      #expect(error?.field == .validation)
    }
    let error = #expect(throws: ConfigurationError.self) {
      try trainer(0.5, "one", dataset: SyntheticDataset(count: 1))
    }
    #expect(error?.field == .validation)
  }

  /// The distance to the nearest other image: 0 for copies, and for independent noise √2 at many values.
  @Test func diversityIsTheNearestDistance() throws {
    let noise = RandomStream(seed: 1).normal([8, 3, 32, 32])
    #expect(abs(try #require(noise.nearestDistance).item - 2.0.squareRoot()) < 0.05)
    let copies = Tensor.concatenated([noise[0..<4], noise[0..<4]], along: 0)
    #expect(try #require(copies.nearestDistance).item < 1e-2)
    let spread = copies.variance(over: [0]).mean().item
    #expect(spread > 0.5, "the variance of two copies each is large all the same: \(spread)")
    #expect(noise[0..<1].nearestDistance == nil)
    // By definition.
    let few = RandomStream(seed: 2).normal([5, 1, 4, 4])
    let rows = (0..<5).map { few[$0..<$0 + 1].doubles }
    let nearest = rows.indices.map { i in
      rows.indices.filter { $0 != i }.map { j in
        zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }.min()!.squareRoot()
    }
    #expect(abs(try #require(few.nearestDistance).item - nearest.reduce(0, +) / 5 / 4) < 1e-5)
  }
}
