import Datasets
import Foundation
import Images
import Testing

@Suite struct LoaderTests {
  /// The numbers and mirrorings of the next samples, in batches of the given sizes.
  private func read(_ loader: BatchLoader, batches: [Int]) throws -> [String] {
    var out: [String] = []
    for size in batches {
      let batch = try loader.next(size)
      #expect(batch.count == size && batch.pixels.count == size * 16)
      for index in 0..<size {
        let found = NumberedDataset.number(of: batch.pixels[(index * 16)..<(index * 16 + 16)])
        #expect(batch.labels[index] == found.image % 3)
        out.append("\(found.image)\(found.mirrored ? "m" : "")")
      }
    }
    return out
  }

  @Test func everyEpochVisitsEveryImageOnce() throws {
    let data = NumberedDataset(count: 301)
    let loader = BatchLoader(data, seed: 5, threads: 2)
    let samples = try read(loader, batches: Array(repeating: 43, count: 28))  // 4 epochs of 301
    var epochs: [[String]] = []
    for epoch in 0..<4 {
      let visited = Array(samples[(epoch * 301)..<((epoch + 1) * 301)])
      #expect(Set(visited) == Set((0..<301).map(String.init)))
      epochs.append(visited)
    }
    #expect(Set(epochs).count == 4, "epochs have different orders")
    #expect(epochs[0] != (0..<301).map(String.init), "the order is random")
    #expect(loader.position == 4 * 301)
  }

  @Test func theSeedFixesTheOrder() throws {
    let data = NumberedDataset(count: 100)
    let first = try read(BatchLoader(data, seed: 5), batches: [200])
    #expect(try read(BatchLoader(data, seed: 5), batches: [200]) == first)
    #expect(try read(BatchLoader(data, seed: 6), batches: [200]) != first)
    // Pinned: a change of the order would break the restart of every run.
    #expect(SampleOrder(seed: 0, count: 8).permutation(epoch: 0) == pinned.0)
    #expect(SampleOrder(seed: 7, count: 8).permutation(epoch: 3) == pinned.1)
    #expect((0..<16).map { SampleOrder(seed: 7, count: 8).isMirrored(sample: $0) ? 1 : 0 } == pinned.2)
  }

  private let pinned: ([Int32], [Int32], [Int]) = (
    [0, 6, 1, 7, 2, 5, 4, 3], [1, 7, 5, 2, 0, 4, 3, 6], [1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0]
  )

  /// Any start, any batch sizes, any threads: the samples of the slow twin, one at a time on the order alone.
  @Test(arguments: [1, 2, 5])
  func restartIsExact(threads: Int) throws {
    let data = NumberedDataset(count: 77)
    let order = SampleOrder(seed: 9, count: 77)
    func expected(_ sample: Int) -> String {
      "\(order.permutation(epoch: sample / 77)[sample % 77])\(order.isMirrored(sample: sample) ? "m" : "")"
    }
    for start in [0, 1, 63, 64, 65, 76, 77, 78, 1000, 123_457] {
      for batches in [[1], [300], [5, 64, 1, 130, 7], Array(repeating: 13, count: 20)] {
        let loader = BatchLoader(data, seed: 9, startingAt: start, mirror: true, threads: threads, queueDepth: 2)
        let found = try read(loader, batches: batches)
        #expect(found == (start..<(start + batches.reduce(0, +))).map(expected))
        #expect(loader.position == start + batches.reduce(0, +))
      }
    }
  }

  @Test func mirroringIsFairAndOffByDefault() throws {
    let order = SampleOrder(seed: 3, count: 10)
    // 4,000 fair coins lie within 2,000 ± 158 (five standard deviations).
    #expect((1842...2158).contains((0..<4000).count { order.isMirrored(sample: $0) }))
    let plain = try read(BatchLoader(NumberedDataset(count: 10), seed: 3), batches: [100])
    #expect(!plain.contains { $0.hasSuffix("m") })
  }

  /// Three channels, so that a flip across rows or channels would show.
  @Test func mirroringFlipsRows() throws {
    struct One: ImageDataset {
      let name = "one"
      let count = 1
      let channels = 3
      let resolution = 4
      let labelCount = 0
      let labelNames: [String] = []
      let fingerprint = "1"
      func label(at index: Int) -> Int? { nil }
      func image(at index: Int) -> [UInt8] { (0..<48).map { UInt8($0) } }
    }
    let batch = try BatchLoader(One(), seed: 1, mirror: true).next(20)
    let straight = One().image(at: 0)
    let flipped = straight.map { $0 / 4 * 4 + 3 - $0 % 4 }
    #expect(batch.labels.isEmpty)
    let order = SampleOrder(seed: 1, count: 1)
    for sample in 0..<20 {
      let pixels = Array(batch.pixels[(sample * 48)..<(sample * 48 + 48)])
      #expect(pixels == (order.isMirrored(sample: sample) ? flipped : straight))
    }
  }

  /// The error comes when its sample is asked for, not before, again and again, and the position stays.
  @Test(arguments: [1, 3])
  func errorsSurfaceAtTheirSample(threads: Int) throws {
    let order = SampleOrder(seed: 2, count: 500)
    let place = 333
    let bad = Int(order.permutation(epoch: 0)[place])
    let loader = BatchLoader(NumberedDataset(count: 500, damaged: bad), seed: 2, threads: threads)
    _ = try loader.next(place)
    for _ in 0..<2 {
      #expect(throws: NumberedDataset.Damage(file: "image \(bad)")) { try loader.next(10) }
      #expect(loader.position == place)
    }
    let after = BatchLoader(NumberedDataset(count: 500, damaged: bad), seed: 2, startingAt: place + 1, threads: threads)
    #expect(try after.next(100).count == 100)
  }

  /// Threads that ask at once get batches that follow each other: no sample twice, none left out.
  @Test func threadsShareALoader() {
    let loader = BatchLoader(NumberedDataset(count: 2000), seed: 4, threads: 2)
    let found = Monitor<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<100 {
        guard let batch = try? loader.next(5) else { continue }
        let images = (0..<5).map { NumberedDataset.number(of: batch.pixels[($0 * 16)..<($0 * 16 + 16)]).image }
        found.withLock { $0 += images }
      }
    }
    #expect(loader.position == 2000)
    #expect(found.withLock { $0.sorted() } == Array(0..<2000))
  }

  /// A loader that goes away stops its threads: nothing is read any more, and the dataset is let go.
  @Test func nothingIsLeftBehind() throws {
    final class Witness: @unchecked Sendable {
      private let lock = NSLock()
      private var reads = 0
      var count: Int { lock.withLock { reads } }
      func note() { lock.withLock { reads += 1 } }
    }
    weak var leaked: Witness?
    do {
      let witness = Witness()
      leaked = witness
      var loader: BatchLoader? = BatchLoader(
        NumberedDataset(count: 10_000, onRead: { _ in witness.note() }), seed: 0, threads: 3, queueDepth: 3)
      _ = try loader!.next(10)
      Thread.sleep(forTimeInterval: 0.05)
      #expect(witness.count <= 64 * 4, "no more is read than the queue holds")
      loader = nil
      let before = witness.count
      Thread.sleep(forTimeInterval: 0.05)
      #expect(witness.count == before)
    }
    #expect(leaked == nil)
    for _ in 0..<50 { _ = BatchLoader(NumberedDataset(count: 10_000), seed: 0, threads: 4) }
  }
}
